namespace SeLoRA.Model;

/// <summary>
/// Ancestral sampling of Ho et al. 2020 (diffusers' <c>DDPMScheduler</c>), and the forward process that training uses:
/// <see cref="NoiseSchedule.AddNoise"/> of <see cref="IScheduler.Schedule"/>.
/// </summary>
public sealed class DdpmScheduler : SchedulerBase
{
    private readonly PredictionType prediction;
    private readonly string spacing;
    private readonly string variance;
    private readonly double clip;

    /// <summary>Builds it from a configuration.</summary>
    /// <param name="config">Missing keys take diffusers' defaults for this class.</param>
    /// <exception cref="SeLoRA.Engine.EngineException">A value is unknown or not supported.</exception>
    public DdpmScheduler(SchedulerConfig config)
        : base(config, rescale: true, keepLastPositive: false)
    {
        prediction = Prediction.TypeOf(config);
        spacing = TimestepSpacing.Of(config, TimestepSpacing.Leading);
        variance = config.Choice("variance_type", "fixed_small", "fixed_small", "fixed_small_log", "fixed_large");
        clip = Clipping.Range(config, ifMissing: true);
    }

    /// <inheritdoc/>
    public override string ClassName => "DDPMScheduler";

    private protected override (double[] Timesteps, double[] Sigmas) Plan(int steps) =>
        (TimestepSpacing.Create(spacing, Schedule.Length, steps, Offset, round: true), []);

    private protected override void Advance(
        ReadOnlySpan<float> modelOutput, int stepIndex, ReadOnlySpan<float> sample, Span<float> result, NoiseSource? noise)
    {
        int t = (int)Timesteps[stepIndex];
        int previous = stepIndex + 1 < Timesteps.Length ? (int)Timesteps[stepIndex + 1] : -1;
        double a = AlphaCumprod(t, 1), aPrevious = AlphaCumprod(previous, 1);
        double alpha = a / aPrevious, beta = 1 - alpha;
        Prediction original = Prediction.Original(prediction, Math.Sqrt(a), Math.Sqrt(1 - a));

        // Eq. 7: the mean of q(x_previous | x_t, x0), and its variance (clamped as its logarithm is taken by some).
        double onOriginal = Math.Sqrt(aPrevious) * beta / (1 - a);
        double onSample = Math.Sqrt(alpha) * (1 - aPrevious) / (1 - a);
        double small = Math.Max((1 - aPrevious) / (1 - a) * beta, 1e-20);
        double deviation = Math.Sqrt(variance == "fixed_large" ? beta : small);
        float[] normals = t > 0 ? DrawNoise(noise, sample.Length) : [];
        for (int i = 0; i < sample.Length; i++)
        {
            double x0 = Math.Clamp(original.Of(sample[i], modelOutput[i]), -clip, clip);
            double mean = onOriginal * x0 + onSample * sample[i];
            result[i] = (float)(t > 0 ? mean + deviation * normals[i] : mean);
        }
    }
}
