using SeLoRA.Engine;

namespace SeLoRA.WeightsConvert;

/// <summary>Low-rank adapters: kohya, diffusers and PEFT keys.</summary>
internal static class AdapterKind
{
    private const string PeftKeys = "PEFT keys";

    // Longest first where one ending contains another. A mark says what the tensor is: d down, u up, a alpha, x anything else.
    private static readonly (string Ending, char Mark, string Form)[] Endings =
    [
        (".lora_down.weight", 'd', ""), (".lora_up.weight", 'u', ""), (".lora_mid.weight", 'x', "Tucker (lora_mid)"),
        (".lora_linear_layer.down.weight", 'd', ""), (".lora_linear_layer.up.weight", 'u', ""),
        (".lora.down.weight", 'd', ""), (".lora.up.weight", 'u', ""),
        ("_lora.down.weight", 'd', "attention processors, as of 2023"), ("_lora.up.weight", 'u', "attention processors, as of 2023"),
        (".lora_A.weight", 'd', ""), (".lora_B.weight", 'u', ""),
        (".lora_A", 'd', ""), (".lora_B", 'u', ""), (".lora_E", 'x', "AdaLoRA"),
        (".lora_magnitude_vector", 'x', "DoRA"), (".lora_magnitude_vector.weight", 'x', "DoRA"), (".dora_scale", 'x', "DoRA"),
        (".hada_w1_a", 'x', "LoHa"), (".hada_w1_b", 'x', "LoHa"), (".hada_w2_a", 'x', "LoHa"), (".hada_w2_b", 'x', "LoHa"),
        (".lokr_w1", 'x', "LoKr"), (".lokr_w1_a", 'x', "LoKr"), (".lokr_w1_b", 'x', "LoKr"),
        (".lokr_w2", 'x', "LoKr"), (".lokr_w2_a", 'x', "LoKr"), (".lokr_w2_b", 'x', "LoKr"),
        (".alpha", 'a', ""),
    ];

    public static WeightsKind? Identify(ITensorSource source)
    {
        var modules = new SortedDictionary<string, AdapterModule>(StringComparer.Ordinal);
        var forms = new SortedSet<string>(StringComparer.Ordinal);
        int placed = 0, factors = 0;
        foreach (string name in source.Names)
        {
            (string ending, char mark, string form) = Array.Find(Endings, e => name.EndsWith(e.Ending, StringComparison.Ordinal));
            if (ending is null) continue;
            placed++;
            if (form.Length > 0) forms.Add(form);
            if (mark != 'a') factors++;
            string path = name[..^ending.Length];
            if (!modules.TryGetValue(path, out AdapterModule? module)) modules[path] = module = new AdapterModule();
            SafetensorsEntry entry = source.Tensors[name];
            if (mark == 'd') module.Down = entry;
            if (mark == 'u') module.Up = entry;
            if (mark == 'a') module.Alpha = entry;
        }
        // A model may have a tensor or two whose names end like an adapter's.
        if (factors == 0 || placed * 2 < source.Names.Count) return null;

        string keys = Keys(modules.Keys);
        var facts = new List<(string, string)> { ("modules", AdapterModules.Describe(modules.Keys)) };
        if (forms.Count > 0) facts.Add(("form", string.Join(", ", forms)));
        AddRanks(source, modules, facts);
        if (placed < source.Names.Count)
        {
            string[] others = [.. source.Names.Where(n => !Array.Exists(Endings, e => n.EndsWith(e.Ending, StringComparison.Ordinal)))];
            facts.Add(("others", $"{others.Length} tensors that are no adapter's: {Text.List(others, 3)}"));
        }
        string config = Path.Combine(Path.GetDirectoryName(source.Path) ?? "", "adapter_config.json");
        if (keys == PeftKeys && File.Exists(config))
            facts.Add(("config", string.Join(", ", ((string[])["peft_type", "r", "lora_alpha"]).Select(k => $"{k} {WeightFiles.JsonText(config, k)}"))));
        return new WeightsKind($"low-rank adapter in {keys}", facts);
    }

    private static string Keys(IReadOnlyCollection<string> paths)
    {
        bool Any(string prefix) => paths.Any(p => p.StartsWith(prefix, StringComparison.Ordinal));
        if (Any("lora_te1_") || Any("lora_te2_")) return "kohya keys, of SDXL (two text encoders)";
        if (Any("lora_unet_") || Any("lora_te_")) return "kohya keys (A1111, ComfyUI)";
        if (Any("base_model.model.")) return PeftKeys;
        return Any("unet.") || Any("text_encoder.") ? "diffusers keys" : "keys of no known prefix";
    }

    private static void AddRanks(ITensorSource source, SortedDictionary<string, AdapterModule> modules, List<(string, string)> facts)
    {
        AdapterModule[] complete = [.. modules.Values.Where(m => m is { Down.Shape.Length: >= 2, Up.Shape.Length: >= 2 })];
        string[] broken = [.. modules.Where(m => m.Value.IsHalf || m.Value.Disagrees).Select(m => m.Key)];
        if (broken.Length > 0)
            facts.Add(("incomplete", $"{broken.Length} modules without a matching pair of down and up: {Text.List(broken, 3)}"));
        if (complete.Length == 0) return;

        long[] ranks = [.. complete.Select(m => m.Down!.Shape[0]).Order()];
        string histogram = string.Join(", ", ranks.GroupBy(r => r).Select(g => $"{g.Key} in {g.Count()}"));
        facts.Add(("rank", ranks[0] == ranks[^1]
            ? $"{ranks[0]} in every module"
            : $"{ranks[0]} to {ranks[^1]}, mean {ranks.Average():0.00} ({histogram})"));

        float[] alphas = [.. complete.Where(m => m.Alpha is { ElementCount: 1 }).Select(m => source.ReadFloat32(m.Alpha!.Name)[0]).Order()];
        string missing = alphas.Length == complete.Length ? "" : $"; none in {complete.Length - alphas.Length} (read as the rank: scale 1)";
        facts.Add(("alpha", alphas.Length == 0
            ? "none in the file (read as the rank: scale 1)"
            : $"{(alphas[0] == alphas[^1] ? $"{alphas[0]}" : $"{alphas[0]} to {alphas[^1]}")}{missing}"));
    }

    private sealed class AdapterModule
    {
        public SafetensorsEntry? Down { get; set; }

        public SafetensorsEntry? Up { get; set; }

        public SafetensorsEntry? Alpha { get; set; }

        public bool IsHalf => (Down is null) != (Up is null);

        public bool Disagrees => Down is { Shape.Length: >= 2 } && Up is { Shape.Length: >= 2 } && Down.Shape[0] != Up.Shape[1];
    }
}
