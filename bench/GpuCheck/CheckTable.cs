using System.Globalization;
using System.Text.Json.Nodes;

namespace SeLoRA.Bench;

/// <summary>The last words of a check: what passed, and how the times are to PyTorch's.</summary>
internal static class CheckTable
{
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
        yield return $"{"time, ms",-44} {"ours",9} {"PyTorch",9} {"ratio",6} {"bar",4} {"compiled",9} {"ratio",6} {"bar",4}";
        foreach (Result r in ours.Where(r => !r.Family.Contains(' ') && r.Family != SeLoRAOverhead.Name)) yield return Row(r.Name, [r]);
        // Of single operators the geometric mean over their shapes; the files have each.
        foreach (IGrouping<string, Result> family in ours.Where(r => r.Family.Contains(' ')).GroupBy(r => $"{r.Family} {r.Name.Split(' ')[^1]}"))
            yield return Row($"{family.Key} (mean of {family.Count()})", [.. family]);
        foreach (Result r in ours.Where(r => r.Family == "train-step" && r.TensorGib is not null))
            yield return string.Create(CultureInfo.InvariantCulture, $"{$"peak GiB of {r.Name}",-44} {r.TensorGib,9:F2}")
                + Cells(r.TensorGib!.Value, eager.GetValueOrDefault(r.Name)?.TensorGib, CheckBars.Memory, out bool over) + (over ? "  over" : "");
        foreach ((string name, double ratio, double byTest) in Overheads(folder))
            yield return string.Create(CultureInfo.InvariantCulture,
                $"{name,-34} SeLoRA / LoRA {ratio:F4}, by the test alone {byTest:F4}, bar {CheckBars.Overhead}{(ratio > CheckBars.Overhead ? "  over" : "")}");

        string Row(string name, Result[] ours)
        {
            CheckBars bars = CheckBars.Of(ours[0].Family);
            return string.Create(CultureInfo.InvariantCulture, $"{name,-44} {Mean(ours.Select(r => r.Milliseconds)),9:G4}")
                + Beside(ours, eager, bars.Eager, out bool overEager) + Beside(ours, compiled, bars.Compiled, out bool overCompiled)
                + (overEager || overCompiled ? "  over" : "");
        }
    }

    /// <summary>Means over what the peer has too.</summary>
    private static string Beside(Result[] ours, Dictionary<string, Result> peer, double bar, out bool isOver)
    {
        Result[] both = [.. ours.Where(r => peer.ContainsKey(r.Name))];
        return Cells(Mean(both.Select(r => r.Milliseconds)), both.Length > 0 ? Mean(both.Select(r => peer[r.Name].Milliseconds)) : null, bar, out isOver);
    }

    private static string Cells(double ours, double? theirs, double bar, out bool isOver)
    {
        isOver = ours / theirs > bar;
        return theirs is null ? $" {"-",9} {"-",6} {"-",4}" : string.Create(CultureInfo.InvariantCulture, $" {theirs,9:G4} {ours / theirs,6:F3} {bar:F2}");
    }

    private static double Mean(IEnumerable<double> values) => Math.Exp(values.Select(v => Math.Log(v)).DefaultIfEmpty(double.NaN).Average());

    private static Dictionary<string, Result> Read(string folder, string file) => Result.ReadWhole(Path.Combine(folder, file));

    private static IEnumerable<(string Name, double Ratio, double ByTest)> Overheads(string folder) =>
        from line in File.ReadLines(Path.Combine(folder, CheckRun.EngineFile))
        where line.StartsWith($"{{\"task\":\"{SeLoRAOverhead.Name}\"", StringComparison.Ordinal) && line.EndsWith('}')
        let record = JsonNode.Parse(line)!
        select ($"{SeLoRAOverhead.Name} {record["size"]} x{record["batch"]} {record["dtype"]}", record["ratio"]!.GetValue<double>(), record["ratio_of_test_alone"]!.GetValue<double>());
}
