namespace SeLoRA.Bench;

/// <summary>What the engine aims at on a GPU: ratios to PyTorch on the same card that are to be reached or stayed below.</summary>
/// <param name="Eager">Time over PyTorch's.</param>
/// <param name="Compiled">Time over that of PyTorch compiled.</param>
internal sealed record CheckBars(double Eager, double Compiled)
{
    /// <summary>Most memory held by tensors in a training step, over eager PyTorch's.</summary>
    public const double Memory = 0.7;

    /// <summary>SeLoRA's steps with a rank test in 40, over LoRA's.</summary>
    public const double Overhead = 1.005;

    // Products and convolutions: seven tenths of the rate of NVIDIA's own libraries.
    private static readonly CheckBars Evaluation = new(0.8, 1), Training = new(0.67, 1), Products = new(1 / 0.7, 1 / 0.7), Attention = new(1.2, 1.2);

    /// <summary>Of a task, or of a single operator in a phase.</summary>
    public static CheckBars Of(string family) => family switch
    {
        "train-step" => Training,
        _ when !family.Contains(' ') => Evaluation,
        _ when family.Contains("attention", StringComparison.Ordinal) => Attention,
        _ => Products,
    };
}
