using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using SeLoRA.Engine;

namespace SeLoRA.Bench;

/// <summary>compare: two files of results side by side, worst ratio first, as Markdown.</summary>
internal static class CompareCommand
{
    private static readonly string[] Keys = ["task", "op", "shape", "phase", "size", "batch", "dtype", "method", "rank"];

    /// <summary>The verb.</summary>
    public static Command Create()
    {
        var first = new Argument<string>("A.jsonl") { Description = "Results of one program, a JSON object a line." };
        var second = new Argument<string>("B.jsonl") { Description = "Results of the other on the same work." };
        var command = new Command("compare", "Ratios of the times in A to those in B, worst first; below 1, A is faster.") { first, second };
        command.SetAction(result => Run(result.GetRequiredValue(first), result.GetRequiredValue(second)));
        return command;
    }

    private static void Run(string first, string second)
    {
        Dictionary<string, Result> ours = Read(first), theirs = Read(second);
        Pair[] pairs = [.. ours.Keys.Where(theirs.ContainsKey).Select(key => new Pair(ours[key], theirs[key])).OrderByDescending(p => p.Ratio)];
        if (pairs.Length == 0) throw new EngineException($"{first} and {second} have no work in common");
        Console.WriteLine("| work | cases | geometric mean of A/B | best | worst |");
        Console.WriteLine("|---|---:|---:|---:|---:|");
        foreach (IGrouping<string, Pair> family in pairs.GroupBy(p => p.A.Family).OrderByDescending(Mean))
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"| {family.Key} | {family.Count()} | {Mean(family):F2} | {family.Min(p => p.Ratio):F2} | {family.Max(p => p.Ratio):F2} |"));
        Console.WriteLine();
        Console.WriteLine("| work | A ms | B ms | A/B |");
        Console.WriteLine("|---|---:|---:|---:|");
        foreach (Pair p in pairs)
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {p.A.Name} | {p.A.Milliseconds:G4} | {p.B.Milliseconds:G4} | {p.Ratio:F2} |"));
        int alone = ours.Count + theirs.Count - 2 * pairs.Length;
        if (alone > 0) Console.Error.WriteLine($"{alone} results stand in one file only");
    }

    private static double Mean(IEnumerable<Pair> pairs) => Math.Exp(pairs.Average(p => Math.Log(p.Ratio)));

    // The last line of the same work counts: files are appended to.
    private static Dictionary<string, Result> Read(string path)
    {
        if (!File.Exists(path)) throw new EngineException($"{path}: no such file");
        var results = new Dictionary<string, Result>(StringComparer.Ordinal);
        int number = 0;
        foreach (string line in File.ReadLines(path))
        {
            number++;
            if (line.Length == 0) continue;
            Result result = Parse(line) ?? throw new EngineException($"{path}: line {number} is no result (a JSON object with task and ms or ms_median)");
            results[result.Name] = result;
        }
        return results;
    }

    private static Result? Parse(string line)
    {
        try
        {
            if (JsonNode.Parse(line) is not JsonObject record || record["task"] is null) return null;
            if ((record["ms_amortised"] ?? record["ms"] ?? record["ms_median"])?.GetValue<double>() is not { } ms) return null;
            string Value(string key) => record[key]?.ToString() ?? "";
            return new Result(string.Join(' ', Keys.Select(Value).Where(v => v.Length > 0 && v != "none" && v != "micro")),
                Value("op").Length > 0 ? $"{Value("op")} {Value("phase")}" : Value("task"), ms);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    private sealed record Result(string Name, string Family, double Milliseconds);

    private sealed record Pair(Result A, Result B)
    {
        public double Ratio => A.Milliseconds / B.Milliseconds;
    }
}
