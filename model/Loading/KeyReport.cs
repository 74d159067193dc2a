using SeLoRA.Engine;

namespace SeLoRA.Model;

/// <summary>How the tensors of a file fit the parameters of a model, by name.</summary>
/// <param name="Missing">Parameters that the file lacks.</param>
/// <param name="Unexpected">The file's tensors that the model has no place for.</param>
/// <param name="Misshapen">Tensors of another shape than the parameter, with both shapes.</param>
public sealed record KeyReport(IReadOnlyList<string> Missing, IReadOnlyList<string> Unexpected, IReadOnlyList<string> Misshapen)
{
    /// <summary>Every parameter has its tensor and nothing is left over.</summary>
    public bool Fits => Missing.Count + Unexpected.Count + Misshapen.Count == 0;

    /// <summary>Does nothing where everything fits.</summary>
    /// <param name="source">The file, with which the message begins.</param>
    /// <param name="model">The model's name.</param>
    /// <exception cref="EngineException">One line that lists every key that does not fit.</exception>
    public void ThrowUnlessFits(string source, string model)
    {
        if (Fits) return;
        var parts = new List<string>();
        foreach ((string kind, IReadOnlyList<string> keys) in
            ((string, IReadOnlyList<string>)[])[("missing", Missing), ("unexpected", Unexpected), ("misshapen", Misshapen)])
        {
            if (keys.Count > 0) parts.Add($"{keys.Count} {kind}: {string.Join(", ", keys)}");
        }
        throw new EngineException($"{source}: does not fit {model}: {string.Join("; ", parts)}");
    }
}
