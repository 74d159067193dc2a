namespace SeLoRA.Model;

/// <summary>Karras et al. 2022, algorithm 2 without its correction (diffusers' <c>EulerDiscreteScheduler</c>).</summary>
public sealed class EulerDiscreteScheduler : SigmaScheduler
{
    private readonly PredictionType prediction;
    private readonly SigmaSchedule table;
    private readonly string? kind;
    private readonly bool zeroFinal;
    private readonly bool logLinear;
    private readonly bool continuous;

    /// <summary>Builds it from a configuration.</summary>
    /// <param name="config">Missing keys take diffusers' defaults for this class.</param>
    /// <exception cref="SeLoRA.Engine.EngineException">A value is unknown or not supported.</exception>
    public EulerDiscreteScheduler(SchedulerConfig config)
        : base(config, rescale: true)
    {
        prediction = Prediction.TypeOf(config);
        table = new SigmaSchedule(Schedule, config, limits: true);
        kind = SigmaSchedule.Kind(config);
        zeroFinal = config.Choice("final_sigmas_type", "zero", "zero", "sigma_min") == "zero";
        logLinear = config.Choice("interpolation_type", "linear", "linear", "log_linear") == "log_linear";
        continuous = config.Choice("timestep_type", "discrete", "discrete", "continuous") == "continuous"
            && prediction == PredictionType.VPrediction;
    }

    /// <inheritdoc/>
    public override string ClassName => "EulerDiscreteScheduler";

    private protected override (double[] Timesteps, double[] Sigmas) Plan(int steps)
    {
        (double[] t, double[] s) = PlanSigmas(steps, table, kind);
        // diffusers' log_linear table has one value more than there are steps; its last one is never reached.
        if (logLinear && kind is null) s = table.Space("use_exponential_sigmas", table.Last, table.First, steps + 1);
        double[] sigmas = [.. s, zeroFinal ? 0 : table.First];
        if (continuous) t = [.. s[..steps].Select(sigma => 0.25 * Math.Log(sigma))];
        return (t, sigmas);
    }

    private protected override void Advance(
        ReadOnlySpan<float> modelOutput, int stepIndex, ReadOnlySpan<float> sample, Span<float> result, NoiseSource? noise)
    {
        double sigma = Sigmas[stepIndex], next = Sigmas[stepIndex + 1];
        double gamma = sigma >= Options.STmin && sigma <= Options.STmax
            ? Math.Min(Options.SChurn / (Sigmas.Length - 1), Math.Sqrt(2) - 1)
            : 0;
        double sigmaHat = sigma * (gamma + 1);
        double churn = Options.SNoise * Math.Sqrt(sigmaHat * sigmaHat - sigma * sigma);
        float[] normals = gamma > 0 ? DrawNoise(noise, sample.Length) : [];
        // As in diffusers, the coefficients of a v-prediction are those of the sigma before the churn.
        Prediction original = Prediction.OriginalOfSigma(
            prediction, prediction == PredictionType.Epsilon ? sigmaHat : sigma);
        for (int i = 0; i < sample.Length; i++)
        {
            double x = gamma > 0 ? sample[i] + churn * normals[i] : sample[i];
            double derivative = (x - original.Of(x, modelOutput[i])) / sigmaHat;
            result[i] = (float)(x + derivative * (next - sigmaHat));
        }
    }
}
