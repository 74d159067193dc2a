namespace SeLoRA.Model;

/// <summary>
/// The variances of the forward process and their cumulative products, in the precision in which torch computes them:
/// float32 values, the product accumulated in double and rounded at each step.
/// </summary>
public sealed class NoiseSchedule
{
    private readonly float[] betas;
    private readonly float[] alphasCumprod;

    private NoiseSchedule(float[] betas, float[] alphasCumprod)
    {
        this.betas = betas;
        this.alphasCumprod = alphasCumprod;
    }

    /// <summary>Number of training timesteps; 1000 for SD-1.5.</summary>
    public int Length => betas.Length;

    /// <summary>Variance that each timestep adds.</summary>
    public ReadOnlySpan<float> Betas => betas;

    /// <summary>Share of the signal's variance that is left at each timestep: products of 1 - beta.</summary>
    public ReadOnlySpan<float> AlphasCumprod => alphasCumprod;

    /// <summary>
    /// Builds the schedule that a configuration names. <c>beta_schedule</c> is linear, scaled_linear (SD's),
    /// squaredcos_cap_v2, exp or sigmoid; <c>trained_betas</c> overrides it.
    /// </summary>
    /// <param name="config">The scheduler's configuration; missing keys take diffusers' defaults.</param>
    /// <param name="rescale">Whether <c>rescale_betas_zero_snr</c> is honoured (some samplers ignore it).</param>
    /// <param name="keepLastPositive">With rescaling, make the last product 2^-24 so that its sigma is finite.</param>
    /// <exception cref="SeLoRA.Engine.EngineException">A value is unknown or out of range.</exception>
    public static NoiseSchedule FromConfig(SchedulerConfig config, bool rescale = true, bool keepLastPositive = false)
    {
        float[] betas = CreateBetas(config);
        bool zeroSnr = rescale && config.Flag("rescale_betas_zero_snr", false);
        if (zeroSnr) betas = RescaleToZeroSnr(betas);
        float[] alphasCumprod = CumulativeProduct(betas);
        if (zeroSnr && keepLastPositive) alphasCumprod[^1] = MathF.ScaleB(1, -24);
        return new NoiseSchedule(betas, alphasCumprod);
    }

    /// <summary>
    /// The forward process: sqrt(a_t) x0 + sqrt(1 - a_t) noise, with a timestep per sample (Ho et al. 2020, eq. 4).
    /// </summary>
    /// <param name="original">x0, N samples of equal size.</param>
    /// <param name="noise">Standard normals, as long.</param>
    /// <param name="timesteps">N timesteps.</param>
    /// <param name="result">Receives the noisy samples; may be one of the inputs.</param>
    /// <exception cref="SeLoRA.Engine.EngineException">Lengths do not fit or a timestep is out of range.</exception>
    public void AddNoise(
        ReadOnlySpan<float> original, ReadOnlySpan<float> noise, ReadOnlySpan<int> timesteps, Span<float> result) =>
        Mix("AddNoise", original, noise, timesteps, result, signOfSample: 1, velocity: false);

    /// <summary>What a v-prediction model learns: sqrt(a_t) noise - sqrt(1 - a_t) x0 (Salimans and Ho 2022).</summary>
    /// <param name="original">x0, N samples of equal size.</param>
    /// <param name="noise">Standard normals, as long.</param>
    /// <param name="timesteps">N timesteps.</param>
    /// <param name="result">Receives the velocities; may be one of the inputs.</param>
    /// <exception cref="SeLoRA.Engine.EngineException">Lengths do not fit or a timestep is out of range.</exception>
    public void Velocity(
        ReadOnlySpan<float> original, ReadOnlySpan<float> noise, ReadOnlySpan<int> timesteps, Span<float> result) =>
        Mix("Velocity", original, noise, timesteps, result, signOfSample: -1, velocity: true);

    private void Mix(
        string name,
        ReadOnlySpan<float> original,
        ReadOnlySpan<float> noise,
        ReadOnlySpan<int> timesteps,
        Span<float> result,
        float signOfSample,
        bool velocity)
    {
        if (noise.Length != original.Length || result.Length != original.Length)
            throw new Engine.EngineException(
                $"{name}: samples have {original.Length} elements, noise {noise.Length}, result {result.Length}; "
                + "equal lengths are expected");
        if (timesteps.IsEmpty || original.Length % timesteps.Length != 0)
            throw new Engine.EngineException(
                $"{name}: {original.Length} elements cannot be {timesteps.Length} samples of equal size");

        int size = original.Length / timesteps.Length;
        for (int n = 0; n < timesteps.Length; n++)
        {
            int t = timesteps[n];
            if ((uint)t >= (uint)Length)
                throw new Engine.EngineException($"{name}: timestep {t} of sample {n} is not in 0 .. {Length - 1}");
            float signal = MathF.Sqrt(alphasCumprod[t]);
            float spread = MathF.Sqrt(1 - alphasCumprod[t]);
            float onSample = signOfSample * (velocity ? spread : signal);
            float onNoise = velocity ? signal : spread;
            for (int i = n * size; i < (n + 1) * size; i++)
                result[i] = onSample * original[i] + onNoise * noise[i];
        }
    }

