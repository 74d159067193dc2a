namespace SeLoRA.Model;

/// <summary>
/// Noise levels of the samplers that are written in sigma = sqrt((1 - a) / a): the table over all training timesteps,
/// and the spacings of Karras et al. 2022 (eq. 5), exponential and Lu et al. 2022 (uniform in lambda).
/// </summary>
internal sealed class SigmaSchedule
{
    private const double Rho = 7;
    private readonly float[] table;
    private readonly float[] logTable;
    private readonly double? sigmaMin;
    private readonly double? sigmaMax;

    public SigmaSchedule(NoiseSchedule schedule, SchedulerConfig config, bool limits)
    {
        table = new float[schedule.Length];
        for (int t = 0; t < table.Length; t++)
        {
            float a = schedule.AlphasCumprod[t];
            table[t] = MathF.Sqrt((1 - a) / a);
        }

        logTable = Array.ConvertAll(table, MathF.Log);
        // Only EulerDiscreteScheduler has these two keys; the others ignore them.
        sigmaMin = limits ? config.NumberOrNull("sigma_min") : null;
        sigmaMax = limits ? config.NumberOrNull("sigma_max") : null;
    }

    public double First => table[0];

    public double Last => table[^1];

    /// <summary>Which of the spacings a configuration asks for.</summary>
    public static string? Kind(SchedulerConfig config, bool lu = false)
    {
        string? kind = null;
        foreach (string key in (string[])["use_karras_sigmas", "use_exponential_sigmas", "use_beta_sigmas"])
        {
            if (!config.Flag(key, false)) continue;
            if (kind is not null) throw config.Error($"{kind} and {key} are both true; at most one of them can be");
            kind = key;
        }

        if (kind == "use_beta_sigmas")
            throw config.Error("use_beta_sigmas is not supported; use_karras_sigmas and use_exponential_sigmas are");
        if (kind is null && lu && config.Flag("use_lu_lambdas", false)) kind = "use_lu_lambdas";
        return kind;
    }

    /// <summary>Sigma at a fractional timestep, by linear interpolation; clamped at both ends.</summary>
    public double At(double timestep)
    {
        if (timestep <= 0) return table[0];
        if (timestep >= table.Length - 1) return table[^1];
        int low = (int)timestep;
        double slope = (double)table[low + 1] - table[low];
        return slope * (timestep - low) + table[low];
    }

    /// <summary>The timestep, with a fraction, at which the table has this sigma; linear in its logarithm.</summary>
    public double TimestepOf(double sigma)
    {
        double log = Math.Log(Math.Max(sigma, 1e-10));
        int low = 0;
        for (int t = table.Length - 1; t > 0; t--)
            if (log >= logTable[t]) { low = t; break; }
        if (table.Length == 1) return 0;
        low = Math.Min(low, table.Length - 2);
        double weight = (logTable[low] - log) / ((double)logTable[low] - logTable[low + 1]);
        weight = Math.Clamp(weight, 0, 1);
        return (1 - weight) * low + weight * (low + 1);
    }

    /// <summary>Sigmas of a spacing between two ends, descending.</summary>
    public double[] Space(string kind, double max, double min, int steps)
    {
        max = sigmaMax ?? max;
        min = sigmaMin ?? min;
        return kind switch
        {
            "use_karras_sigmas" => Ramp(
                Math.Pow(max, 1 / Rho), Math.Pow(min, 1 / Rho), steps, root => Math.Pow(root, Rho)),
            "use_lu_lambdas" => Ramp(logTable[^1], logTable[0], steps, Math.Exp),
            _ => Ramp(Math.Log(max), Math.Log(min), steps, Math.Exp),
        };
    }

    private static double[] Ramp(double from, double to, int steps, Func<double, double> map)
    {
        var values = new double[steps];
        for (int i = 0; i < steps; i++)
        {
            double ramp = steps == 1 ? 0 : i == steps - 1 ? 1 : i * (1.0 / (steps - 1));
            values[i] = map(from + ramp * (to - from));
        }

        return values;
    }
}
