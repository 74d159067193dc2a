using System.Globalization;
using System.Text;

namespace SeLoRA.Train;

/// <summary>Lines of an SVG drawing.</summary>
internal static class SvgPath
{
    /// <summary>The <c>d</c> of a path through the points; a value that is not finite is a gap, and steps go sideways first.</summary>
    public static string Through(
        IEnumerable<(double Step, double Value)> points, Func<double, double> x, Func<double, double> y, bool steps = false)
    {
        var d = new StringBuilder();
        bool open = false;
        foreach ((double step, double value) in points)
        {
            if (!double.IsFinite(value))
            {
                open = false;
                continue;
            }
            if (open && steps) d.Append(CultureInfo.InvariantCulture, $"H{x(step):0.#}V{y(value):0.#}");
            else d.Append(CultureInfo.InvariantCulture, $"{(open ? 'L' : 'M')}{x(step):0.#} {y(value):0.#}");
            open = true;
        }
        return d.ToString();
    }

    /// <summary>
    /// At most about twice <paramref name="buckets"/> points, the lowest and the highest of each stretch: the drawing of a long run keeps its
    /// spikes and stays small.
    /// </summary>
    public static IReadOnlyList<(double Step, double Value)> Thin(IReadOnlyList<(double Step, double Value)> points, int buckets)
    {
        if (points.Count <= 2 * buckets) return points;
        var kept = new List<(double Step, double Value)>(2 * buckets);
        foreach (var stretch in points.Chunk((points.Count + buckets - 1) / buckets))
        {
            var low = stretch.MinBy(p => double.IsNaN(p.Value) ? double.PositiveInfinity : p.Value);
            var high = stretch.MaxBy(p => double.IsNaN(p.Value) ? double.NegativeInfinity : p.Value);
            kept.Add(low.Step <= high.Step ? low : high);
            if (low.Step != high.Step) kept.Add(low.Step <= high.Step ? high : low);
        }
        return kept;
    }
}
