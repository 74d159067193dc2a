namespace SeLoRA.Model;

/// <summary>
/// Choice of timesteps: leading, linspace or trailing (Lin et al. 2024, table 2), with diffusers' rounding.
/// All lists are descending.
/// </summary>
internal static class TimestepSpacing
{
    public const string Leading = "leading", Linspace = "linspace", Trailing = "trailing";

    public static string Of(SchedulerConfig config, string ifMissing) =>
        config.Choice("timestep_spacing", ifMissing, Leading, Linspace, Trailing);

    public static int Offset(SchedulerConfig config) => config.Integer("steps_offset", 0, 0, 1_000_000);

    /// <summary>The spacing of DDPM, DDIM, PNDM and the Euler family; only the latter keep fractions of linspace.</summary>
    public static double[] Create(string spacing, int length, int steps, int offset, bool round) => spacing switch
    {
        Linspace => FromZero(length - 1, steps, round),
        Leading => Multiples(length / steps, steps, offset),
        _ => FromEnd(length, length / (double)steps, steps),
    };

    /// <summary>The spacing of DPM-Solver and UniPC: as if there were one more step, which is then left out.</summary>
    public static double[] CreateForMultistep(string spacing, int length, int last, int steps, int offset) => spacing switch
    {
        Linspace => FromZero(last - 1, steps + 1, round: true)[..^1],
        Leading => Multiples(last / (steps + 1), steps + 1, offset)[..^1],
        _ => FromEnd(last, length / (double)steps, steps),
    };

    // numpy.linspace(0, end, count), descending.
    private static double[] FromZero(double end, int count, bool round)
    {
        var values = new double[count];
        double step = count > 1 ? end / (count - 1) : 0;
        for (int i = 0; i < count; i++)
        {
            double value = count > 1 && i == count - 1 ? end : i * step;
            values[count - 1 - i] = round ? Math.Round(value, MidpointRounding.ToEven) : (float)value;
        }

        return values;
    }

    private static double[] Multiples(int ratio, int count, int offset)
    {
        var values = new double[count];
        for (int i = 0; i < count; i++) values[count - 1 - i] = (double)i * ratio + offset;
        return values;
    }

    // numpy.arange(length, 0, -ratio), rounded to even, minus 1. Where ratio is not exact numpy can give one value more
    // than there are steps (61 of 1000, say), whose timestep is -1: it is left out.
    private static double[] FromEnd(int length, double ratio, int steps)
    {
        double delta = (length - ratio) - length;
        int count = (int)Math.Min(steps, Math.Ceiling(length / ratio));
        var values = new double[count];
        for (int i = 0; i < count; i++)
            values[i] = Math.Round(length + i * delta, MidpointRounding.ToEven) - 1;
        return values;
    }
}
