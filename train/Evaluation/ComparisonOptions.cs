using System.Text.Json;
using System.Text.Json.Nodes;
using SeLoRA.Engine;

namespace SeLoRA.Train;

/// <summary>
/// What all cells of a comparison share, kept as <c>options.json</c>: cells that were run under other options would stand in one table
/// without being comparable. Methods, lambdas and seeds are the table's rows and may be added to.
/// </summary>
internal static class ComparisonOptions
{
    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.CamelCase };

    /// <summary>Writes the options of a new comparison, or holds those of an old one against them.</summary>
    /// <param name="common">What the cells share.</param>
    /// <param name="evaluation">How they are evaluated.</param>
    /// <exception cref="EngineException">The folder's comparison has others.</exception>
    public static void Hold(RunConfig common, EvaluationOptions evaluation)
    {
        string folder = common.Out!, path = Path.Combine(folder, "options.json");
        JsonObject options = Describe(common, evaluation);
        if (!File.Exists(path))
        {
            AtomicFile.Write(path, stream => JsonSerializer.Serialize(stream, options, Json));
            return;
        }
        JsonObject before = Read(path);
        string[] others =
        [
            .. from name in before.Select(p => p.Key).Union(options.Select(p => p.Key))
               where !JsonNode.DeepEquals(before[name], options[name])
               select $"{name} {Text(before[name])}, now {Text(options[name])}",
        ];
        if (others.Length > 0)
            throw new EngineException($"{folder}: holds a comparison under other options ({string.Join("; ", others)}); choose another --out");
    }

    private static JsonObject Describe(RunConfig common, EvaluationOptions evaluation)
    {
        // The rank is what each method makes of it where none is given.
        RunConfig shared = common.Resolve() with { Rank = common.Rank };
        var options = (JsonObject)JsonNode.Parse(shared.ToJson())!;
        foreach (string row in (string[])["method", "lambda", "seed", "out"]) options.Remove(row);
        foreach ((string name, JsonNode? value) in (JsonObject)JsonSerializer.SerializeToNode(evaluation, Json)!) options[name] = value?.DeepClone();
        return options;
    }

    private static JsonObject Read(string path)
    {
        try
        {
            return JsonNode.Parse(File.ReadAllText(path)) as JsonObject ?? throw new EngineException($"{path}: is no JSON object");
        }
        catch (JsonException e)
        {
            throw new EngineException($"{path}: {e.Message}; choose another --out", e);
        }
    }

    private static string Text(JsonNode? value) => value?.ToJsonString() ?? "none";
}
