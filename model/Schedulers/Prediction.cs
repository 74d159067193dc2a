namespace SeLoRA.Model;

/// <summary>What the model's output means.</summary>
public enum PredictionType
{
    /// <summary>The noise.</summary>
    Epsilon,

    /// <summary>The velocity sqrt(a) noise - sqrt(1 - a) x0 (Salimans and Ho 2022).</summary>
    VPrediction,

    /// <summary>The clean sample x0.</summary>
    Sample,
}

/// <summary>
/// x0 or noise as a linear combination of sample and model output: every prediction type is one, so that samplers
/// need no case distinction of their own.
/// </summary>
internal readonly record struct Prediction(double OnSample, double OnOutput)
{
    public double Of(double sample, double output) => OnSample * sample + OnOutput * output;

    public static PredictionType TypeOf(SchedulerConfig config, bool allowSample = true)
    {
        string name = allowSample
            ? config.Choice("prediction_type", "epsilon", "epsilon", "v_prediction", "sample")
            : config.Choice("prediction_type", "epsilon", "epsilon", "v_prediction");
        return name switch
        {
            "epsilon" => PredictionType.Epsilon,
            "v_prediction" => PredictionType.VPrediction,
            _ => PredictionType.Sample,
        };
    }

    /// <summary>x0 for a sample alpha x0 + sigma noise.</summary>
    public static Prediction Original(PredictionType type, double alpha, double sigma) => type switch
    {
        PredictionType.Epsilon => new(1 / alpha, -sigma / alpha),
        PredictionType.VPrediction => new(alpha, -sigma),
        _ => new(0, 1),
    };

    /// <summary>The noise for a sample alpha x0 + sigma noise.</summary>
    public static Prediction Noise(PredictionType type, double alpha, double sigma) => type switch
    {
        PredictionType.Epsilon => new(0, 1),
        PredictionType.VPrediction => new(sigma, alpha),
        _ => new(1 / sigma, -alpha / sigma),
    };

    /// <summary>x0 for a sample x0 + sigma noise, whose model saw it divided by sqrt(sigma^2 + 1).</summary>
    public static Prediction OriginalOfSigma(PredictionType type, double sigma) => type switch
    {
        PredictionType.Epsilon => new(1, -sigma),
        PredictionType.VPrediction => new(1 / (sigma * sigma + 1), -sigma / Math.Sqrt(sigma * sigma + 1)),
        _ => new(0, 1),
    };
}