    private static float[] CreateBetas(SchedulerConfig config)
    {
        if (config.Numbers("trained_betas") is { } trained)
        {
            if (trained.Length == 0) throw config.Error("trained_betas is empty; at least one number is expected");
            return Checked(config, Array.ConvertAll(trained, value => (float)value));
        }

        int count = config.Integer("num_train_timesteps", 1000, 1, 1_000_000);
        double start = config.Number("beta_start", 0.0001);
        double end = config.Number("beta_end", 0.02);
        string name = config.Choice(
            "beta_schedule", "linear", "linear", "scaled_linear", "squaredcos_cap_v2", "exp", "sigmoid");
        float[] betas = name switch
        {
            "linear" => Linspace((float)start, (float)end, count),
            "scaled_linear" => Square(Linspace((float)Math.Sqrt(start), (float)Math.Sqrt(end), count)),
            "squaredcos_cap_v2" => FromAlphaBar(
                count, t => { double c = Math.Cos((t + 0.008) / 1.008 * Math.PI / 2); return c * c; }),
            "exp" => FromAlphaBar(count, t => Math.Exp(t * -12.0)),
            _ => Sigmoid(Linspace(-6, 6, count), (float)(end - start), (float)start),
        };
        return Checked(config, betas);
    }

    private static float[] Checked(SchedulerConfig config, float[] betas)
    {
        for (int t = 0; t < betas.Length; t++)
            if (!(betas[t] >= 0 && betas[t] < 1))
                throw config.Error($"beta of timestep {t} is {betas[t]}; 0 <= beta < 1 is expected (beta_start, beta_end)");
        return betas;
    }

    // torch.linspace in float32, to the last bit: from both ends towards the middle, each value rounded once.
    private static float[] Linspace(float start, float end, int count)
    {
        var values = new float[count];
        float step = count > 1 ? (end - start) / (count - 1) : 0;
        for (int i = 0; i < count; i++)
            values[i] = i < count / 2 || count == 1
                ? MathF.FusedMultiplyAdd(step, i, start)
                : MathF.FusedMultiplyAdd(-step, count - 1 - i, end);
        return values;
    }

    private static float[] Square(float[] values) => Array.ConvertAll(values, value => value * value);

    private static float[] Sigmoid(float[] values, float range, float start) =>
        Array.ConvertAll(values, value => 1 / (1 + MathF.Exp(-value)) * range + start);

    // Discretises a cumulative product given as a function of t in 0 .. 1 (Nichol and Dhariwal 2021, eq. 17).
    private static float[] FromAlphaBar(int count, Func<double, double> alphaBar)
    {
        var betas = new float[count];
        for (int i = 0; i < count; i++)
            betas[i] = (float)Math.Min(1 - alphaBar((i + 1.0) / count) / alphaBar((double)i / count), 0.999);
        return betas;
    }

    private static float[] CumulativeProduct(float[] betas)
    {
        var products = new float[betas.Length];
        double product = 1;
        for (int t = 0; t < betas.Length; t++)
        {
            product *= 1f - betas[t];
            products[t] = (float)product;
        }

        return products;
    }

    // Lin et al. 2024 ("Common diffusion noise schedules and sample steps are flawed"), algorithm 1. Every operation is
    // rounded to float32: the quotients below go into a product again and would carry another rounding along.
    private static float[] RescaleToZeroSnr(float[] betas)
    {
        float[] roots = Array.ConvertAll(CumulativeProduct(betas), MathF.Sqrt);
        float first = roots[0], last = roots[^1];
        float scale = first / (first - last);
        float[] alphaBar = Array.ConvertAll(roots, root => { float moved = (root - last) * scale; return moved * moved; });
        var rescaled = new float[betas.Length];
        rescaled[0] = 1 - alphaBar[0];
        for (int t = 1; t < betas.Length; t++) rescaled[t] = 1 - alphaBar[t] / alphaBar[t - 1];
        return rescaled;
    }
}
