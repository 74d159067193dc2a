using SeLoRA.Adapters;
using SeLoRA.Engine;
using SeLoRA.Model;

namespace SeLoRA.Bench;

/// <summary>A job without gradients: one lap.</summary>
internal abstract class InferenceTask(StepOptions options) : StepTask(options)
{
    /// <inheritdoc/>
    public override void Step(Action<string> lap)
    {
        using IDisposable noGrad = Autograd.NoGrad();
        using var scope = new TensorScope();
        Forward();
        Backend.Synchronize();
        lap("forward");
    }

    /// <summary>The work; its results are dropped.</summary>
    protected abstract void Forward();
}

/// <summary>One evaluation of the U-Net with 77 text tokens an image.</summary>
internal sealed class UNetForward : InferenceTask
{
    private readonly UNet2DConditionModel unet;
    private readonly Tensor latents, text;
    private readonly float[] timesteps;

    public UNetForward(StepOptions options) : base(options)
    {
        unet = Load(new UNet2DConditionModel(options.Model.UNet));
        Adapt(new AdapterRoot("unet", unet));
        (latents, text) = (Latents(1), Normal(2, options.Batch, Tokens, options.Model.Text.HiddenSize));
        timesteps = [.. Enumerable.Range(0, options.Batch).Select(i => (float)Philox.Int(3, (ulong)i, 1000))];
    }

    protected override void Forward() => unet.Forward(latents, timesteps, text);
}

/// <summary>Images to latents.</summary>
internal sealed class VaeEncode : InferenceTask
{
    private readonly AutoencoderKL vae;
    private readonly Tensor images;

    public VaeEncode(StepOptions options) : base(options)
    {
        vae = Load(new AutoencoderKL(options.Model.Vae));
        images = Normal(1, options.Batch, options.Size, options.Size, 3);
    }

    protected override void Forward() => vae.Encode(images);
}

/// <summary>Latents to images.</summary>
internal sealed class VaeDecode : InferenceTask
{
    private readonly AutoencoderKL vae;
    private readonly Tensor latents;

    public VaeDecode(StepOptions options) : base(options)
    {
        vae = Load(new AutoencoderKL(options.Model.Vae));
        latents = Latents(1);
    }

    protected override void Forward() => vae.Decode(latents);
}

/// <summary>Token ids to text embeddings.</summary>
internal sealed class ClipText : InferenceTask
{
    private readonly ClipTextModel text;
    private readonly int[] ids;

    public ClipText(StepOptions options) : base(options)
    {
        text = Load(new ClipTextModel(options.Model.Text));
        Adapt(new AdapterRoot("text_encoder", text));
        ids = Ids(options.Batch, options.Model.Text);
    }

    protected override void Forward() => text.Forward(ids, Options.Batch);
}

/// <summary>Text encoder, DDIM with guidance (U-Net batch twice as large), decoder.</summary>
internal sealed class Generate : InferenceTask
{
    /// <summary>Weight of the text.</summary>
    public const float Guidance = 7.5f;

    private readonly ClipTextModel text;
    private readonly UNet2DConditionModel unet;
    private readonly AutoencoderKL vae;
    private readonly IScheduler scheduler;
    private readonly int[] ids;

    public Generate(StepOptions options) : base(options)
    {
        text = Load(new ClipTextModel(options.Model.Text));
        unet = Load(new UNet2DConditionModel(options.Model.UNet));
        vae = Load(new AutoencoderKL(options.Model.Vae));
        Adapt(new AdapterRoot("unet", unet), new AdapterRoot("text_encoder", text));
        ids = Ids(2 * options.Batch, options.Model.Text);
        scheduler = SchedulerFactory.FromConfig(SchedulerConfig.Parse(
            """
            {"_class_name": "DDIMScheduler", "beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear",
             "num_train_timesteps": 1000, "clip_sample": false, "set_alpha_to_one": false, "steps_offset": 1}
            """));
    }

    protected override void Forward()
    {
        Tensor context = text.Forward(ids, 2 * Options.Batch);
        int side = Options.Size / 8;
        var latents = new float[Options.Batch * side * side * 4];
        Philox.FillNormal(latents, 11);
        scheduler.SetTimesteps(Options.InferenceSteps);
        var noise = new float[latents.Length];
        float[] timesteps = scheduler.Timesteps.ToArray();
        for (int step = 0; step < timesteps.Length; step++)
        {
            using var scope = new TensorScope();
            Tensor both = Tensor.From([.. latents, .. latents], new Shape(2 * Options.Batch, side, side, 4), Options.Device);
            float[] predicted = unet.Forward(both, [timesteps[step]], context).ToArray();
            for (int i = 0; i < noise.Length; i++) noise[i] = predicted[i] + Guidance * (predicted[noise.Length + i] - predicted[i]);
            scheduler.Step(noise, step, latents, latents);
        }
        vae.Decode(Tensor.From(latents, new Shape(Options.Batch, side, side, 4), Options.Device));
    }
}
