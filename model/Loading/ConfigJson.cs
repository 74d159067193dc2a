using System.Text.Json;
using SeLoRA.Engine;

namespace SeLoRA.Model;

/// <summary>
/// A model's <c>config.json</c>, read key by key with the default that diffusers or transformers has for an absent one. A value of the
/// wrong kind, or one that this project does not implement, is an error that names file, key, what was found and what is accepted.
/// </summary>
internal sealed class ConfigJson
{
    /// <summary>The most channels, features or tokens of anything; Stable Diffusion's largest number is its vocabulary, 49,408.</summary>
    public const int MostChannels = 1 << 20;

    /// <summary>The most levels of a network, resnets or transformer blocks of a level, and layers of a CLIP.</summary>
    public const int MostLevels = 8, MostLayers = 8, MostBlocks = 16, MostClipLayers = 64;

    /// <summary>The longest side of images that CLIP sees.</summary>
    public const int MostPixels = 4096;

    private const float LargestNumber = 1e20f;
    private const int ShownOfValue = 60;

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

    /// <summary>A positive integer. The bound keeps a config from asking for a network that fills all memory before its weights are looked for.</summary>
    public int Int(string key, int defaultValue, int most = MostChannels) => Get(key) is { } value ? Positive(key, value, most) : defaultValue;

    public float Float(string key, float defaultValue) => Get(key) switch
    {
        null => defaultValue,
        { ValueKind: JsonValueKind.Number } value when value.TryGetSingle(out float number) && MathF.Abs(number) <= LargestNumber => number,
        { } value => throw Wrong(key, value, $"a number up to {LargestNumber}"),
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
        { ValueKind: JsonValueKind.String } value => Unicode(key, value),
        { } value => throw Wrong(key, value, "a string"),
    };

    public int[] Ints(string key, params int[] defaultValue) => Get(key) is { } value ? PositiveList(key, value, MostChannels) : defaultValue;

    public string[] Texts(string key, params string[] defaultValue) => Get(key) switch
    {
        null => defaultValue,
        { ValueKind: JsonValueKind.Array } value when value.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String) =>
            [.. value.EnumerateArray().Select(item => Unicode(key, item))],
        { } value => throw Wrong(key, value, "a list of strings"),
    };

    /// <summary>One integer for every level, or a list with one for each.</summary>
    public int[] IntPerLevel(string key, int levels, int defaultValue, int most = MostChannels)
    {
        if (Get(key) is not { ValueKind: JsonValueKind.Array } list)
            return [.. Enumerable.Repeat(Int(key, defaultValue, most), levels)];
        if (list.GetArrayLength() != levels) throw Wrong(key, list, $"one integer or a list of {levels}");
        return PositiveList(key, list, most);
    }

    /// <summary>Refuses a value that changes the computation in a way that is not implemented; an absent key is accepted.</summary>
    /// <param name="key">The key.</param>
    /// <param name="accepted">The accepted values as JSON text, such as <c>null</c>, <c>false</c>, <c>1</c>, <c>"silu"</c>.</param>
    public void Only(string key, params ReadOnlySpan<string> accepted)
    {
        if (Find(key) is not { } value) return;
        foreach (string text in accepted)
        {
            if (value.GetRawText() == text) return;
            // 1 and 1.0 are one number.
            if (value.ValueKind == JsonValueKind.Number && double.TryParse(text, out double number) && value.GetDouble() == number) return;
        }
        throw new EngineException($"{Source}: {key} is {Shown(value)}, which is not supported (supported: " +
            $"{string.Join(", ", accepted.ToArray())})");
    }

    private JsonElement? Get(string key) => Find(key) is { ValueKind: not JsonValueKind.Null } value ? value : null;

    private JsonElement? Find(string key)
    {
        try
        {
            return root.TryGetProperty(key, out JsonElement value) ? value : null;
        }
        catch (InvalidOperationException e)
        {
            // Thrown for a name with an escape that is no Unicode text, such as a lone surrogate.
            throw new EngineException($"{Source}: holds a name that is not Unicode text", e);
        }
    }

    private int[] PositiveList(string key, JsonElement value, int most)
    {
        if (value.ValueKind != JsonValueKind.Array || value.GetArrayLength() is 0 or > MostLevels)
            throw Wrong(key, value, $"a list of 1 to {MostLevels} integers");
        return [.. value.EnumerateArray().Select(item => Positive(key, item, most))];
    }

    private int Positive(string key, JsonElement value, int most) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int number) && number > 0 && number <= most
            ? number
            : throw Wrong(key, value, $"an integer from 1 to {most}");

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

    private EngineException Wrong(string key, JsonElement value, string needed) => new($"{Source}: {key} is {Shown(value)}, {needed} is needed");

    private static string Shown(JsonElement value) => Shown(value.GetRawText());

    /// <summary>As much of a text of a file as a message needs.</summary>
    public static string Shown(string text) => text.Length > ShownOfValue ? text[..ShownOfValue] + "..." : text;
}
