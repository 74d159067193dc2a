using System.Globalization;
using System.Text.Json.Nodes;

namespace SeLoRA.Bench;

/// <summary>The last words of a check: what passed, and how the times are to PyTorch's.</summary>
internal static class CheckTable
{
    /// <summary>Times at most those of PyTorch; SeLoRA's steps at most 2.5 % over LoRA's, the bound that its paper gives.</summary>
    public const double PeerBar = 1, OverheadBar = 1.025;

    /// <summary>Its lines.</summary>
    /// <param name="options">What was checked.</param>
    /// <param name="deviceName">The device's own name.</param>
    /// <param name="results">How the parts ended.</param>
    /// <param name="took">Time of all.</param>
    public static IEnumerable<string> Lines(CheckOptions options, string deviceName, IReadOnlyList<CheckResult> results, TimeSpan took)
    {
        yield return string.Create(CultureInfo.InvariantCulture, $"gpu-check on {options.Device} ({deviceName}), {options.Model}, {took.TotalSeconds:F0} s; results are in {options.Folder}");
        foreach (CheckResult r in results.Where(r => r.Part.Kind == CheckKind.Tests && r.Outcome is CheckOutcome.Passed or CheckOutcome.Failed))
            yield return $"{r.Part.Name,-34} {r.Passed,5} passed {r.Failed,4} failed {r.Skipped,4} skipped  {(r.Outcome == CheckOutcome.Passed ? "ok" : "FAILED")}";
        foreach (CheckResult r in results.Where(r => r.Part.Kind == CheckKind.Sanitizer && r.Outcome == CheckOutcome.Passed))
            yield return $"{r.Part.Name,-34} no errors  ok";
        foreach (string line in Times(options.Folder)) yield return line;
        foreach (IGrouping<string, CheckResult> same in results.Where(r => r.Outcome is CheckOutcome.Skipped or CheckOutcome.LeftOut)
            .GroupBy(r => (r.Outcome == CheckOutcome.Skipped ? "skipped" : "left out") + $", {r.Why}"))
            yield return $"{same.Key}: {(same.Count() > 3 ? $"{same.Count()} parts, from '{same.First().Part.Name}' on" : string.Join(", ", same.Select(r => r.Part.Name)))}";
        foreach (CheckResult r in results.Where(r => r.Outcome == CheckOutcome.Failed)) yield return $"FAILED {r.Part.Name}: {r.Why}";
        int failed = results.Count(r => r.Outcome == CheckOutcome.Failed);
        yield return $"{results.Count(r => r.Outcome == CheckOutcome.Passed)} parts passed, {failed} failed, "
            + $"{results.Count(r => r.Outcome == CheckOutcome.Skipped)} skipped, {results.Count(r => r.Outcome == CheckOutcome.LeftOut)} left out";
    }

    private static IEnumerable<string> Times(string folder)
    {
        Result[] ours = [.. Read(folder, CheckRun.EngineFile).Values];
        Dictionary<string, Result> eager = Read(folder, CheckRun.PeerFile), compiled = Read(folder, CheckRun.CompiledFile);
        if (ours.Length == 0) yield break;
        yield return $"{"time, ms",-44} {"ours",9} {"PyTorch",9} {"ratio",6} {"compiled",9} {"ratio",6}  bar {PeerBar:F2}";
        foreach (Result r in ours.Where(r => !r.Family.Contains(' ') && r.Family != SeLoRAOverhead.Name)) yield return Row(r.Name, [r], eager, compiled);
        // Of single operators the geometric mean over their shapes; the files have each.
        foreach (IGrouping<string, Result> family in ours.Where(r => r.Family.Contains(' ')).GroupBy(r => $"{r.Family} {r.Name.Split(' ')[^1]}"))
            yield return Row($"{family.Key} (mean of {family.Count()})", [.. family], eager, compiled);
        foreach ((string name, double ratio) in Overheads(folder))
            yield return string.Create(CultureInfo.InvariantCulture, $"{name,-34} SeLoRA / LoRA {ratio:F4}, bar {OverheadBar}{(ratio > OverheadBar ? "  over" : "")}");
    }

    private static string Row(string name, Result[] ours, params Dictionary<string, Result>[] peers)
    {
        string cells = "", verdict = "";
        foreach (Dictionary<string, Result> peer in peers)
        {
            Result[] both = [.. ours.Where(r => peer.ContainsKey(r.Name))];
            double theirs = Mean(both.Select(r => peer[r.Name].Milliseconds)), ratio = Mean(both.Select(r => r.Milliseconds)) / theirs;
            cells += both.Length == 0 ? $" {"-",9} {"-",6}" : string.Create(CultureInfo.InvariantCulture, $" {theirs,9:G4} {ratio,6:F2}");
            if (ratio > PeerBar) verdict = "  over";
        }
        return string.Create(CultureInfo.InvariantCulture, $"{name,-44} {Mean(ours.Select(r => r.Milliseconds)),9:G4}{cells}{verdict}");
    }

    private static double Mean(IEnumerable<double> values) => Math.Exp(values.Select(v => Math.Log(v)).DefaultIfEmpty(double.NaN).Average());

    private static Dictionary<string, Result> Read(string folder, string file) => Result.ReadWhole(Path.Combine(folder, file));

    private static IEnumerable<(string Name, double Ratio)> Overheads(string folder) =>
        from line in File.ReadLines(Path.Combine(folder, CheckRun.EngineFile))
        where line.StartsWith($"{{\"task\":\"{SeLoRAOverhead.Name}\"", StringComparison.Ordinal) && line.EndsWith('}')
        let record = JsonNode.Parse(line)!
        select ($"{SeLoRAOverhead.Name} {record["size"]} x{record["batch"]} {record["dtype"]}", record["ratio_of_test_alone"]!.GetValue<double>());
}
