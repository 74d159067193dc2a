using SeLoRA.Engine;
using SeLoRA.Model;

namespace SeLoRA.WeightsConvert;

/// <summary>Parts of a diffusers folder: U-Net, VAE, text encoder, held against SD-1.5's own keys and shapes.</summary>
internal static class DiffusersKind
{
    public static WeightsKind? Identify(ITensorSource source)
    {
        bool Has(string key) => source.Tensors.ContainsKey(key);
        if (Has("conv_in.weight") && Has("time_embedding.linear_1.weight"))
            return Describe(source, "U-Net in diffusers keys", new UNet2DConditionModel(new UNetConfig()), UNetFacts(source));
        if (Has("encoder.conv_in.weight") && Has("decoder.conv_in.weight"))
            return Describe(source, "VAE in diffusers keys", new AutoencoderKL(new VaeConfig()), VaeFacts(source));
        if (Has("text_model.embeddings.token_embedding.weight"))
        {
            string name = Has("vision_model.embeddings.class_embedding") ? "CLIP, text and vision" : "CLIP text encoder";
            return Describe(source, $"{name} in transformers keys", new ClipTextModel(new ClipTextConfig()), TextFacts(source));
        }
        if (Has("vision_model.embeddings.class_embedding")) return new WeightsKind("CLIP vision encoder in transformers keys", []);
        return Has("Conv2d_1a_3x3.conv.weight") ? new WeightsKind("Inception v3 in torchvision keys", []) : null;
    }

    private static WeightsKind Describe(ITensorSource source, string name, Module expected, List<(string, string)> facts)
    {
        var missing = new List<string>();
        var misshapen = new List<string>();
        var extra = new HashSet<string>(source.Names.Where(n => !n.EndsWith("position_ids", StringComparison.Ordinal)));
        int count = 0;
        foreach ((string key, Parameter parameter) in expected.NamedParameters())
        {
            count++;
            string? found = Names(key).FirstOrDefault(source.Tensors.ContainsKey);
            if (found is null)
            {
                missing.Add(key);
                continue;
            }
            extra.Remove(found);
            if (!SameShape(source.Tensors[found].Shape, parameter.FileShape)) misshapen.Add(key);
        }
        string verdict = missing.Count + misshapen.Count + extra.Count == 0
            ? $"all {count} keys and shapes are SD-1.5's"
            : string.Join("; ", Differences(missing, misshapen, extra, count));
        facts.Add(("SD-1.5", verdict));
        return new WeightsKind(name, facts);
    }

    private static IEnumerable<string> Differences(List<string> missing, List<string> misshapen, HashSet<string> extra, int count)
    {
        yield return $"not its exact keys and shapes ({count})";
        if (missing.Count > 0) yield return $"{missing.Count} missing ({Text.List(missing, 2)})";
        if (misshapen.Count > 0) yield return $"{misshapen.Count} of another shape ({Text.List(misshapen, 2)})";
        if (extra.Count > 0) yield return $"{extra.Count} more than it has ({Text.List(extra, 2)})";
    }

    private static IEnumerable<string> Names(string key)
    {
        yield return key;
        if (!key.Contains(".attentions.0.", StringComparison.Ordinal)) yield break;
        foreach ((string old, string current) in StateDictKeys.VaeAttention)
            if (key.Contains(current, StringComparison.Ordinal)) yield return key.Replace(current, old, StringComparison.Ordinal);
    }

    private static bool SameShape(long[] shape, Shape expected)
    {
        if (expected.Rank == 2 && shape is [_, _, 1, 1]) shape = shape[..2];
        if (shape.Length != expected.Rank) return false;
        for (int i = 0; i < shape.Length; i++)
            if (shape[i] != expected[i]) return false;
        return true;
    }

    private static List<(string, string)> UNetFacts(ITensorSource source)
    {
        var facts = new List<(string, string)> { ("channels", Channels(source, "down_blocks.{0}.resnets.0.conv1.weight")) };
        long inputs = Axis(source, "conv_in.weight", 1);
        if (inputs != 4) facts.Add(("input", $"{inputs} channels" + (inputs == 9 ? ": an inpainting model" : "")));
        SafetensorsEntry? key = source.Tensors.Values.FirstOrDefault(t => t.Name.EndsWith("attn2.to_k.weight", StringComparison.Ordinal));
        if (key is { Shape.Length: 2 }) facts.Add(("text width", TextWidth(key.Shape[1])));
        return facts;
    }

    private static List<(string, string)> VaeFacts(ITensorSource source) =>
    [
        ("channels", Channels(source, "encoder.down_blocks.{0}.resnets.0.conv1.weight")),
        ("latents", $"{Axis(source, "decoder.conv_in.weight", 1)} channels"),
    ];

    private static List<(string, string)> TextFacts(ITensorSource source)
    {
        int layers = 0;
        while (source.Tensors.ContainsKey($"text_model.encoder.layers.{layers}.mlp.fc1.weight")) layers++;
        string table = "text_model.embeddings.token_embedding.weight";
        return [("layers", $"{layers}, {Axis(source, table, 1)} wide, vocabulary {Axis(source, table, 0):N0}")];
    }

    /// <summary>Which Stable Diffusion a U-Net belongs to, by the width of the text that its cross-attention takes.</summary>
    public static string TextWidth(long width) => width switch
    {
        768 => "768 (SD-1.x)",
        1024 => "1024 (SD-2.x: not supported)",
        2048 => "2048 (SDXL: not supported)",
        _ => $"{width} (of no released Stable Diffusion)",
    };

    private static string Channels(ITensorSource source, string pattern)
    {
        var channels = new List<long>();
        while (source.Tensors.TryGetValue(pattern.Replace("{0}", $"{channels.Count}", StringComparison.Ordinal), out SafetensorsEntry? t)
            && t.Shape.Length > 0)
            channels.Add(t.Shape[0]);
        return channels.Count == 0 ? "unknown" : string.Join(", ", channels);
    }

    private static long Axis(ITensorSource source, string key, int axis) =>
        source.Tensors.TryGetValue(key, out SafetensorsEntry? t) && t.Shape.Length > axis ? t.Shape[axis] : 0;
}
