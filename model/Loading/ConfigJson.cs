using System.Text.Json;
using SeLoRA.Engine;

namespace SeLoRA.Model;

/// <summary>
/// A model's <c>config.json</c>, read key by key with the default that diffusers or transformers has for an absent one. A value of the
/// wrong kind, or one that this project does not implement, is an error that names file, key, what was found and what is accepted.
/// </summary>
internal sealed class ConfigJson
{
    private readonly JsonElement root;

    private ConfigJson(JsonElement root, string source)
    {
        this.root = root;
        Source = source;
    }

    /// <summary>File name or other origin; messages begin with it.</summary>
    public string Source { get; }

    public static ConfigJson Read(string path)
    {
        if (!File.Exists(path)) throw new EngineException($"{path}: no such file");
        try
        {
            return Parse(File.ReadAllText(path), path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EngineException($"{path}: cannot be read: {e.Message}", e);
        }
    }

    public static ConfigJson Parse(string json, string source)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                throw new EngineException($"{source}: is {document.RootElement.ValueKind}, a JSON object is needed");
            return new ConfigJson(document.RootElement.Clone(), source);
        }
        catch (JsonException e)
        {
            throw new EngineException($"{source}: is not valid JSON: {e.Message}", e);
        }
    }

    /// <summary>The object under a key; messages name it too.</summary>
    public ConfigJson Object(string key) => Get(key) switch
    {
        { ValueKind: JsonValueKind.Object } value => new ConfigJson(value, $"{Source}: {key}"),
        { } value => throw Wrong(key, value, "an object"),
        null => throw new EngineException($"{Source}: has no {key}"),
    };

    /// <summary>Whether the key is there and not null.</summary>
    public bool Has(string key) => Get(key) is not null;

    public int Int(string key, int defaultValue) => Get(key) is { } value ? Positive(key, value) : defaultValue;

    public float Float(string key, float defaultValue) => Get(key) switch
    {
        null => defaultValue,
        { ValueKind: JsonValueKind.Number } value => value.GetSingle(),
        { } value => throw Wrong(key, value, "a number"),
    };

    public bool Bool(string key, bool defaultValue) => Get(key) switch
    {
        null => defaultValue,
        { ValueKind: JsonValueKind.True } => true,
        { ValueKind: JsonValueKind.False } => false,
        { } value => throw Wrong(key, value, "true or false"),
    };

    public string Text(string key, string defaultValue) => Get(key) switch
    {
        null => defaultValue,
        { ValueKind: JsonValueKind.String } value => value.GetString()!,
        { } value => throw Wrong(key, value, "a string"),
    };

    public int[] Ints(string key, params int[] defaultValue) => Get(key) switch
    {
        null => defaultValue,
        { ValueKind: JsonValueKind.Array } value when value.GetArrayLength() > 0 =>
            [.. value.EnumerateArray().Select(item => Positive(key, item))],
        { } value => throw Wrong(key, value, "a list of integers"),
    };

    public string[] Texts(string key, params string[] defaultValue) => Get(key) switch
    {
        null => defaultValue,
        { ValueKind: JsonValueKind.Array } value when value.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String) =>
            [.. value.EnumerateArray().Select(item => item.GetString()!)],
        { } value => throw Wrong(key, value, "a list of strings"),
    };

    /// <summary>One integer for every level, or a list with one for each.</summary>
    public int[] IntPerLevel(string key, int levels, int defaultValue)
    {
        if (Get(key) is not { ValueKind: JsonValueKind.Array } list)
            return [.. Enumerable.Repeat(Int(key, defaultValue), levels)];
        if (list.GetArrayLength() != levels) throw Wrong(key, list, $"one integer or a list of {levels}");
        return Ints(key);
    }

    /// <summary>Refuses a value that changes the computation in a way that is not implemented; an absent key is accepted.</summary>
    /// <param name="key">The key.</param>
    /// <param name="accepted">The accepted values as JSON text, such as <c>null</c>, <c>false</c>, <c>1</c>, <c>"silu"</c>.</param>
    public void Only(string key, params ReadOnlySpan<string> accepted)
    {
        if (!root.TryGetProperty(key, out JsonElement value)) return;
        foreach (string text in accepted)
        {
            if (value.GetRawText() == text) return;
            // 1 and 1.0 are one number.
            if (value.ValueKind == JsonValueKind.Number && double.TryParse(text, out double number) && value.GetDouble() == number) return;
        }
        throw new EngineException($"{Source}: {key} is {value.GetRawText()}, which is not supported (supported: " +
            $"{string.Join(", ", accepted.ToArray())})");
    }

    private JsonElement? Get(string key) =>
        root.TryGetProperty(key, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private int Positive(string key, JsonElement value) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int number) && number > 0
            ? number
            : throw Wrong(key, value, "a positive integer");

    private EngineException Wrong(string key, JsonElement value, string needed) =>
        new($"{Source}: {key} is {value.GetRawText()}, {needed} is needed");
}
