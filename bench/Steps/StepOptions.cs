using SeLoRA.Engine;

namespace SeLoRA.Bench;

/// <summary>What a step shall be, as the PyTorch script's options of the same names.</summary>
internal sealed record StepOptions
{
    /// <summary>The architecture.</summary>
    public ModelSize Model { get; init; } = ModelSize.All["sd15"];

    /// <summary>Side of the images in pixels.</summary>
    public int Size { get; init; }

    /// <summary>Images a step.</summary>
    public int Batch { get; init; }

    /// <summary>What U-Net and text encoder compute in.</summary>
    public DType Precision { get; init; } = DType.F32;

    /// <summary>F32, or the 16 bits in which a file of the model would have the weights.</summary>
    public DType Weights { get; init; }

    /// <summary>none, lora or selora.</summary>
    public string Method { get; init; } = "none";

    /// <summary>Rank of every adapter, SeLoRA's at the start; 0 without adapters.</summary>
    public int Rank { get; init; }

    /// <summary>SeLoRA: the ratio that earns a rank.</summary>
    public double Threshold { get; init; }

    /// <summary>SeLoRA: steps from test to test.</summary>
    public int ExpandEvery { get; init; }

    /// <summary>SeLoRA: steps with a test to time.</summary>
    public int Tests { get; init; }

    /// <summary>Training makes the U-Net's blocks again in backward instead of keeping what they computed.</summary>
    public bool Checkpoint { get; init; }

    /// <summary>A GPU launches the kernels of every step one by one.</summary>
    public bool NoGraphs { get; init; }

    /// <summary>Steps that repeat may run from recordings.</summary>
    public bool Replays => !NoGraphs && Device.Kind != DeviceKind.Cpu;

    /// <summary>Timed steps.</summary>
    public int Steps { get; init; }

    /// <summary>Steps before them; more where recording takes more, see <see cref="StepTask.WarmUp"/>.</summary>
    public int Warmup { get; init; }

    /// <summary>How often everything timed is timed again.</summary>
    public int Rounds { get; init; }

    /// <summary>Sampling steps of generate.</summary>
    public int InferenceSteps { get; init; }

    /// <summary>To go into the results.</summary>
    public string? Note { get; init; }

    /// <summary>Where it runs.</summary>
    public Device Device { get; init; }
}
