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

/// <summary>One evaluation of the U-Net with 77 text tokens an image; on a GPU replayed, as in sampling.</summary>
internal sealed class UNetForward : InferenceTask
{
    private readonly UNet2DConditionModel unet;
    private readonly Tensor latents, text, embedded;
    private readonly float[] timesteps;
    private readonly StepReplay replay;
    private StepRun lastRun;

    public UNetForward(StepOptions options) : base(options)
    {
        unet = Load(new UNet2DConditionModel(options.Model.UNet));
        Adapt(new AdapterRoot("unet", unet));
        (latents, text) = (Latents(1), Normal(2, options.Batch, Tokens, options.Model.Text.HiddenSize));
        timesteps = [.. Enumerable.Range(0, options.Batch).Select(i => (float)Philox.Int(3, (ulong)i, 1000))];
        embedded = Tensor.Empty(unet.TimestepShape(options.Batch), options.Device);
        replay = new StepReplay(Backend, Evaluate);
    }

    /// <inheritdoc/>
    public override bool IsWarm => !Options.Replays || IsReplayed || ReplayProblem is not null;

    /// <inheritdoc/>
    public override string? ReplayProblem => replay.Problem;

    /// <inheritdoc/>
    public override bool IsReplayed => lastRun == StepRun.Replayed;

    /// <inheritdoc/>
    public override void Dispose()
    {
        replay.Dispose();
        base.Dispose();
    }

    protected override void Forward()
    {
        embedded.CopyFrom(unet.EmbedTimesteps(timesteps));
        if (Options.Replays) lastRun = replay.Run();
        else Evaluate();
    }

    private void Evaluate()
    {
        using var scope = new TensorScope();
        unet.Forward(latents, embedded, text);
    }
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

/// <summary>Text encoder, DDIM with guidance (U-Net batch twice as large), decoder; on a GPU the evaluations of one call are replayed, as in sampling.</summary>
internal sealed class Generate : InferenceTask
{
    /// <summary>Weight of the text.</summary>
    public const float Guidance = 7.5f;

    private readonly ClipTextModel text;
    private readonly UNet2DConditionModel unet;
    private readonly AutoencoderKL vae;
    private readonly IScheduler scheduler;
    private readonly int[] ids;
    private string? replayProblem;

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

    /// <inheritdoc/>
    public override bool IsReplayed => Options.Replays && ReplayProblem is null;

    /// <inheritdoc/>
    public override string? ReplayProblem => replayProblem;

    protected override void Forward()
    {
        using var denoising = new DenoisingStep(unet, Options.Replays);
        Tensor context = text.Forward(ids, 2 * Options.Batch);
        int side = Options.Size / 8;
        var latents = new float[Options.Batch * side * side * 4];
        Philox.FillNormal(latents, 11);
        scheduler.SetTimesteps(Options.InferenceSteps);
        float[] noise = new float[latents.Length], predicted = new float[2 * latents.Length];
        denoising.Begin(new Shape(2 * Options.Batch, side, side, 4), context);
        float[] timesteps = scheduler.Timesteps.ToArray();
        for (int step = 0; step < timesteps.Length; step++)
        {
            denoising.Run([.. latents, .. latents], timesteps[step], predicted);
            for (int i = 0; i < noise.Length; i++) noise[i] = predicted[i] + Guidance * (predicted[noise.Length + i] - predicted[i]);
            scheduler.Step(noise, step, latents, latents);
        }
        replayProblem = denoising.Problem;
        vae.Decode(Tensor.From(latents, new Shape(Options.Batch, side, side, 4), Options.Device));
    }
}
