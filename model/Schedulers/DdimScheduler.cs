namespace SeLoRA.Model;

/// <summary>Song et al. 2021, eq. 12 and 16 (diffusers' <c>DDIMScheduler</c>), with any <see cref="StepOptions.Eta"/>.</summary>
public sealed class DdimScheduler : SchedulerBase
{
    private readonly PredictionType prediction;
    private readonly string spacing;
    private readonly double clip;
    private readonly double finalAlphaCumprod;

    /// <summary>Builds it from a configuration.</summary>
    /// <param name="config">Missing keys take diffusers' defaults for this class.</param>
    /// <exception cref="SeLoRA.Engine.EngineException">A value is unknown or not supported.</exception>
    public DdimScheduler(SchedulerConfig config)
        : base(config, rescale: true, keepLastPositive: false)
    {
        prediction = Prediction.TypeOf(config);
        spacing = TimestepSpacing.Of(config, TimestepSpacing.Leading);
        clip = Clipping.Range(config, ifMissing: true);
        finalAlphaCumprod = config.Flag("set_alpha_to_one", true) ? 1 : Schedule.AlphasCumprod[0];
    }

    /// <inheritdoc/>
    public override string ClassName => "DDIMScheduler";

    private protected override (double[] Timesteps, double[] Sigmas) Plan(int steps) =>
        (TimestepSpacing.Create(spacing, Schedule.Length, steps, Offset, round: true), []);

    private protected override void Advance(
        ReadOnlySpan<float> modelOutput, int stepIndex, ReadOnlySpan<float> sample, Span<float> result, NoiseSource? noise)
    {
        int t = (int)Timesteps[stepIndex];
        double a = AlphaCumprod(t, finalAlphaCumprod);
        double aPrevious = AlphaCumprod(t - Schedule.Length / Steps, finalAlphaCumprod);
        double alpha = Math.Sqrt(a), sigma = Math.Sqrt(1 - a);
        Prediction original = Prediction.Original(prediction, alpha, sigma);
        Prediction epsilon = Prediction.Noise(prediction, alpha, sigma);

        double eta = Options.Eta;
        double deviation = eta * Math.Sqrt((1 - aPrevious) / (1 - a) * (1 - a / aPrevious));
        double onOriginal = Math.Sqrt(aPrevious);
        double onEpsilon = Math.Sqrt(1 - aPrevious - deviation * deviation);
        float[] normals = eta > 0 ? DrawNoise(noise, sample.Length) : [];
        for (int i = 0; i < sample.Length; i++)
        {
            double x = sample[i];
            double x0 = Math.Clamp(original.Of(x, modelOutput[i]), -clip, clip);
            double eps = Options.UseClippedModelOutput ? (x - alpha * x0) / sigma : epsilon.Of(x, modelOutput[i]);
            double next = onOriginal * x0 + onEpsilon * eps;
            result[i] = (float)(eta > 0 ? next + deviation * normals[i] : next);
        }
    }
}
