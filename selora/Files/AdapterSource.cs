using System.Globalization;
using SeLoRA.Engine;

namespace SeLoRA.Adapters;

/// <summary>An adapter to use and how much of it.</summary>
/// <param name="Path">File or folder.</param>
/// <param name="Weight">Factor of its update; 1 is as trained, a negative one takes it away.</param>
public sealed record AdapterSource(string Path, float Weight = 1)
{
    /// <summary>Reads <c>FILE</c> or <c>FILE:WEIGHT</c>. A path that exists is taken as it is; drive letters are no weights.</summary>
    /// <exception cref="EngineException">The weight is not finite.</exception>
    public static AdapterSource Parse(string text)
    {
        int colon = text.LastIndexOf(':');
        if (colon <= 0 || File.Exists(text) || Directory.Exists(text)) return new AdapterSource(text);
        if (!float.TryParse(text[(colon + 1)..], NumberStyles.Float, CultureInfo.InvariantCulture, out float weight)) return new AdapterSource(text);
        return float.IsFinite(weight) ? new AdapterSource(text[..colon], weight) : throw new EngineException($"{text}: a finite weight is needed");
    }
}
