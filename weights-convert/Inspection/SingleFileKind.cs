using SeLoRA.Engine;

namespace SeLoRA.WeightsConvert;

/// <summary>Single-file checkpoints in the keys of the original latent-diffusion code (LDM), as A1111 and ComfyUI use them.</summary>
internal static class SingleFileKind
{
    // Where the parts lie, and how many parameters SD-1.5 has there. EMA copies drop the dots of their keys.
    private static readonly (string Prefix, string Label, long Sd15)[] Parts =
    [
        ("model.diffusion_model.", "U-Net", 859_520_964),
        ("first_stage_model.", "VAE", 83_653_863),
        ("cond_stage_model.", "text encoder", 123_060_480),
        ("conditioner.", "SDXL text", 0),
        ("model_ema.", "EMA copy", 0),
    ];

    public static WeightsKind? Identify(ITensorSource source)
    {
        if (!source.Names.Any(n => n.StartsWith("model.diffusion_model.", StringComparison.Ordinal))) return null;
        var facts = new List<(string, string)> { ("model", Version(source)) };
        foreach ((string prefix, string label, long sd15) in Parts)
        {
            SafetensorsEntry[] part = [.. source.Tensors.Values.Where(t => t.Name.StartsWith(prefix, StringComparison.Ordinal)
                && t.DType is not (SafetensorsDType.I64 or SafetensorsDType.I32))];
            if (part.Length == 0) continue;
            long count = part.Sum(t => t.ElementCount);
            string same = sd15 == 0 ? "" : count == sd15 ? ", as many as SD-1.5's" : $", SD-1.5's has {sd15:N0}";
            facts.Add((label, $"{part.Length:N0} tensors, {count:N0} parameters{same}"));
        }
        string[] others = [.. source.Names.Where(n => !Array.Exists(Parts, p => n.StartsWith(p.Prefix, StringComparison.Ordinal)))];
        if (others.Length > 0) facts.Add(("others", $"{others.Length} tensors: {Text.List(others, 4)}"));
        return new WeightsKind("single-file checkpoint in LDM keys", facts);
    }

    private static string Version(ITensorSource source)
    {
        SafetensorsEntry? key = source.Tensors.Values.FirstOrDefault(t =>
            t.Name.StartsWith("model.diffusion_model.", StringComparison.Ordinal)
            && t.Name.EndsWith("attn2.to_k.weight", StringComparison.Ordinal) && t.Shape.Length == 2);
        if (key is null) return "unknown: no cross-attention";
        bool inpainting = source.Tensors.TryGetValue("model.diffusion_model.input_blocks.0.0.weight", out SafetensorsEntry? input)
            && input.Shape is [_, 9, ..];
        return $"text width {DiffusersKind.TextWidth(key.Shape[1])}" + (inpainting ? "; 9 input channels: an inpainting model" : "");
    }
}
