using SeLoRA.Engine;
using SeLoRA.Model;

namespace SeLoRA.WeightsConvert;

/// <summary>Looks the modules of an adapter up in SD-1.5.</summary>
internal static class AdapterModules
{
    private static readonly Lazy<HashSet<string>> Known = new(Sd15);

    private static readonly string[] TextPrefixes = ["lora_te_", "text_encoder."];

    /// <summary>How many modules there are, in which part, and whether SD-1.5 has them.</summary>
    public static string Describe(IReadOnlyCollection<string> paths)
    {
        HashSet<string> known = Known.Value;
        string[] unknown = [.. paths.Where(p => !known.Contains(Flat(p)))];
        int text = paths.Except(unknown).Count(p => Array.Exists(TextPrefixes, t => p.StartsWith(t, StringComparison.Ordinal))
            || p.Contains("text_model.", StringComparison.Ordinal));
        string verdict = unknown.Length == 0
            ? "all are modules of SD-1.5"
            : $"{unknown.Length} are no modules of SD-1.5: {Text.List(unknown, 3)}";
        return $"{paths.Count:N0}: {paths.Count - unknown.Length - text} U-Net, {text} text encoder; {verdict}";
    }

    // Underscores are ambiguous in kohya keys, so nothing is parsed: all forms are compared with their dots replaced.
    private static string Flat(string path)
    {
        foreach (string prefix in (ReadOnlySpan<string>)["base_model.model.", "lora_unet_", "lora_te_", "unet.", "text_encoder."])
            if (path.StartsWith(prefix, StringComparison.Ordinal)) path = path[prefix.Length..];
        // Diffusers of 2023 put the attention processor between attention and projection, and shortened to_out.0.
        path = path.Replace(".processor.", ".", StringComparison.Ordinal);
        if (path.EndsWith(".to_out", StringComparison.Ordinal)) path += ".0";
        return path.Replace('.', '_');
    }

    private static HashSet<string> Sd15()
    {
        IEnumerable<(string Name, Parameter Parameter)> all = new UNet2DConditionModel(new UNetConfig()).NamedParameters()
            .Concat(new ClipTextModel(new ClipTextConfig()).NamedParameters());
        const string weight = ".weight";
        return [.. all.Where(p => p.Parameter.FileShape.Rank >= 2 && p.Name.EndsWith(weight, StringComparison.Ordinal))
            .Select(p => p.Name[..^weight.Length].Replace('.', '_'))];
    }
}
