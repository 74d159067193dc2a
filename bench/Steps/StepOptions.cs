using SeLoRA.Engine;

namespace SeLoRA.Bench;

/// <summary>What a step shall be, as the PyTorch script's options of the same names.</summary>
internal sealed record StepOptions
{
    /// <summary>Side of the images in pixels.</summary>
    public int Size { get; init; }

    /// <summary>Images a step.</summary>
    public int Batch { get; init; }

    /// <summary>none, lora or selora.</summary>
    public string Method { get; init; } = "none";

    /// <summary>Rank of LoRA.</summary>
    public int Rank { get; init; }

    /// <summary>Sampling steps of generate.</summary>
    public int InferenceSteps { get; init; }

    /// <summary>Where it runs.</summary>
    public Device Device { get; init; }
}
