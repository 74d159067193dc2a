namespace SeLoRA.Bench.TorchSharp;

/// <summary>Times an action.</summary>
internal static class Stopwatch
{
    /// <summary>Median seconds of a call: two to warm up, then at least five and at least half a second of them.</summary>
    public static double Median(Action run)
    {
        Once(run);
        Once(run);
        var times = new List<double>();
        while (times.Count < 5 || (times.Sum() < 0.5 && times.Count < 10_000)) times.Add(Once(run));
        times.Sort();
        return times[times.Count / 2];
    }

    private static double Once(Action run)
    {
        long start = System.Diagnostics.Stopwatch.GetTimestamp();
        run();
        return System.Diagnostics.Stopwatch.GetElapsedTime(start).TotalSeconds;
    }
}
