namespace SeLoRA.Model;

/// <summary>
/// Euler steps to a lower sigma than the next one, the rest made up by fresh noise (k-diffusion's euler_ancestral,
/// diffusers' <c>EulerAncestralDiscreteScheduler</c>). As there, Karras sigmas do not apply.
/// </summary>
public sealed class EulerAncestralDiscreteScheduler : SigmaScheduler
{
    private readonly PredictionType prediction;
    private readonly SigmaSchedule table;

    /// <summary>Builds it from a configuration.</summary>
    /// <param name="config">Missing keys take diffusers' defaults for this class.</param>
    /// <exception cref="SeLoRA.Engine.EngineException">A value is unknown or not supported.</exception>
    public EulerAncestralDiscreteScheduler(SchedulerConfig config)
        : base(config, rescale: true)
    {
        prediction = Prediction.TypeOf(config, allowSample: false);
        table = new SigmaSchedule(Schedule, config, limits: false);
    }

    /// <inheritdoc/>
    public override string ClassName => "EulerAncestralDiscreteScheduler";

    private protected override (double[] Timesteps, double[] Sigmas) Plan(int steps)
    {
        (double[] t, double[] s) = PlanSigmas(steps, table, kind: null);
        return (t, [.. s, 0]);
    }

    private protected override void Advance(
        ReadOnlySpan<float> modelOutput, int stepIndex, ReadOnlySpan<float> sample, Span<float> result, NoiseSource? noise)
    {
        double sigma = Sigmas[stepIndex], next = Sigmas[stepIndex + 1];
        double up = Math.Sqrt(next * next * (sigma * sigma - next * next) / (sigma * sigma));
        double down = Math.Sqrt(next * next - up * up);
        Prediction original = Prediction.OriginalOfSigma(prediction, sigma);
        float[] normals = DrawNoise(noise, sample.Length);
        for (int i = 0; i < sample.Length; i++)
        {
            double derivative = (sample[i] - original.Of(sample[i], modelOutput[i])) / sigma;
            result[i] = (float)(sample[i] + derivative * (down - sigma) + up * normals[i]);
        }
    }
}
