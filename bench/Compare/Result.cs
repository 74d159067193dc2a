using System.Text.Json;
using System.Text.Json.Nodes;
using SeLoRA.Engine;

namespace SeLoRA.Bench;

/// <summary>What a file says of one piece of work: medians over all its lines, or the least time in any.</summary>
/// <param name="Name">The work, from the keys that make it what it is.</param>
/// <param name="Family">Operator and phase, or task.</param>
/// <param name="Milliseconds">Time of one call or step; with SeLoRA's rank test at its share.</param>
/// <param name="Rate">In <paramref name="Unit"/>, where the file says or lets compute it.</param>
/// <param name="Unit">GFLOP/s or GB/s.</param>
/// <param name="OfCeiling">The rate as a share of what the machine can do, where the file says it.</param>
/// <param name="TensorGib">Most memory held by tensors, where the file says it: on a GPU.</param>
internal sealed record Result(string Name, string Family, double Milliseconds, double? Rate, string Unit, double? OfCeiling, double? TensorGib)
{
    private static readonly string[] Keys =
        ["task", "op", "shape", "phase", "model", "size", "batch", "dtype", "weights", "method", "rank", "inference_steps", "checkpoint"];

    // What nearly all results have in common, or what says nothing.
    private static readonly HashSet<string> Unsaid = ["", "none", "micro", "sd15"];

    /// <summary>Reads a file of results by the names of the work.</summary>
    /// <param name="path">The file.</param>
    /// <param name="least">Take the least time of any call, not the median.</param>
    /// <exception cref="EngineException">The file is absent or a line is no result.</exception>
    public static Dictionary<string, Result> Read(string path, bool least = false)
    {
        if (!File.Exists(path)) throw new EngineException($"{path}: no such file");
        var results = new List<Result>();
        int number = 0;
        foreach (string line in File.ReadLines(path))
        {
            number++;
            if (line.Length == 0) continue;
            results.Add(Parse(line, least) ?? throw new EngineException($"{path}: line {number} is no result (a JSON object with task and ms or ms_median)"));
        }
        return ByName(results, least);
    }

    /// <summary>The same of what a program has left that may have been cut off in the middle of a line: lines that are no result do not count.</summary>
    public static Dictionary<string, Result> ReadWhole(string path) => ByName(File.ReadLines(path).Select(line => Parse(line, false)).OfType<Result>(), false);

    private static Dictionary<string, Result> ByName(IEnumerable<Result> results, bool least) =>
        results.GroupBy(r => r.Name).ToDictionary(g => g.Key, g => least ? g.MinBy(r => r.Milliseconds)! : Median([.. g]), StringComparer.Ordinal);

    private static Result Median(Result[] rounds) => rounds[0] with
    {
        Milliseconds = CallTime.Median(rounds.Select(r => r.Milliseconds)),
        Rate = Median(rounds.Select(r => r.Rate)),
        OfCeiling = Median(rounds.Select(r => r.OfCeiling)),
        TensorGib = Median(rounds.Select(r => r.TensorGib)),
    };

    private static double? Median(IEnumerable<double?> values)
    {
        double[] known = [.. values.OfType<double>()];
        return known.Length > 0 ? CallTime.Median(known) : null;
    }

    private static Result? Parse(string line, bool least)
    {
        try
        {
            if (JsonNode.Parse(line) is not JsonObject record || record["task"] is null) return null;
            double? Number(string key) => record[key]?.GetValue<double>();
            string Value(string key) => record[key]?.ToString() ?? "";
            if ((Number("ms_amortised") ?? Number("ms") ?? Number("ms_median")) is not { } ms) return null;
            double? rate = Number("gflop_s") ?? Number("gb_s") ?? Number("gflop") / ms * 1e3;
            double time = least ? Number("ms_min") ?? ms : ms;
            return new Result(string.Join(' ', Keys.Select(Value).Where(v => !Unsaid.Contains(v))),
                Value("op").Length > 0 ? $"{Value("op")} {Value("phase")}" : Value("task"), time, rate * ms / time,
                record.ContainsKey("gb_s") ? "GB/s" : "GFLOP/s", Number("of_ceiling") * ms / time,
                Value("peak_mem_of") == "tensors" ? Number("peak_mem_gib") : null);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }
}
