using System.Text.Json;
using SeLoRA.Engine;

namespace SeLoRA.Train;

/// <summary>All that a report needs of one run, read from its folder. Only <c>config.json</c> must be there.</summary>
internal sealed class RunRecord
{
    private RunRecord(string path, IReadOnlyDictionary<string, string> config)
    {
        Path = path;
        Config = config;
        Metrics = RunTables.Metrics(path);
        Ranks = RunTables.Ranks(path);
        Summary = RunSummary.Read(path);
        Evaluation = ReadMetrics(System.IO.Path.Combine(path, EvaluationFile.Name));
        FinalRanks = Summary is { } summary
            ? [.. summary.Ranks.Select(r => new ModuleRank(r.Key, r.Value))]
            : [.. Ranks.GroupBy(r => r.Module).Select(g => new ModuleRank(g.Key, g.Last().After))];
    }

    /// <summary>The folder.</summary>
    public string Path { get; }

    /// <summary>Every setting as text; other versions' settings too.</summary>
    public IReadOnlyDictionary<string, string> Config { get; }

    /// <summary>The steps so far; the first row is step 0, before training.</summary>
    public IReadOnlyList<MetricsRow> Metrics { get; }

    /// <summary>The last row of the metrics; null where there is none yet.</summary>
    public MetricsRow? LastRow => Metrics is [.., var last] ? last : null;

    /// <summary>The decisions on ranks.</summary>
    public IReadOnlyList<RankRow> Ranks { get; }

    /// <summary>What the run wrote at its end; null before.</summary>
    public RunSummary? Summary { get; }

    /// <summary>The metrics of <see cref="EvaluationFile"/> by their names; empty without that file.</summary>
    public IReadOnlyDictionary<string, double> Evaluation { get; }

    /// <summary>Rank of each layer: of the adapter that was kept, or of the last decisions where the run has not ended.</summary>
    public IReadOnlyList<ModuleRank> FinalRanks { get; }

    /// <summary>Lowest validation loss; null without validation.</summary>
    public double? BestValidation => Summary?.BestValidation ?? Metrics.Where(r => r.Step > 0).Min(r => r.Validation);

    /// <summary>Median time of a step; null before the first.</summary>
    public double? MedianMilliseconds
    {
        get
        {
            double[] times = [.. Curve(r => r.Milliseconds).Select(p => p.Value).Order()];
            return times.Length == 0 ? null : times[times.Length / 2];
        }
    }

    /// <summary>Whether a folder holds a run.</summary>
    public static bool IsRun(string folder) => File.Exists(System.IO.Path.Combine(folder, "config.json"));

    /// <summary>Reads a run folder.</summary>
    /// <exception cref="EngineException">No run, or a damaged file; the message names it.</exception>
    public static RunRecord Read(string folder)
    {
        string path = System.IO.Path.Combine(folder, "config.json");
        if (!File.Exists(path)) throw new EngineException($"{folder}: no config.json, so no run to report on");
        return new RunRecord(System.IO.Path.GetFullPath(folder), Unicode(path, () => ReadJson(path).ToDictionary(p => p.Key, p => Text(p.Value))));
    }

    /// <summary>A setting, or "" where the run has none of this name.</summary>
    public string Setting(string key) => Config.GetValueOrDefault(key, "");

    /// <summary>A column of the metrics against the step, where it was measured.</summary>
    public IReadOnlyList<(double Step, double Value)> Curve(Func<MetricsRow, double?> column) =>
        [.. Metrics.Where(r => column(r) is not null).Select(r => ((double)r.Step, column(r)!.Value))];

    private static Dictionary<string, double> ReadMetrics(string path) => Unicode(path, () =>
    {
        var values = new Dictionary<string, double>(StringComparer.Ordinal);
        if (!ReadJson(path).TryGetValue("metrics", out JsonElement metrics) || metrics.ValueKind != JsonValueKind.Object) return values;
        foreach (JsonProperty metric in metrics.EnumerateObject())
            if (metric.Value.ValueKind == JsonValueKind.Number) values[metric.Name] = metric.Value.GetDouble();
        return values;
    });

    private static T Unicode<T>(string path, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (InvalidOperationException e)
        {
            throw new EngineException($"{path}: holds a string that is not Unicode text", e);
        }
    }

    private static Dictionary<string, JsonElement> ReadJson(string path)
    {
        try
        {
            return File.Exists(path) ? JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(File.ReadAllText(path)) ?? [] : [];
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new EngineException($"{path}: {DataText.Shown(e.Message)}", e);
        }
    }

    private static string Text(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => "",
        JsonValueKind.Array => string.Join("; ", value.EnumerateArray().Select(Text)),
        JsonValueKind.String => value.GetString()!,
        _ => value.GetRawText(),
    };
}
