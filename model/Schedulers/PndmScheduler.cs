namespace SeLoRA.Model;

/// <summary>
/// Liu et al. 2022, pseudo numerical methods (diffusers' <c>PNDMScheduler</c>): linear multistep of order 4, started by
/// one improved Euler step (<c>skip_prk_steps</c>, as SD-1.5 does; its second timestep then occurs twice) or by three
/// pseudo Runge-Kutta steps of four evaluations each.
/// </summary>
public sealed class PndmScheduler : SchedulerBase
{
    private const int Order = 4;
    private readonly PredictionType prediction;
    private readonly string spacing;
    private readonly bool skipRungeKutta;
    private readonly double finalAlphaCumprod;
    private readonly List<float[]> outputs = [];
    private int rungeKuttaCount;
    private int counter;
    private float[] startSample = [];
    private double[] rungeKuttaSum = [];

    /// <summary>Builds it from a configuration.</summary>
    /// <param name="config">Missing keys take diffusers' defaults for this class.</param>
    /// <exception cref="SeLoRA.Engine.EngineException">A value is unknown or not supported.</exception>
    public PndmScheduler(SchedulerConfig config)
        : base(config, rescale: false, keepLastPositive: false)
    {
        prediction = Prediction.TypeOf(config, allowSample: false);
        spacing = TimestepSpacing.Of(config, TimestepSpacing.Leading);
        skipRungeKutta = config.Flag("skip_prk_steps", false);
        finalAlphaCumprod = config.Flag("set_alpha_to_one", false) ? 1 : Schedule.AlphasCumprod[0];
    }

    /// <inheritdoc/>
    public override string ClassName => "PNDMScheduler";

    private protected override bool Remembers => true;

    private int Stride => Schedule.Length / Steps;

    private protected override (double[] Timesteps, double[] Sigmas) Plan(int steps)
    {
        double[] t = TimestepSpacing.Create(spacing, Schedule.Length, steps, Offset, round: true);
        if (skipRungeKutta)
        {
            rungeKuttaCount = 0;
            return (steps == 1 ? t : [t[0], t[1], .. t[1..]], []);
        }

        if (steps < Order)
            throw Config.Error($"{ClassName} with Runge-Kutta steps (skip_prk_steps false) needs at least {Order} steps");

        // Each of the first three intervals: its start, its middle twice, its end.
        var plan = new List<double>();
        int half = Stride / 2;
        for (int i = 0; i < Order - 1; i++) plan.AddRange([t[i], t[i + 1] + half, t[i + 1] + half, t[i + 1]]);
        rungeKuttaCount = plan.Count;
        plan.AddRange(t[3..]);
        return ([.. plan], []);
    }

    private protected override void Reset()
    {
        counter = 0;
        outputs.Clear();
        startSample = [];
        rungeKuttaSum = [];
    }

    private protected override void Advance(
        ReadOnlySpan<float> modelOutput, int stepIndex, ReadOnlySpan<float> sample, Span<float> result, NoiseSource? noise)
    {
        if (counter < rungeKuttaCount) RungeKutta(modelOutput, stepIndex, sample, result);
        else Multistep(modelOutput, stepIndex, sample, result);
        counter++;
    }

    private void RungeKutta(ReadOnlySpan<float> modelOutput, int stepIndex, ReadOnlySpan<float> sample, Span<float> result)
    {
        int phase = counter % 4;
        int from = (int)Timesteps[stepIndex - phase];
        int to = (int)Timesteps[stepIndex] - (phase % 2 == 1 ? 0 : Stride / 2);
        if (phase == 0)
        {
            outputs.Add(modelOutput.ToArray());
            startSample = sample.ToArray();
            rungeKuttaSum = new double[sample.Length];
        }

        double weight = phase is 0 or 3 ? 1.0 / 6 : 1.0 / 3;
        for (int i = 0; i < sample.Length; i++) rungeKuttaSum[i] += weight * modelOutput[i];
        Transfer transfer = Between(from, to);
        for (int i = 0; i < sample.Length; i++)
            result[i] = (float)transfer.Apply(startSample[i], phase == 3 ? rungeKuttaSum[i] : modelOutput[i]);
    }

    private void Multistep(ReadOnlySpan<float> modelOutput, int stepIndex, ReadOnlySpan<float> sample, Span<float> result)
    {
        int from = (int)Timesteps[stepIndex], to = from - Stride;
        // The second evaluation of the improved Euler start: it redoes the first interval and is not remembered.
        bool corrector = counter == 1;
        if (corrector) (from, to) = (from + Stride, from);
        else
        {
            if (outputs.Count == Order) outputs.RemoveAt(0);
            outputs.Add(modelOutput.ToArray());
        }

        ReadOnlySpan<double> weights = (outputs.Count, corrector) switch
        {
            (1, false) => [1],
            (1, true) => [0.5],
            (2, _) => [3 / 2.0, -1 / 2.0],
            (3, _) => [23 / 12.0, -16 / 12.0, 5 / 12.0],
            _ => [55 / 24.0, -59 / 24.0, 37 / 24.0, -9 / 24.0],
        };
        if (counter == 0) startSample = sample.ToArray();
        Transfer transfer = Between(from, to);
        for (int i = 0; i < sample.Length; i++)
        {
            double output = corrector ? 0.5 * modelOutput[i] : 0;
            for (int k = 0; k < weights.Length; k++) output += weights[k] * outputs[^(k + 1)][i];
            result[i] = (float)transfer.Apply(corrector ? startSample[i] : sample[i], output);
        }
    }

    // Eq. 9 of the paper, between any two timesteps.
    private Transfer Between(int from, int to)
    {
        double a = AlphaCumprod(from, finalAlphaCumprod), aNext = AlphaCumprod(to, finalAlphaCumprod);
        double denominator = a * Math.Sqrt(1 - aNext) + Math.Sqrt(a * (1 - a) * aNext);
        return new Transfer(
            Math.Sqrt(aNext / a),
            -(aNext - a) / denominator,
            Prediction.Noise(prediction, Math.Sqrt(a), Math.Sqrt(1 - a)));
    }

    private readonly record struct Transfer(double OnSample, double OnNoise, Prediction Noise)
    {
        public double Apply(double sample, double output) => OnSample * sample + OnNoise * Noise.Of(sample, output);
    }
}
