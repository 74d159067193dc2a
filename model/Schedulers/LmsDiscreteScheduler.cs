namespace SeLoRA.Model;

/// <summary>
/// Linear multistep in sigma (k-diffusion's lms, diffusers' <c>LMSDiscreteScheduler</c>): the last
/// <see cref="StepOptions.Order"/> slopes are interpolated by a polynomial, which is integrated over the step.
/// </summary>
public sealed class LmsDiscreteScheduler : SigmaScheduler
{
    private readonly PredictionType prediction;
    private readonly SigmaSchedule table;
    private readonly string? kind;
    private readonly List<double[]> derivatives = [];

    /// <summary>Builds it from a configuration.</summary>
    /// <param name="config">Missing keys take diffusers' defaults for this class.</param>
    /// <exception cref="SeLoRA.Engine.EngineException">A value is unknown or not supported.</exception>
    public LmsDiscreteScheduler(SchedulerConfig config)
        : base(config, rescale: false)
    {
        prediction = Prediction.TypeOf(config);
        table = new SigmaSchedule(Schedule, config, limits: false);
        kind = SigmaSchedule.Kind(config);
    }

    /// <inheritdoc/>
    public override string ClassName => "LMSDiscreteScheduler";

    private protected override bool Remembers => true;

    private protected override (double[] Timesteps, double[] Sigmas) Plan(int steps)
    {
        (double[] t, double[] s) = PlanSigmas(steps, table, kind);
        return (t, [.. s, 0]);
    }

    private protected override void Reset() => derivatives.Clear();

    private protected override void Advance(
        ReadOnlySpan<float> modelOutput, int stepIndex, ReadOnlySpan<float> sample, Span<float> result, NoiseSource? noise)
    {
        if (Options.Order is < 1 or > 4)
            throw Config.Error($"{ClassName}: order {Options.Order} is not in 1 .. 4");
        double sigma = Sigmas[stepIndex];
        Prediction original = Prediction.OriginalOfSigma(prediction, sigma);
        var derivative = new double[sample.Length];
        for (int i = 0; i < sample.Length; i++)
            derivative[i] = (sample[i] - original.Of(sample[i], modelOutput[i])) / sigma;
        derivatives.Add(derivative);
        if (derivatives.Count > Options.Order) derivatives.RemoveAt(0);

        var weights = new double[derivatives.Count];
        for (int k = 0; k < weights.Length; k++) weights[k] = Weight(stepIndex, k, weights.Length);
        for (int i = 0; i < sample.Length; i++)
        {
            double sum = 0;
            for (int k = 0; k < weights.Length; k++) sum += weights[k] * derivatives[^(k + 1)][i];
            result[i] = (float)(sample[i] + sum);
        }
    }

    // The integral over the step of the Lagrange polynomial that is 1 at the k-th last sigma and 0 at the others. Two
    // Gauss points integrate a cubic exactly, and order 4 is a cubic.
    private double Weight(int stepIndex, int k, int order)
    {
        double from = Sigmas[stepIndex], to = Sigmas[stepIndex + 1];
        double middle = (from + to) / 2, half = (to - from) / 2;
        return half * (Lagrange(middle - half / Math.Sqrt(3)) + Lagrange(middle + half / Math.Sqrt(3)));

        double Lagrange(double tau)
        {
            double product = 1;
            for (int j = 0; j < order; j++)
                if (j != k) product *= (tau - Sigmas[stepIndex - j]) / ((double)Sigmas[stepIndex - k] - Sigmas[stepIndex - j]);
            return product;
        }
    }
}
