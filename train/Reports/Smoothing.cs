namespace SeLoRA.Train;

/// <summary>The moving average that makes a noisy loss readable.</summary>
internal static class Smoothing
{
    /// <summary>
    /// Exponential moving average over about a thirtieth of the points, corrected for its start (as Adam corrects its moments), so that
    /// the first values are averages too. Values that are not finite stay in place as gaps and do not enter the average.
    /// </summary>
    public static IReadOnlyList<(double Step, double Value)> Average(IReadOnlyList<(double Step, double Value)> points)
    {
        double keep = 1 - 1 / Math.Max(1.0, points.Count / 30.0);
        double average = 0, weight = 0;
        var result = new List<(double Step, double Value)>(points.Count);
        foreach ((double step, double value) in points)
        {
            if (!double.IsFinite(value))
            {
                result.Add((step, value));
                continue;
            }
            average = keep * average + (1 - keep) * value;
            weight = keep * weight + (1 - keep);
            result.Add((step, average / weight));
        }
        return result;
    }
}
