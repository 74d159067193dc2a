namespace SeLoRA.Train;

/// <summary>A range of values and the marks in it.</summary>
internal sealed class PlotAxis
{
    private readonly double _low, _high, _step;

    private PlotAxis(double low, double high, int ticks, bool whole = false)
    {
        // A constant still needs a range to stand in.
        if (!(high > low))
        {
            double around = whole || low == 0 ? 1 : Math.Abs(low) * 0.1;
            (low, high) = (low - around, low + around);
        }
        (_low, _high) = (low, high);
        // There is nothing between two steps to mark.
        if (whole) ticks = (int)Math.Clamp(high - low, 1, ticks);
        _step = NiceTicks.Step(low, high, ticks);
        Ticks = NiceTicks.Between(low, high, ticks);
    }

    public double High => _high;

    public IReadOnlyList<double> Ticks { get; }

    /// <summary>From the first step to the last.</summary>
    public static PlotAxis OverSteps(IEnumerable<double> steps)
    {
        List<double> all = [.. steps];
        return all.Count == 0 ? new PlotAxis(0, 1, 8, whole: true) : new PlotAxis(all.Min(), all.Max(), 8, whole: true);
    }

    /// <summary>
    /// The whole range of what is drawn in full strength; of faint raw values only the middle 98 %, so that one spike of a noisy loss
    /// does not flatten the rest.
    /// </summary>
    public static PlotAxis OverValues(IEnumerable<LineSeries> series)
    {
        var values = new List<double>();
        foreach (LineSeries s in series)
        {
            IEnumerable<double> own = s.Points.Select(p => p.Value).Where(double.IsFinite);
            if (s.Style != LineStyle.Smoothed)
            {
                values.AddRange(own);
                continue;
            }
            List<double> sorted = [.. own.Order()];
            int cut = sorted.Count / 100;
            values.AddRange([sorted[cut], sorted[^(1 + cut)]]);
            values.AddRange(Smoothing.Average(s.Points).Select(p => p.Value).Where(double.IsFinite));
        }
        if (values.Count == 0) return new PlotAxis(0, 1, 6);
        double low = values.Min(), high = values.Max(), room = 0.04 * (high - low);
        return new PlotAxis(low >= 0 ? Math.Max(0, low - room) : low - room, high + room, 6);
    }

    /// <summary>Pixel of a value between the pixels of the range's ends.</summary>
    public float Position(double value, float start, float end) => (float)(start + (value - _low) / (_high - _low) * (end - start));

    public string Label(double tick) => NiceTicks.Label(tick, _step);
}
