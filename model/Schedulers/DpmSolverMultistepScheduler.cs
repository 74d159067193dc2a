namespace SeLoRA.Model;

/// <summary>
/// Lu et al. 2022, DPM-Solver and DPM-Solver++ (diffusers' <c>DPMSolverMultistepScheduler</c>): orders 1 to 3, midpoint
/// or heun, deterministic or stochastic. The default is the 2M solver of DPM-Solver++.
/// </summary>
public sealed class DpmSolverMultistepScheduler : LambdaScheduler
{
    // Below this many steps diffusers lowers the order at the end (lower_order_final).
    private const int FewSteps = 15;
    private readonly bool plusPlus;
    private readonly bool stochastic;
    private readonly bool heun;
    private readonly bool eulerAtFinal;
    private readonly List<double[]> outputs = [];
    private int lowerOrders;

    /// <summary>Builds it from a configuration.</summary>
    /// <param name="config">Missing keys take diffusers' defaults for this class.</param>
    /// <exception cref="SeLoRA.Engine.EngineException">A value is unknown or not supported.</exception>
    public DpmSolverMultistepScheduler(SchedulerConfig config)
        : base(config, lu: true, tableEndsRespaced: false)
    {
        // Names of other solvers stand for the defaults, so that configurations can be exchanged.
        string algorithm = config.Choice(
            "algorithm_type", "dpmsolver++", "dpmsolver++", "dpmsolver", "sde-dpmsolver++", "sde-dpmsolver", "deis");
        plusPlus = algorithm is "dpmsolver++" or "sde-dpmsolver++" or "deis";
        stochastic = algorithm is "sde-dpmsolver" or "sde-dpmsolver++";
        heun = config.Choice("solver_type", "midpoint", "midpoint", "heun", "logrho", "bh1", "bh2") == "heun";
        eulerAtFinal = config.Flag("euler_at_final", false);
        if (!plusPlus && ZeroFinal)
            throw config.Error($"algorithm_type {algorithm} cannot end at sigma 0; final_sigmas_type sigma_min is expected");
        if (algorithm == "sde-dpmsolver" && Order == 3)
            throw config.Error("algorithm_type sde-dpmsolver has no order 3; solver_order 1 or 2 is expected");
        if (config.TextOrNull("variance_type", null) is { } variance)
            throw config.Error($"variance_type '{variance}' is not supported; null is expected");
        LastTimestep = Schedule.Length - Clipped(config.Number("lambda_min_clipped", double.NegativeInfinity));
    }

    /// <inheritdoc/>
    public override string ClassName => "DPMSolverMultistepScheduler";

    private protected override int LastTimestep { get; }

    private protected override void Reset()
    {
        outputs.Clear();
        lowerOrders = 0;
    }

    private protected override void Advance(
        ReadOnlySpan<float> modelOutput, int stepIndex, ReadOnlySpan<float> sample, Span<float> result, NoiseSource? noise)
    {
        Level here = LevelAt(stepIndex);
        Prediction convert = plusPlus
            ? Prediction.Original(PredictionType, here.Alpha, here.Sigma)
            : Prediction.Noise(PredictionType, here.Alpha, here.Sigma);
        var output = new double[sample.Length];
        for (int i = 0; i < output.Length; i++) output[i] = convert.Of(sample[i], modelOutput[i]);
        if (outputs.Count == Order) outputs.RemoveAt(0);
        outputs.Add(output);

        int count = Timesteps.Length;
        bool few = LowerOrderFinal && count < FewSteps;
        bool last = stepIndex == count - 1 && (eulerAtFinal || few || ZeroFinal);
        bool secondLast = stepIndex == count - 2 && few;
        int order = Order == 1 || lowerOrders < 1 || last ? 1 : Order == 2 || lowerOrders < 2 || secondLast ? 2 : 3;
        if (lowerOrders < Order) lowerOrders++;

        Weights weights = Solve(stepIndex, order);
        float[] normals = stochastic ? DrawNoise(noise, sample.Length) : [];
        for (int i = 0; i < sample.Length; i++)
        {
            double next = weights.OnSample * sample[i] + weights.On0 * output[i];
            if (order > 1) next += weights.On1 * outputs[^2][i];
            if (order > 2) next += weights.On2 * outputs[^3][i];
            result[i] = (float)(stochastic ? next + weights.OnNoise * normals[i] : next);
        }
    }

