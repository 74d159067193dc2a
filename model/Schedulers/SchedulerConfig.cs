using System.Globalization;
using System.Text.Json;
using SeLoRA.Engine;

namespace SeLoRA.Model;

/// <summary>
/// The contents of a diffusers <c>scheduler_config.json</c>. A scheduler takes the keys it knows, with its own defaults
/// for those that are missing, so that any configuration can be loaded into any class.
/// </summary>
public sealed class SchedulerConfig
{
    private const long MaxBytes = 16 << 20;
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };
    private readonly Dictionary<string, JsonElement> values;

    private SchedulerConfig(string source, Dictionary<string, JsonElement> values)
    {
        Source = source;
        this.values = values;
    }

    /// <summary>The file, or what else it was read from; begins every message about it.</summary>
    public string Source { get; }

    /// <summary>The class that wrote it (<c>_class_name</c>), or null.</summary>
    public string? ClassName => TextOrNull("_class_name", null);

    /// <summary>Reads a file.</summary>
    /// <param name="path">A <c>scheduler_config.json</c>.</param>
    /// <exception cref="EngineException">It is missing, unreadable or no JSON object.</exception>
    public static SchedulerConfig Load(string path)
    {
        var file = new FileInfo(path);
        if (!file.Exists) throw new EngineException($"{path}: no such file; a scheduler_config.json is expected");
        if (file.Length > MaxBytes)
            throw new EngineException($"{path}: {file.Length} bytes are too many for a scheduler_config.json");
        try
        {
            return Parse(File.ReadAllText(path), path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EngineException($"{path}: cannot be read ({e.Message})", e);
        }
    }

    /// <summary>Reads JSON text.</summary>
    /// <param name="json">One object.</param>
    /// <param name="source">Named in messages.</param>
    /// <exception cref="EngineException">It is no JSON object.</exception>
    public static SchedulerConfig Parse(string json, string source = "scheduler_config.json")
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                throw new EngineException($"{source}: a JSON object is expected, not {document.RootElement.ValueKind}");
            var values = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
            foreach (JsonProperty property in document.RootElement.EnumerateObject())
                values[property.Name] = property.Value.Clone();
            return new SchedulerConfig(source, values);
        }
        catch (JsonException e)
        {
            throw new EngineException($"{source}: no valid JSON ({e.Message})", e);
        }
        catch (InvalidOperationException e)
        {
            throw new EngineException($"{source}: holds a name that is not Unicode text", e);
        }
    }

    /// <summary>A copy with one value changed or added.</summary>
    /// <param name="key">Such as <c>use_karras_sigmas</c>.</param>
    /// <param name="json">The value as JSON text, such as <c>true</c> or <c>"trailing"</c>.</param>
    public SchedulerConfig With(string key, string json)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        return new SchedulerConfig(Source, new(values) { [key] = document.RootElement.Clone() });
    }

    /// <summary>The configuration as the text of a <c>scheduler_config.json</c>.</summary>
    public string ToJson() => JsonSerializer.Serialize(values, Indented);

    internal bool Flag(string key, bool ifMissing) => Find(key) switch
    {
        null => ifMissing,
        { ValueKind: JsonValueKind.True } => true,
        { ValueKind: JsonValueKind.False } => false,
        JsonElement value => throw Wrong(key, value, "true or false"),
    };

    internal int Integer(string key, int ifMissing, int min, int max)
    {
        if (Find(key) is not { } value) return ifMissing;
        if (value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int number) && number >= min && number <= max)
            return number;
        throw Wrong(key, value, $"a whole number from {min} to {max}");
    }

    internal double Number(string key, double ifMissing) => NumberOrNull(key) ?? ifMissing;

    internal double? NumberOrNull(string key)
    {
        if (Find(key) is not { } value) return null;
        // JSON has no infinity; diffusers writes lambda_min_clipped = -inf as a string or as Python's -Infinity.
        string text = value.ValueKind switch
        {
            JsonValueKind.Number => value.GetRawText(),
            JsonValueKind.String => Unicode(key, value).Replace("infinity", "inf", StringComparison.OrdinalIgnoreCase),
            _ => throw Wrong(key, value, "a number"),
        };
        if (text is "-inf") return double.NegativeInfinity;
        if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number)
            && double.IsFinite(number))
            return number;
        throw Wrong(key, value, "a finite number");
    }

    internal string Text(string key, string ifMissing) => TextOrNull(key, ifMissing)!;

    internal string? TextOrNull(string key, string? ifMissing) => Find(key) switch
    {
        null => ifMissing,
        { ValueKind: JsonValueKind.String } value => Unicode(key, value),
        JsonElement value => throw Wrong(key, value, "a string"),
    };

    /// <summary>One of a few strings.</summary>
    internal string Choice(string key, string ifMissing, params ReadOnlySpan<string> allowed)
    {
        string value = Text(key, ifMissing);
        foreach (string candidate in allowed)
            if (candidate == value) return value;
        throw new EngineException($"{Source}: {key} '{ConfigJson.Shown(value)}' is not supported; supported are {string.Join(", ", allowed!)}");
    }

    internal double[]? Numbers(string key)
    {
        if (Find(key) is not { } value) return null;
        if (value.ValueKind != JsonValueKind.Array) throw Wrong(key, value, "a list of numbers");
        var numbers = new double[value.GetArrayLength()];
        int i = 0;
        foreach (JsonElement item in value.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.Number) throw Wrong(key, item, "a list of numbers");
            numbers[i++] = item.GetDouble();
        }

        return numbers;
    }

    private string Unicode(string key, JsonElement value)
    {
        try
        {
            return value.GetString()!;
        }
        catch (InvalidOperationException e)
        {
            throw new EngineException($"{Source}: {key} is not Unicode text", e);
        }
    }

    internal EngineException Error(string message) => new($"{Source}: {message}");

    private JsonElement? Find(string key) =>
        values.TryGetValue(key, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private EngineException Wrong(string key, JsonElement value, string expected)
    {
        string text = value.GetRawText();
        if (text.Length > 60) text = text[..60] + "...";
        return new EngineException($"{Source}: {key} is {text}; {expected} is expected");
    }
}
