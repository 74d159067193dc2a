using SeLoRA.Adapters;

namespace SeLoRA.WeightsConvert;

/// <summary>Adapters for people.</summary>
internal static class AdapterText
{
    /// <summary>Names of the forms on the command line.</summary>
    public static readonly string[] Formats = ["kohya", "peft", "diffusers", "selora"];

    /// <summary>What the forms are, for help.</summary>
    public const string FormatHelp =
        "kohya: one file that A1111, ComfyUI and diffusers read, ranks and alphas as they are; " +
        "selora: the same with one alpha for all modules, which every reader scales right; " +
        "diffusers: pytorch_lora_weights.safetensors; " +
        "peft: a folder with adapter_config.json for each network";

    /// <summary>The form of a name.</summary>
    public static AdapterFormat Format(string name) => Enum.Parse<AdapterFormat>(name, ignoreCase: true);

    /// <summary>Modules by network and the range of their ranks: <c>264 modules (192 unet, 72 text_encoder), ranks 1 to 7</c>.</summary>
    public static string Describe(IReadOnlyList<AdapterFileModule> modules)
    {
        string networks = string.Join(", ", modules.GroupBy(m => m.Slot.Root.Name).Select(g => $"{g.Count()} {g.Key}"));
        int low = modules.Min(m => m.Rank), high = modules.Max(m => m.Rank);
        return $"{modules.Count} modules ({networks}), {(low == high ? $"rank {low}" : $"ranks {low} to {high}")}";
    }

    /// <summary>Writes one line for each thing that is worth knowing and stops nothing.</summary>
    public static void Warn(TextWriter error, params IEnumerable<string?> warnings)
    {
        foreach (string? warning in warnings)
            if (warning is not null) error.WriteLine($"warning: {warning}");
    }
}
