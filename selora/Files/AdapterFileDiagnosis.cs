using SeLoRA.Engine;

namespace SeLoRA.Adapters;

/// <summary>Says in one line why an adapter file, or a part of it, cannot be used.</summary>
internal static class AdapterFileDiagnosis
{
    /// <summary>Parts of keys that only other kinds of adapters have.</summary>
    private static readonly (string Part, string Kind)[] OtherKinds =
    [
        (".hada_", "LoHa"), (".lokr_", "LoKr"), (".dora_scale", "DoRA"), (".lora_mid.", "Tucker decomposition (lora_mid)"),
        (".oft_", "OFT"), (".on_input", "IA3"), (".diff_b", "a difference of biases"), (".diff", "a full difference of weights"),
    ];

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
                    throw new EngineException($"{file.Path}: {kind} is not supported ('{name}'); LoRA files with lora_down and lora_up are");
            }
        }
    }

    /// <summary>How many tensors matched, the first that did not, and the likely reason.</summary>
    public static string Describe(SafetensorsReader file, List<string> strange, HashSet<string> convolutions)
    {
        int total = file.Names.Count;
        string first = string.Join(", ", strange.Take(3));
        string more = strange.Count > 3 ? ", ..." : "";
        string reason = Reason(strange, convolutions);
        return $"{file.Path}: {total - strange.Count} of {total} tensors matched the model; not matched: {first}{more}" +
            (reason.Length > 0 ? $"; {reason}" : "");
    }

    private static string Reason(List<string> strange, HashSet<string> convolutions)
    {
        if (Any("lora_te1_") || Any("lora_te2_")) return "this is an SDXL file, the model is Stable Diffusion 1.5";
        if (Any(".lora_A.") || Any(".lora_B.") || Any(".lora.down.") || Any("lora_linear_layer") || Any("_lora."))
            return "these are keys of PEFT or diffusers, kohya's form (lora_unet_...lora_down.weight) is read";
        if (strange.TrueForAll(name => convolutions.Contains(name.Split('.')[0])))
            return "these belong to convolutions, which get no adapter here";
        if (strange.TrueForAll(name => name.StartsWith("lora_te_", StringComparison.Ordinal)))
            return "these belong to a text encoder that was not given or is another one";
        if (strange.Exists(name => name.StartsWith("lora_unet_", StringComparison.Ordinal)))
            return "was it made for another model?";
        return "";

        bool Any(string part) => strange.Exists(name => name.Contains(part, StringComparison.Ordinal));
    }
}
