using SeLoRA.Engine;

namespace SeLoRA.WeightsConvert;

/// <summary>What a file seems to be, judged by its keys and shapes.</summary>
/// <param name="Name">One line.</param>
/// <param name="Facts">Label and text of what follows from the keys.</param>
internal sealed record WeightsKind(string Name, IReadOnlyList<(string Label, string Text)> Facts)
{
    /// <summary>Tries the known kinds, most specific first.</summary>
    public static WeightsKind Identify(ITensorSource source) =>
        AdapterKind.Identify(source)
        ?? SingleFileKind.Identify(source)
        ?? DiffusersKind.Identify(source)
        ?? new WeightsKind("not recognised: its keys are none of the known models' or adapters'", []);
}
