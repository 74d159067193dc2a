using System.CommandLine;
using System.Globalization;
using SeLoRA.Engine;

namespace SeLoRA.Bench;

/// <summary>compare: two files of results side by side, worst ratio first, as Markdown.</summary>
internal static class CompareCommand
{
    /// <summary>The verb.</summary>
    public static Command Create()
    {
        var first = new Argument<string>("A.jsonl") { Description = "Results of one program, a JSON object a line." };
        var second = new Argument<string>("B.jsonl") { Description = "Results of the other on the same work." };
        var least = new Option<bool>("--min") { Description = "Compare the least times instead: what a machine with noisy neighbours does when they are quiet." };
        var command = new Command("compare", "Ratios of the times in A to those in B, worst first; below 1, A is faster. Of repeated results the median counts.") { first, second, least };
        command.SetAction(result => Run(result.GetRequiredValue(first), result.GetRequiredValue(second), result.GetValue(least)));
        return command;
    }

    private static void Run(string first, string second, bool least)
    {
        Dictionary<string, Result> ours = Result.Read(first, least), theirs = Result.Read(second, least);
        Pair[] pairs = [.. ours.Keys.Where(theirs.ContainsKey).Select(key => new Pair(ours[key], theirs[key])).OrderByDescending(p => p.Ratio)];
        if (pairs.Length == 0) throw new EngineException($"{first} and {second} have no work in common");
        Console.WriteLine("| work | cases | geometric mean of A/B | best | worst |");
        Console.WriteLine("|---|---:|---:|---:|---:|");
        foreach (IGrouping<string, Pair> family in pairs.GroupBy(p => p.A.Family).OrderByDescending(Mean))
            Row(family.Key, $"{family.Count()}", Text(Mean(family), "F2"), Text(family.Min(p => p.Ratio), "F2"), Text(family.Max(p => p.Ratio), "F2"));
        Console.WriteLine();
        Console.WriteLine("| work | A ms | B ms | A/B | A's rate | of ceiling |");
        Console.WriteLine("|---|---:|---:|---:|---:|---:|");
        foreach (Pair p in pairs)
            Row(p.A.Name, Text(p.A.Milliseconds, "G4"), Text(p.B.Milliseconds, "G4"), Text(p.Ratio, "F2"),
                p.A.Rate is { } rate ? $"{Text(rate, "F1")} {p.A.Unit}" : "", p.A.OfCeiling is { } share ? Text(share, "F2") : "");
        int alone = ours.Count + theirs.Count - 2 * pairs.Length;
        if (alone > 0) Console.Error.WriteLine($"{alone} results stand in one file only");
    }

    private static double Mean(IEnumerable<Pair> pairs) => Math.Exp(pairs.Average(p => Math.Log(p.Ratio)));

    private static string Text(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);

    private static void Row(params ReadOnlySpan<string?> cells) => Console.WriteLine($"| {string.Join(" | ", cells)} |");

    private sealed record Pair(Result A, Result B)
    {
        public double Ratio => A.Milliseconds / B.Milliseconds;
    }
}
