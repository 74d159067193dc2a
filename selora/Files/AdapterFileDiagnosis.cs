using System.Text;
using SeLoRA.Engine;

namespace SeLoRA.Adapters;

/// <summary>Says in one line why an adapter file, or a part of it, cannot be used.</summary>
internal static class AdapterFileDiagnosis
{
    private const int LongestName = 120;

    /// <summary>Parts of keys that only other kinds of adapters have.</summary>
    private static readonly (string Part, string Kind)[] OtherKinds =
    [
        (".hada_", "LoHa"), (".lokr_", "LoKr (Kronecker products, KronA among them)"), (".dora_scale", "DoRA"), (".lora_magnitude_vector", "DoRA"),
        (".lora_magnitude_vector.", "DoRA"), (".lora_mid.", "Tucker decomposition (lora_mid)"), (".vera_lambda_", "VeRA"), (".vera_A", "VeRA"),
        (".vera_B", "VeRA"), (".lora_E", "AdaLoRA before its export as plain LoRA (lora_E)"), (".oft_", "OFT"), (".boft_", "BOFT"),
        (".on_input", "IA3"), (".ia3_l", "IA3"), (".diff_b", "a difference of biases"), (".diff", "a full difference of weights"),
    ];

    private static readonly Dictionary<string, string> PeftTypes = new(StringComparer.Ordinal)
    {
        ["ADALORA"] = "AdaLoRA before its export as plain LoRA", ["LOHA"] = "LoHa", ["LOKR"] = "LoKr", ["VERA"] = "VeRA",
    };

    /// <summary>Refuses kinds of adapters whose tensors must not be skipped silently.</summary>
    /// <exception cref="EngineException">The file is of such a kind.</exception>
    public static void RefuseOtherKinds(SafetensorsReader file)
    {
        foreach (string name in file.Names)
        {
            foreach ((string part, string kind) in OtherKinds)
            {
                // Parts in the middle of a name are marked by what follows them; a last part must end the name (".diff" and ".diffusion").
                if (part[^1] is '.' or '_' ? name.Contains(part, StringComparison.Ordinal) : name.EndsWith(part, StringComparison.Ordinal))
                    throw NotSupported(file.Path, kind, Quote(name));
            }
        }
    }

    /// <summary>The refusal of another kind of adapter.</summary>
    public static EngineException NotSupported(string path, string kind, string evidence) =>
        new($"{path}: {kind} is not supported ({evidence}); LoRA with two factors a module, lora_down and lora_up or lora_A and lora_B, is");

    /// <summary>What PEFT's <c>peft_type</c> means, as the kind is commonly written.</summary>
    public static string KindOfPeftType(string type) => PeftTypes.GetValueOrDefault(type, Quote(type));

    /// <summary>Holds the shapes of a module's factors against the model.</summary>
    /// <exception cref="EngineException">They do not fit it or each other.</exception>
    public static void CheckShapes(string path, AdapterSlot slot, long[] down, long[] up)
    {
        // Some trainers store linear layers as 1x1 convolutions, (r, in, 1, 1), and the other way round.
        if (down.Length >= 2 && up.Length is 2 or 4 && down[0] is >= 1 and <= int.MaxValue && Matrix(down).Skip(1).SequenceEqual(Matrix(slot.WeightShape).Skip(1))
            && Matrix(up).SequenceEqual([slot.Out, down[0]])) return;
        string reason = slot.ModuleName.Contains("attn2", StringComparison.Ordinal) && down.Length > 1 && down[1] is 1024 or 2048
            ? $"; text of width {down[1]}: made for {(down[1] == 1024 ? "Stable Diffusion 2" : "SDXL")}" : "";
        string Text(IEnumerable<long> shape) => $"[{string.Join(", ", shape)}]";
        throw new EngineException($"{path}: {slot.FullName} has down {Text(down)} and up {Text(up)}, the model needs " +
            $"[r, {string.Join(", ", slot.WeightShape.Skip(1))}] and [{slot.Out}, r]{reason}");

        static long[] Matrix(IReadOnlyList<long> shape) => shape.Count == 4 && shape[2] == 1 && shape[3] == 1 ? [shape[0], shape[1]] : [.. shape];
    }

    /// <summary>How many tensors matched, the first that did not, and the likely reason.</summary>
    public static string Describe(SafetensorsReader file, List<string> strange, AdapterSlots slots)
    {
        int total = file.Names.Count;
        string first = string.Join(", ", strange.Take(3).Select(Clean));
        string more = strange.Count > 3 ? ", ..." : "";
        string reason = Reason(strange, slots);
        return $"{file.Path}: {total - strange.Count} of {total} tensors matched the model; not matched: {first}{more}" +
            (reason.Length > 0 ? $"; {reason}" : "");
    }

    /// <summary>A name of a file, which may be hostile, made fit for a message.</summary>
    public static string Quote(string name) => $"'{Clean(name)}'";

    private static string Clean(string name)
    {
        var text = new StringBuilder();
        foreach (char c in name.AsSpan(0, Math.Min(name.Length, LongestName))) text.Append(char.IsControl(c) || char.IsSurrogate(c) ? '?' : c);
        return text.Append(name.Length > LongestName ? "..." : "").ToString();
    }

    private static string Reason(List<string> strange, AdapterSlots slots)
    {
        if (Any("lora_te1_") || Any("lora_te2_") || Any("text_encoder_2.")) return "this is an SDXL file, the model is Stable Diffusion 1.5";
        if (Any("_input_blocks_") || Any("_output_blocks_")) return "these are names of the single-file layout (input_blocks), as SDXL's adapters have them";
        if (strange.TrueForAll(name => AdapterTensorNames.Split(name) is { } split && slots.Find(split.Module) is not null))
            return "these belong to convolutions, which get no adapter here; 'weights-convert merge' adds them to the model's weights";
        if (strange.TrueForAll(name => name.StartsWith("lora_te_", StringComparison.Ordinal) || name.StartsWith("text_encoder.", StringComparison.Ordinal)))
            return "these belong to a text encoder that was not given or is another one";
        if (strange.Exists(name => name.StartsWith("lora_unet_", StringComparison.Ordinal) || name.StartsWith("unet.", StringComparison.Ordinal)))
            return "was it made for another model?";
        return strange.Exists(name => AdapterTensorNames.Split(name) is not null) ? "" : "these are no tensors of a LoRA file";

        bool Any(string part) => strange.Exists(name => name.Contains(part, StringComparison.Ordinal));
    }
}
