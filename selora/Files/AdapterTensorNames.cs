namespace SeLoRA.Adapters;

/// <summary>What a tensor of an adapter file is.</summary>
internal enum AdapterPart
{
    Down,
    Up,
    Alpha,
}

/// <summary>Endings of tensors' names, by which the parts of a module are told apart.</summary>
internal static class AdapterTensorNames
{
    public const string KohyaDown = ".lora_down.weight", KohyaUp = ".lora_up.weight", Alpha = ".alpha";
    public const string PeftDown = ".lora_A.weight", PeftUp = ".lora_B.weight";

    private static readonly (string Ending, AdapterPart Part)[] Endings =
    [
        (KohyaDown, AdapterPart.Down), (KohyaUp, AdapterPart.Up), (Alpha, AdapterPart.Alpha),
        (PeftDown, AdapterPart.Down), (PeftUp, AdapterPart.Up),
        // PEFT before the adapter's name is taken out of the keys.
        (".lora_A.default.weight", AdapterPart.Down), (".lora_B.default.weight", AdapterPart.Up),
        // diffusers' training scripts: U-Net, text encoder, and the attention processors of 2023 ("to_q_lora").
        (".lora.down.weight", AdapterPart.Down), (".lora.up.weight", AdapterPart.Up),
        (".lora_linear_layer.down.weight", AdapterPart.Down), (".lora_linear_layer.up.weight", AdapterPart.Up),
        ("_lora.down.weight", AdapterPart.Down), ("_lora.up.weight", AdapterPart.Up),
    ];

    /// <summary>Splits a tensor's name into its module's and its part; null where it is no adapter's.</summary>
    public static (string Module, AdapterPart Part)? Split(string name)
    {
        foreach ((string ending, AdapterPart part) in Endings)
            if (name.Length > ending.Length && name.EndsWith(ending, StringComparison.Ordinal)) return (name[..^ending.Length], part);
        return null;
    }

    /// <summary>The form that a file's names have.</summary>
    public static AdapterFormat Format(IReadOnlyList<string> names)
    {
        if (names.Any(name => name.StartsWith("lora_", StringComparison.Ordinal))) return AdapterFormat.Kohya;
        return names.Any(name => name.StartsWith(AdapterSlots.PeftPrefix, StringComparison.Ordinal)) ? AdapterFormat.Peft : AdapterFormat.Diffusers;
    }
}
