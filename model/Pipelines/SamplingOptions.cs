namespace SeLoRA.Model;

/// <summary>What <see cref="StableDiffusionPipeline"/> shall make.</summary>
public sealed record SamplingOptions
{
    /// <summary>What the images show.</summary>
    public required string Prompt { get; init; }

    /// <summary>What they do not show; the empty text is the unconditional prompt.</summary>
    public string NegativePrompt { get; init; } = "";

    /// <summary>Sampling steps.</summary>
    public int Steps { get; init; } = 50;

    /// <summary>Weight g of classifier-free guidance (Ho and Salimans, 2022): u + g (c - u). At 1 and below it is off and costs nothing.</summary>
    public float GuidanceScale { get; init; } = 7.5f;

    /// <summary>Width in pixels; 0 for the size that the model was made for.</summary>
    public int Width { get; init; }

    /// <summary>Height in pixels; 0 for the size that the model was made for.</summary>
    public int Height { get; init; }

    /// <summary>Seed of the first image; the next one has the next seed. An image depends on its own seed only.</summary>
    public ulong Seed { get; init; }

    /// <summary>Number of images.</summary>
    public int Count { get; init; } = 1;

    /// <summary>Images that go through the U-Net together (twice as many samples with guidance).</summary>
    public int BatchSize { get; init; } = 1;

    /// <summary>Called after each model evaluation.</summary>
    public Action<SamplingProgress>? Progress { get; init; }
}

/// <summary>How far sampling is.</summary>
/// <param name="Image">Index of the batch's first image.</param>
/// <param name="Images">Number of images in all.</param>
/// <param name="Step">Model evaluations of this batch done.</param>
/// <param name="Steps">Model evaluations of a batch; some samplers make more than the steps asked for.</param>
public readonly record struct SamplingProgress(int Image, int Images, int Step, int Steps);

/// <summary>An image that was sampled.</summary>
/// <param name="Width">Pixels.</param>
/// <param name="Height">Pixels.</param>
/// <param name="Pixels">RGB in [0, 1], row by row, three values a pixel.</param>
/// <param name="Seed">Gives the same image again.</param>
public sealed record SampledImage(int Width, int Height, float[] Pixels, ulong Seed)
{
    /// <summary>RGB in 0 to 255, rounded to nearest, laid out as <see cref="Pixels"/>.</summary>
    public byte[] ToBytes() => Array.ConvertAll(Pixels, value => (byte)MathF.Round(255f * value));
}
