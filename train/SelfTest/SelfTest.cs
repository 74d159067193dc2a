using System.Diagnostics;
using System.Globalization;
using SeLoRA.Engine;

namespace SeLoRA.Train;

/// <summary>
/// Holds a device to the host, operation by operation: the same results and gradients within each case's tolerance, the same bits when
/// run again, and gradients that equal finite differences. Answers whether a driver can be trusted with a long run.
/// </summary>
internal static class SelfTest
{
    /// <summary>Runs the cases and prints a line for each operation.</summary>
    /// <param name="device">The device that is tested.</param>
    /// <param name="cases">Rows of the case table.</param>
    /// <param name="print">Takes each line.</param>
    /// <param name="cancel">Ends the test between two cases.</param>
    /// <returns>How many operations failed.</returns>
    /// <exception cref="OperationCanceledException">Cancelled between two cases.</exception>
    public static int Run(Device device, IEnumerable<OpCase> cases, Action<string> print, CancellationToken cancel = default)
    {
        var clock = Stopwatch.StartNew();
        int right = 0, wrong = 0, count = 0;
        print($"{"",-4}  {"operation",-20} {"cases",5}  {"distance",9}  {"gradient",9}  {"seconds",7}");
        foreach (IGrouping<string, OpCase> operation in cases.GroupBy(c => c.Op))
        {
            TimeSpan start = clock.Elapsed;
            var results = new List<CaseResult>();
            foreach (OpCase c in operation)
            {
                cancel.ThrowIfCancellationRequested();
                results.Add(Check(c, device));
            }
            string[] problems = [.. results.SelectMany(r => r.Problems)];
            print(string.Create(CultureInfo.InvariantCulture,
                $"{(problems.Length == 0 ? "ok" : "FAIL"),-4}  {operation.Key,-20} {results.Count,5}  {Worst(results.Select(r => r.Distance)),9:G2}  "
                + $"{Worst(results.Select(r => r.GradientError)),9:G2}  {(clock.Elapsed - start).TotalSeconds,7:F1}"));
            foreach (string problem in problems) print($"      {problem}");
            count += results.Count;
            if (problems.Length == 0) right++;
            else wrong++;
        }
        print(string.Create(CultureInfo.InvariantCulture,
            $"{device}: {right} operations agree with the host, {wrong} do not ({count} cases, {clock.Elapsed.TotalSeconds:F0} s)"));
        return wrong;
    }

    // Max of no numbers is "-"; NaN, which is worse than any number, wins.
    private static string Worst(IEnumerable<double?> values)
    {
        double[] known = [.. values.OfType<double>()];
        if (known.Length == 0) return "-";
        double worst = Array.Exists(known, double.IsNaN) ? double.NaN : known.Max();
        return worst.ToString("G2", CultureInfo.InvariantCulture);
    }

    private static CaseResult Check(OpCase c, Device device)
    {
        var problems = new List<string>();
        double? distance = null, gradientError = null;
        try
        {
            distance = Agreement(c, device, problems);
            if (c is { Smooth: true, Realistic: false }) gradientError = Gradients(c, device, problems);
        }
        catch (EngineException e)
        {
            problems.Add($"{c.Name}: {e.Message}");
        }
        return new CaseResult(distance, gradientError, problems);
    }

    private static double Agreement(OpCase c, Device device, List<string> problems)
    {
        float[][] expected = c.Evaluate(Device.Cpu), actual = c.Evaluate(device), again = c.Evaluate(device);
        double worst = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            string what = i == 0 ? "result" : $"gradient of input {i - 1}";
            double distance = Distance.RelativeL2(actual[i], expected[i]);
            if (!(distance <= worst)) worst = distance;
            if (!(distance <= c.AgreementTolerance))
                problems.Add(FormattableString.Invariant($"{c.Name}: {what}: distance {distance:G3} from the host, allowed {c.AgreementTolerance:G3}"));
            if (!actual[i].AsSpan().SequenceEqual(again[i])) problems.Add($"{c.Name}: {what}: a second run gave other bits");
        }
        return worst;
    }

    private static double Gradients(OpCase c, Device device, List<string> problems)
    {
        GradientCheckResult result = c.CheckGradient(device);
        foreach (GradientCheckInput input in result.Inputs.Where(i => !i.Ok))
            problems.Add(FormattableString.Invariant(
                $"{c.Name}: gradient of input {input.Index}: error {input.MaxRelativeError:G3} against differences, allowed {c.GradientTolerance:G3}; {input.Where}"));
        return result.Inputs.Max(i => i.MaxRelativeError);
    }

    private sealed record CaseResult(double? Distance, double? GradientError, List<string> Problems);
}
