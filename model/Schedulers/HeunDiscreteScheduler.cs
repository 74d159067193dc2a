namespace SeLoRA.Model;

/// <summary>
/// Karras et al. 2022, algorithm 1 (diffusers' <c>HeunDiscreteScheduler</c>): two evaluations a step, except the last.
/// </summary>
public sealed class HeunDiscreteScheduler : SigmaScheduler
{
    private readonly PredictionType prediction;
    private readonly SigmaSchedule table;
    private readonly string? kind;
    private readonly double clip;
    private float[] startSample = [];
    private double[] startDerivative = [];

    /// <summary>Builds it from a configuration.</summary>
    /// <param name="config">Missing keys take diffusers' defaults for this class.</param>
    /// <exception cref="SeLoRA.Engine.EngineException">A value is unknown or not supported.</exception>
    public HeunDiscreteScheduler(SchedulerConfig config)
        : base(config, rescale: false)
    {
        prediction = Prediction.TypeOf(config);
        table = new SigmaSchedule(Schedule, config, limits: false);
        kind = SigmaSchedule.Kind(config);
        clip = Clipping.Range(config, ifMissing: false);
    }

    /// <inheritdoc/>
    public override string ClassName => "HeunDiscreteScheduler";

    private protected override bool Remembers => true;

    private protected override (double[] Timesteps, double[] Sigmas) Plan(int steps)
    {
        (double[] t, double[] s) = PlanSigmas(steps, table, kind);
        return ([t[0], .. t[1..].SelectMany(Twice)], [s[0], .. s[1..].SelectMany(Twice), 0]);
    }

    private protected override void Reset() => startSample = [];

    private protected override void Advance(
        ReadOnlySpan<float> modelOutput, int stepIndex, ReadOnlySpan<float> sample, Span<float> result, NoiseSource? noise)
    {
        // Even indices predict with the slope at their sigma, odd ones redo the step with the mean of both slopes.
        bool predictor = stepIndex % 2 == 0;
        if (!predictor && startSample.Length != sample.Length)
            throw Config.Error($"{ClassName}: step {stepIndex} corrects the one before it, which was not made");
        int from = predictor ? stepIndex : stepIndex - 1;
        double sigma = Sigmas[from], next = Sigmas[from + 1];
        double sigmaHere = predictor ? sigma : next;
        Prediction original = Prediction.OriginalOfSigma(prediction, sigmaHere);
        if (predictor)
        {
            startSample = sample.ToArray();
            startDerivative = new double[sample.Length];
        }

        for (int i = 0; i < sample.Length; i++)
        {
            double x0 = Math.Clamp(original.Of(sample[i], modelOutput[i]), -clip, clip);
            double derivative = (sample[i] - x0) / sigmaHere;
            if (predictor) startDerivative[i] = derivative;
            else derivative = (startDerivative[i] + derivative) / 2;
            result[i] = (float)(startSample[i] + derivative * (next - sigma));
        }
    }

    private static double[] Twice(double value) => [value, value];
}
