using SeLoRA.Model;

namespace SeLoRA.Train;

/// <summary>
/// The built-in demonstration model: Stable Diffusion's architecture with small numbers, pre-trained by <c>pretrain</c> on drawn
/// radiographs of 64 pixels. It shows the method at work without a download; it is no medical model.
/// </summary>
internal static class MiniModel
{
    /// <summary>Side of its images in pixels.</summary>
    public const int Size = 64;

    /// <summary>Entries of its vocabulary, at most.</summary>
    public const int VocabularyMax = 768;

    /// <summary>Where the shipped weights lie.</summary>
    public static string Folder => Path.Combine(AppContext.BaseDirectory, "Mini");

    /// <summary>Four levels, as the real one: 64 px become 8 x 8 latents.</summary>
    public static VaeConfig Vae => new()
    {
        BlockOutChannels = [16, 32, 48, 64],
        LayersPerBlock = 1,
        NormNumGroups = 8,
        SampleSize = Size,
        ScalingFactor = 1f,
    };

    /// <summary>Three levels, attention in the first two and the middle.</summary>
    public static UNetConfig UNet => new()
    {
        SampleSize = Size / 8,
        BlockOutChannels = [64, 96, 112],
        LayersPerBlock = [1, 1, 1],
        AttentionHeads = [4, 4, 4],
        TransformerLayersPerBlock = [1, 1, 1],
        DownAttention = [true, true, false],
        UpAttention = [false, true, true],
        CrossAttentionDim = 96,
        NormNumGroups = 16,
    };

    /// <summary>A small CLIP text encoder for captions of up to 77 tokens.</summary>
    public static ClipTextConfig Text(int vocabulary) => new()
    {
        HiddenSize = 96,
        IntermediateSize = 384,
        NumHiddenLayers = 4,
        NumAttentionHeads = 4,
        VocabSize = vocabulary,
        EosTokenId = vocabulary - 1,
    };

    /// <summary>SD-1.5's noise schedule and default sampler.</summary>
    public static SchedulerConfig Scheduler => SchedulerConfig.Parse(
        """
        {
          "_class_name": "PNDMScheduler",
          "beta_end": 0.012,
          "beta_schedule": "scaled_linear",
          "beta_start": 0.00085,
          "clip_sample": false,
          "num_train_timesteps": 1000,
          "set_alpha_to_one": false,
          "skip_prk_steps": true,
          "steps_offset": 1
        }
        """);
}