    // Appendix A of the DPM-Solver++ paper: the step is A x + P m0 + Q D1 + R D2, with D1 and D2 the first and second
    // divided differences of the outputs m0 (newest), m1, m2 over lambda; returned as weights on the outputs.
    private Weights Solve(int stepIndex, int order)
    {
        Level t = LevelAt(stepIndex + 1), s0 = LevelAt(stepIndex);
        double h = t.Lambda - s0.Lambda;
        // k h is the exponent of the integrals; the scale is that of the output's kind.
        double k = plusPlus ? -1 : 1;
        double factor = stochastic ? 2 : 1;
        double scale = plusPlus ? t.Alpha : t.Sigma;
        // 1 - exp(-h) or -(exp(h) - 1), over twice the distance for the stochastic solver of DPM-Solver++.
        double phi1 = stochastic && plusPlus ? 1 - Math.Exp(-2 * h)
            : plusPlus ? -(Math.Exp(-h) - 1) : -factor * (Math.Exp(h) - 1);
        double onSample = plusPlus
            ? t.Sigma / s0.Sigma * (stochastic ? Math.Exp(-h) : 1)
            : t.Alpha / s0.Alpha;
        double onNoise = !stochastic ? 0
            : plusPlus ? t.Sigma * Math.Sqrt(1 - Math.Exp(-2 * h)) : t.Sigma * Math.Sqrt(Math.Exp(2 * h) - 1);
        double p = scale * phi1;
        if (order == 1) return new Weights(onSample, p, 0, 0, onNoise);

        double r0 = (s0.Lambda - LevelAt(stepIndex - 1).Lambda) / h;
        double phi2 = stochastic && plusPlus
            ? (1 - Math.Exp(-2 * h)) / (-2 * h) + 1
            : plusPlus ? (Math.Exp(-h) - 1) / h + 1 : -factor * ((Math.Exp(h) - 1) / h - 1);
        if (order == 2)
        {
            double q = (heun ? scale * phi2 : 0.5 * p) / r0;
            return new Weights(onSample, p + q, -q, 0, onNoise);
        }

        double phi3 = stochastic
            ? (1 - Math.Exp(-2 * h) - 2 * h) / (4 * h * h) - 0.5
            : -((Math.Exp(k * h) - 1 - k * h) / (h * h) - 0.5);
        double r1 = (LevelAt(stepIndex - 1).Lambda - LevelAt(stepIndex - 2).Lambda) / h;
        double onD1 = scale * phi2, onD2 = scale * phi3;
        // D1 = d0 + r0 / (r0 + r1) (d0 - d1), D2 = (d0 - d1) / (r0 + r1), d0 = (m0 - m1) / r0, d1 = (m1 - m2) / r1.
        double onDifference = (onD1 * r0 + onD2) / (r0 + r1);
        double onD0 = (onD1 + onDifference) / r0, onOlder = -onDifference / r1;
        return new Weights(onSample, p + onD0, onOlder - onD0, -onOlder, onNoise);
    }

    // How many of the last timesteps have a lambda below the limit: needed by the cosine schedule.
    private int Clipped(double limit)
    {
        int count = 0;
        foreach (float a in Schedule.AlphasCumprod)
            if (Math.Log(Math.Sqrt(a)) - Math.Log(Math.Sqrt(1 - a)) < limit) count++;
        return count;
    }

    private readonly record struct Weights(double OnSample, double On0, double On1, double On2, double OnNoise);
}
