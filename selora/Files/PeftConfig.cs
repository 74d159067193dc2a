using System.Text.Json;
using System.Text.RegularExpressions;
using SeLoRA.Engine;

namespace SeLoRA.Adapters;

/// <summary>
/// Ranks and alphas as PEFT keeps them beside the tensors: one of each for all modules and patterns for those that differ. Read from
/// <c>adapter_config.json</c> and from the metadata <c>lora_adapter_metadata</c> of diffusers' files, which has the same keys.
/// </summary>
internal sealed class PeftConfig
{
    public const string FileName = "adapter_config.json", TensorsFileName = "adapter_model.safetensors";

    /// <summary>Key of a diffusers file's metadata.</summary>
    public const string MetadataKey = "lora_adapter_metadata";

    // An expression of one character takes a hundred kilobytes.
    private const int MostExpressions = 100, LongestExpression = 1000;

    private readonly string source;
    private readonly double rank, alpha;
    private readonly bool scalesByRoot;
    private int expressions;
    private readonly List<(Func<string, bool> Matches, double Value)> ranks, alphas;

    private PeftConfig(JsonElement json, string source, string prefix)
    {
        this.source = source;
        string type = Text(json, prefix + "peft_type", "LORA");
        if (type != "LORA") throw AdapterFileDiagnosis.NotSupported(source, AdapterFileDiagnosis.KindOfPeftType(type), "by its peft_type");
        if (Flag(json, prefix + "use_dora")) throw AdapterFileDiagnosis.NotSupported(source, "DoRA", "use_dora");
        if (Flag(json, prefix + "fan_in_fan_out")) throw AdapterFileDiagnosis.NotSupported(source, "fan_in_fan_out", "transposed weights");
        rank = Number(json, prefix + "r", 8);
        alpha = Number(json, prefix + "lora_alpha", 8);
        scalesByRoot = Flag(json, prefix + "use_rslora");
        ranks = Patterns(json, prefix + "rank_pattern");
        alphas = Patterns(json, prefix + "alpha_pattern");
    }

    /// <summary>Reads <c>adapter_config.json</c>.</summary>
    /// <exception cref="EngineException">No file, no JSON, or another kind of adapter.</exception>
    public static PeftConfig Read(string path)
    {
        if (!File.Exists(path)) throw new EngineException($"{path}: no such file; an adapter of PEFT keeps its scale there");
        try
        {
            return Parse(File.ReadAllText(path), path, "") ?? throw new EngineException($"{path}: is empty");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EngineException($"{path}: cannot be read: {e.Message}", e);
        }
    }

    /// <summary>What a diffusers file's metadata say of one network; null where they say nothing.</summary>
    public static PeftConfig? OfMetadata(ITensorSource file, string root) =>
        file.Metadata.TryGetValue(MetadataKey, out string? json) ? Parse(json, $"{file.Path}: {MetadataKey}", root + ".") : null;

    /// <summary>A module's alpha, such that its scale is alpha / rank.</summary>
    /// <param name="module">Name within the network.</param>
    /// <param name="tensorRank">The rank that its tensors have.</param>
    /// <exception cref="EngineException">The configuration has another rank.</exception>
    public float Alpha(string module, int tensorRank)
    {
        double stated = First(ranks, module, rank);
        if (stated != tensorRank) throw new EngineException($"{source}: rank {stated} for {module}, its tensors have {tensorRank}");
        double value = First(alphas, module, alpha);
        float scaled = (float)(scalesByRoot ? value * Math.Sqrt(tensorRank) : value);
        return float.IsFinite(scaled) ? scaled : throw new EngineException($"{source}: alpha {value} for {module} is too large");
    }

    private static PeftConfig? Parse(string text, string source, string prefix)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = 16 });
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                throw new EngineException($"{source}: is {document.RootElement.ValueKind}, a JSON object is needed");
            if (prefix.Length > 0 && !document.RootElement.EnumerateObject().Any(p => p.Name.StartsWith(prefix, StringComparison.Ordinal)))
                return null;
            return new PeftConfig(document.RootElement, source, prefix);
        }
        catch (JsonException e)
        {
            throw new EngineException($"{source}: is not valid JSON: {e.Message}", e);
        }
        catch (InvalidOperationException e)
        {
            throw new EngineException($"{source}: holds a string that is not Unicode text", e);
        }
    }

    // PEFT: the first pattern that matches the whole name, or its end from one of its dots on.
    private static double First(List<(Func<string, bool> Matches, double Value)> patterns, string module, double otherwise)
    {
        foreach ((Func<string, bool> matches, double value) in patterns)
            if (matches(module)) return value;
        return otherwise;
    }

    private List<(Func<string, bool> Matches, double Value)> Patterns(JsonElement json, string key)
    {
        var patterns = new List<(Func<string, bool>, double)>();
        if (!json.TryGetProperty(key, out JsonElement map) || map.ValueKind == JsonValueKind.Null) return patterns;
        if (map.ValueKind != JsonValueKind.Object) throw Wrong(key, map, "an object");
        foreach (JsonProperty item in map.EnumerateObject()) patterns.Add((Pattern(key, item.Name), Number(item.Value, key)));
        expressions = 0;
        return patterns;
    }

    private Func<string, bool> Pattern(string key, string text)
    {
        string plain = text.StartsWith('^') ? text[1..] : text;
        if (plain.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '.'))
        {
            // Nearly all are names: a few hundred of them needn't become expressions.
            return plain.Length < text.Length
                ? module => module == plain
                : module => module == plain || module.EndsWith("." + plain, StringComparison.Ordinal);
        }
        if (++expressions > MostExpressions || text.Length > LongestExpression)
            throw new EngineException($"{source}: {key} has more than {MostExpressions} expressions, or one of more than {LongestExpression} characters");
        try
        {
            // From a file of anyone's: an expression must not be able to take forever.
            var expression = new Regex($"^(.*\\.)?({text})$", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking);
            return expression.IsMatch;
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            throw new EngineException($"{source}: {key} has a pattern that cannot be used, {AdapterFileDiagnosis.Quote(text)}", e);
        }
    }

    private double Number(JsonElement json, string key, double absent) =>
        json.TryGetProperty(key, out JsonElement value) ? Number(value, key) : absent;

    private double Number(JsonElement value, string key) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out double number) && double.IsFinite(number) ? number : throw Wrong(key, value, "a number");

    private bool Flag(JsonElement json, string key) => json.TryGetProperty(key, out JsonElement value) && value.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False or JsonValueKind.Null => false,
        _ => throw Wrong(key, value, "true or false"),
    };

    private string Text(JsonElement json, string key, string absent) => !json.TryGetProperty(key, out JsonElement value)
        ? absent
        : value.ValueKind == JsonValueKind.String ? value.GetString()! : throw Wrong(key, value, "a string");

    private EngineException Wrong(string key, JsonElement value, string needed) =>
        new($"{source}: {key} is {value.ValueKind}, {needed} is needed");
}
