namespace SeLoRA.Model;

/// <summary>What the samplers in sigma share (Euler and its kin): scaling of the model's input, the start, the sigmas.</summary>
public abstract class SigmaScheduler : SchedulerBase
{
    private protected SigmaScheduler(SchedulerConfig config, bool rescale)
        : base(config, rescale, keepLastPositive: true)
    {
        Spacing = TimestepSpacing.Of(config, TimestepSpacing.Linspace);
    }

    /// <summary>The largest sigma; with leading spacing, whose start is not pure noise, sqrt(sigma^2 + 1).</summary>
    public override float InitNoiseSigma
    {
        get
        {
            double max = 0;
            foreach (float sigma in Sigmas) max = Math.Max(max, sigma);
            if (Sigmas.IsEmpty) max = new SigmaSchedule(Schedule, Config, limits: false).Last;
            return (float)(Spacing == TimestepSpacing.Leading ? Math.Sqrt(max * max + 1) : max);
        }
    }

    private protected string Spacing { get; }

    /// <inheritdoc/>
    public override void ScaleModelInput(ReadOnlySpan<float> sample, int stepIndex, Span<float> result)
    {
        base.ScaleModelInput(sample, stepIndex, result);
        float divisor = (float)Math.Sqrt((double)Sigmas[stepIndex] * Sigmas[stepIndex] + 1);
        for (int i = 0; i < result.Length; i++) result[i] /= divisor;
    }

    /// <summary>Timesteps of the spacing and their sigmas, respaced (Karras, exponential) where configured.</summary>
    private protected (double[] Timesteps, double[] Sigmas) PlanSigmas(int steps, SigmaSchedule table, string? kind)
    {
        double[] t = TimestepSpacing.Create(Spacing, Schedule.Length, steps, Offset, round: false);
        double[] s = Array.ConvertAll(t, table.At);
        if (kind is null) return (t, s);
        s = table.Space(kind, s[0], s[^1], steps);
        return (Array.ConvertAll(s, table.TimestepOf), s);
    }
}
