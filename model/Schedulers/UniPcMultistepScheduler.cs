namespace SeLoRA.Model;

/// <summary>
/// Zhao et al. 2023, UniPC (diffusers' <c>UniPCMultistepScheduler</c>): a predictor of order 1 to 3 and a corrector that
/// uses the evaluation at the new point, B(h) = exp(h) - 1 (bh2) or h (bh1).
/// </summary>
public sealed class UniPcMultistepScheduler : LambdaScheduler
{
    private readonly bool predictOriginal;
    private readonly bool bh1;
    private readonly HashSet<int> withoutCorrector;
    private readonly List<double[]> outputs = [];
    private double[]? lastSample;
    private int lastOrder;
    private int lowerOrders;

    /// <summary>Builds it from a configuration.</summary>
    /// <param name="config">Missing keys take diffusers' defaults for this class.</param>
    /// <exception cref="SeLoRA.Engine.EngineException">A value is unknown or not supported.</exception>
    public UniPcMultistepScheduler(SchedulerConfig config)
        : base(config, lu: false, tableEndsRespaced: true)
    {
        predictOriginal = config.Flag("predict_x0", true);
        // Names of other solvers stand for the default, so that configurations can be exchanged.
        bh1 = config.Choice("solver_type", "bh2", "bh1", "bh2", "midpoint", "heun", "logrho") == "bh1";
        withoutCorrector = [.. (config.Numbers("disable_corrector") ?? []).Select(step => (int)step)];
    }

    /// <inheritdoc/>
    public override string ClassName => "UniPCMultistepScheduler";

    private protected override void Reset()
    {
        outputs.Clear();
        lastSample = null;
        lowerOrders = 0;
    }

    private protected override void Advance(
        ReadOnlySpan<float> modelOutput, int stepIndex, ReadOnlySpan<float> sample, Span<float> result, NoiseSource? noise)
    {
        Level here = LevelAt(stepIndex);
        Prediction convert = predictOriginal
            ? Prediction.Original(PredictionType, here.Alpha, here.Sigma)
            : Prediction.Noise(PredictionType, here.Alpha, here.Sigma);
        var output = new double[sample.Length];
        var corrected = new double[sample.Length];
        for (int i = 0; i < output.Length; i++)
        {
            output[i] = convert.Of(sample[i], modelOutput[i]);
            corrected[i] = sample[i];
        }

        if (lastSample is not null && !withoutCorrector.Contains(stepIndex - 1))
            corrected = Update(stepIndex - 1, lastSample, lastOrder, output);

        if (outputs.Count == Order) outputs.RemoveAt(0);
        outputs.Add(output);
        int order = LowerOrderFinal ? Math.Min(Order, Timesteps.Length - stepIndex) : Order;
        order = Math.Min(order, lowerOrders + 1);
        lastSample = corrected;
        lastOrder = order;
        double[] next = Update(stepIndex, corrected, order, null);
        if (lowerOrders < Order) lowerOrders++;
        for (int i = 0; i < next.Length; i++) result[i] = (float)next[i];
    }

    /// <summary>
    /// From a step to the next one: the predictor, or, given the output at the new point, the corrector. The outputs
    /// remembered so far end with that of <paramref name="from"/>.
    /// </summary>
    private double[] Update(int from, double[] x, int order, double[]? newOutput)
    {
        Level t = LevelAt(from + 1), s0 = LevelAt(from);
        double h = t.Lambda - s0.Lambda;
        double hh = predictOriginal ? -h : h;
        double phi1 = ExpMinus1(hh);
        double bh = bh1 ? hh : phi1;

        var r = new double[order];
        for (int k = 1; k < order; k++) r[k - 1] = (LevelAt(from - k).Lambda - s0.Lambda) / h;
        r[order - 1] = 1;
        double[] rho = newOutput is null ? PredictorWeights(r, hh, bh) : CorrectorWeights(r, hh, bh);

        double onX = predictOriginal ? t.Sigma / s0.Sigma : t.Alpha / s0.Alpha;
        double scale = predictOriginal ? t.Alpha : t.Sigma;
        double[] m0 = outputs[^1];
        var next = new double[x.Length];
        for (int i = 0; i < x.Length; i++)
        {
            double difference = 0;
            for (int k = 1; k < order; k++) difference += rho[k - 1] * (outputs[^(k + 1)][i] - m0[i]) / r[k - 1];
            if (newOutput is not null) difference += rho[order - 1] * (newOutput[i] - m0[i]);
            next[i] = onX * x[i] - scale * phi1 * m0[i] - scale * bh * difference;
        }

        return next;
    }

    private static double[] PredictorWeights(double[] r, double hh, double bh) => r.Length switch
    {
        1 => [],
        2 => [0.5],
        _ => Solve(r[..^1], hh, bh),
    };

    private static double[] CorrectorWeights(double[] r, double hh, double bh) => r.Length == 1 ? [0.5] : Solve(r, hh, bh);

    // Theorem 3.1 of the paper: sum over k of rho_k r_k^(i-1) = b_i for i = 1 .. n (n at most 3), by elimination.
    private static double[] Solve(double[] r, double hh, double bh)
    {
        int n = r.Length;
        var matrix = new double[n, n];
        var b = new double[n];
        double phi = ExpMinus1(hh) / hh - 1;
        double factorial = 1;
        for (int i = 0; i < n; i++)
        {
            for (int k = 0; k < n; k++) matrix[i, k] = Math.Pow(r[k], i);
            b[i] = phi * factorial / bh;
            factorial *= i + 2;
            phi = phi / hh - 1 / factorial;
        }

        for (int pivot = 0; pivot < n; pivot++)
        {
            int best = pivot;
            for (int i = pivot + 1; i < n; i++)
                if (Math.Abs(matrix[i, pivot]) > Math.Abs(matrix[best, pivot])) best = i;
            for (int k = 0; k < n; k++) (matrix[pivot, k], matrix[best, k]) = (matrix[best, k], matrix[pivot, k]);
            (b[pivot], b[best]) = (b[best], b[pivot]);
            for (int i = 0; i < n; i++)
            {
                if (i == pivot) continue;
                double ratio = matrix[i, pivot] / matrix[pivot, pivot];
                for (int k = pivot; k < n; k++) matrix[i, k] -= ratio * matrix[pivot, k];
                b[i] -= ratio * b[pivot];
            }
        }

        for (int i = 0; i < n; i++) b[i] /= matrix[i, i];
        return b;
    }

    // exp(x) - 1 without the cancellation near 0 (Kahan); .NET has no such function.
    private static double ExpMinus1(double x)
    {
        double u = Math.Exp(x);
        if (u == 1) return x;
        if (u - 1 == -1 || double.IsInfinity(u)) return u - 1;
        return (u - 1) * x / Math.Log(u);
    }
}
