using System.Globalization;

namespace SeLoRA.Train;

/// <summary>Axis marks at 1, 2 or 5 times a power of ten, and how to write them.</summary>
internal static class NiceTicks
{
    /// <summary>At most <paramref name="count"/> + 1 marks inside [low, high], in ascending order.</summary>
    public static IReadOnlyList<double> Between(double low, double high, int count)
    {
        double step = Step(low, high, count);
        var ticks = new List<double>();
        // Counting in whole steps, so that 0.3 is not 0.30000000000000004 after some additions.
        for (double i = Math.Ceiling(low / step - 1e-9); i * step <= high + 1e-9 * step; i++) ticks.Add(i * step);
        return ticks;
    }

    /// <summary>The distance of the marks.</summary>
    public static double Step(double low, double high, int count)
    {
        double rough = (high - low) / Math.Max(1, count);
        if (!(rough > 0) || double.IsInfinity(rough)) return 1;
        double power = Math.Pow(10, Math.Floor(Math.Log10(rough)));
        double digit = rough / power;
        return power * (digit <= 1 ? 1 : digit <= 2 ? 2 : digit <= 5 ? 5 : 10);
    }

    /// <summary>With as many decimals as the distance of the marks needs.</summary>
    public static string Label(double value, double step)
    {
        double size = Math.Max(Math.Abs(value), step);
        if (size >= 1e7 || step < 1e-5) return value.ToString("0.##e+0", CultureInfo.InvariantCulture);
        int decimals = Math.Max(0, -(int)Math.Floor(Math.Log10(step) + 1e-9));
        string text = value.ToString($"F{decimals}", CultureInfo.InvariantCulture);
        return text.TrimStart('-').Trim('0', '.').Length == 0 ? "0" : text;
    }
}
