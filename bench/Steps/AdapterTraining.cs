using SeLoRA.Adapters;
using SeLoRA.Engine;
using SeLoRA.Model;
using SeLoRA.Train;

namespace SeLoRA.Bench;

/// <summary>
/// Fine-tuning of two networks with cached latents and token ids: draw noise, add it, text encoder, U-Net, mean squared error, backward,
/// Adam; adapters in every linear layer of both. A GPU does it by the training program's own step, from recordings where it repeats; on the host
/// its parts are timed. Several may share the networks and take turns.
/// </summary>
internal sealed class AdapterTraining : IDisposable
{
    private readonly ClipTextModel text;
    private readonly UNet2DConditionModel unet;
    private readonly AdapterSet adapters;
    private readonly AdamW adam = new(1e-4f);
    private readonly RankController? ranks;
    private readonly LossScaler? scaler;
    private readonly NoiseSchedule schedule = NoiseSchedule.FromConfig(SchedulerConfig.Parse(ModelSize.Schedule));
    private readonly GradientStep? gradients;
    private readonly IBackend backend;
    private readonly bool replays;
    private readonly Shape latents;
    private readonly float[] clean, noise, noisy;
    private readonly int[] ids;
    private long steps;

    /// <summary>Adapters of the options' method and rank; attached by <see cref="Attach"/>.</summary>
    public AdapterTraining(StepOptions options, ClipTextModel text, UNet2DConditionModel unet)
    {
        (this.text, this.unet) = (text, unet);
        backend = Backend.Get(options.Device);
        replays = options.Replays;
        AdapterRoot[] roots = [new("unet", unet), new("text_encoder", text)];
        var selora = new SeLoRAConfig { RankInitial = options.Rank, Lambda = options.Threshold, TestEvery = 1 };
        bool grows = options.Method == "selora";
        adapters = grows ? selora.Create(roots, AdapterTargets.All, seed: 1) : new LoRAConfig { Rank = options.Rank }.Create(roots, AdapterTargets.All, seed: 1);
        adapters.AddTo(adam);
        if (options.Precision == DType.F16) scaler = new LossScaler();
        if (grows) ranks = new RankController(adapters, adam, selora, seed: 1);
        latents = new Shape(options.Batch, options.Size / 8, options.Size / 8, 4);
        (clean, noise, noisy) = (new float[latents.Count], new float[latents.Count], new float[latents.Count]);
        Philox.FillNormal(clean, 3);
        ids = StepTask.Ids(options.Batch, text.Config);
        if (options.Device.Kind == DeviceKind.Cpu) return;
        var denoiser = new Denoiser(text, unet, options.Device);
        var place = new DeviceBatch(denoiser, options.Batch, text.Config.MaxPositionEmbeddings, new Shape(latents[1], latents[2], latents[3]));
        gradients = new GradientStep(denoiser, adapters, adam, [place], maxNorm: 0);
    }

    /// <summary>Loss of the last step.</summary>
    public float Loss { get; private set; }

    /// <summary>The adapters.</summary>
    public AdapterSet Adapters => adapters;

    /// <summary>Layers that the last test gave a rank.</summary>
    public int LastGrown { get; private set; }

    /// <summary>Whether the last step without a test was replayed as a whole.</summary>
    public bool IsReplayed { get; private set; }

    /// <summary>Whether the next step without a test is like all later ones, while ranks stay.</summary>
    public bool IsWarm => !replays || IsReplayed || ReplayProblem is not null;

    /// <summary>Why a GPU's steps are not repeated from a recording; null while they may.</summary>
    public string? ReplayProblem => gradients?.Problem;

    /// <summary>Makes the networks use these adapters.</summary>
    public void Attach() => adapters.Attach();

    /// <summary>Gives the networks back.</summary>
    public void Detach() => adapters.Detach();

    /// <summary>A step, with SeLoRA's rank test if asked for, its scores from the step's own backward.</summary>
    public void Step(Action<string> lap, bool test = false)
    {
        NoisyBatch batch = Draw();
        if (gradients is null) StepByParts(batch, lap, test);
        else StepAsTrained(gradients, batch, lap, test);
    }

    private NoisyBatch Draw()
    {
        int batch = latents[0];
        int[] timesteps = [.. Enumerable.Range(0, batch).Select(i => Philox.Int(13, (ulong)(steps * batch + i), 1000))];
        Philox.FillNormal(noise, 17, (ulong)(steps++ * noise.Length));
        schedule.AddNoise(clean, noise, timesteps, noisy);
        return new NoisyBatch(ids, [.. timesteps.Select(t => (float)t)], noisy, noise);
    }

    private void StepByParts(NoisyBatch batch, Action<string> lap, bool test)
    {
        using var scope = new TensorScope();
        Tensor context = text.Forward(ids, batch.Count);
        Tensor predicted = unet.Forward(Tensor.From(noisy, latents, Device.Cpu), batch.Timesteps, context);
        Tensor loss = Ops.MseLoss(predicted, Tensor.From(noise, latents, Device.Cpu));
        Loss = loss.Item();
        lap("forward");
        using (test ? ranks!.Observe() : null) loss.Backward();
        backend.Synchronize();
        lap("backward");
        adam.Step();
        adam.ZeroGrad();
        if (test) Decide(isGood: true);
        backend.Synchronize();
        lap(test ? "test" : "update");
    }

    /// <summary>As <see cref="TrainingLoop.Next"/> does it. The device is waited for once, so the parts are not told apart.</summary>
    private void StepAsTrained(GradientStep step, NoisyBatch batch, Action<string> lap, bool test)
    {
        float? scale = scaler?.Scale;
        step.Run([batch], scale ?? 1f, replays && !test, share => test ? ranks!.Observe(share) : null);
        if (scale is { } by) step.Unscale(by);
        step.Finish();
        Loss = step.Losses()[0];
        bool isGood = scaler?.Accept(step.Norm()) ?? true;
        if (isGood) adam.StepCount++;
        if (test) Decide(isGood);
        else IsReplayed = step is { LastRun: StepRun.Replayed, LastUpdate: StepRun.Replayed };
        adam.ZeroGrad();
        backend.Synchronize();
        lap("step");
    }

    private void Decide(bool isGood)
    {
        if (isGood) LastGrown = ranks!.Decide(steps).Count(d => d.Grown);
        else ranks!.Discard();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        gradients?.Dispose();
        ranks?.Dispose();
        adam.Dispose();
        adapters.Dispose();
    }
}
