using SeLoRA.Adapters;
using SeLoRA.Engine;
using SeLoRA.Model;

namespace SeLoRA.Bench;

/// <summary>
/// Fine-tuning of two networks with cached latents and token ids: draw noise, add it, text encoder, U-Net, mean squared error, backward,
/// Adam; adapters in every linear layer of both. Several may share the networks and take turns.
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
    private readonly IBackend backend;
    private readonly Shape latents;
    private readonly float[] clean, noise, noisy;
    private readonly int[] ids;
    private long steps;

    /// <summary>Adapters of the options' method and rank; attached by <see cref="Attach"/>.</summary>
    public AdapterTraining(StepOptions options, ClipTextModel text, UNet2DConditionModel unet)
    {
        (this.text, this.unet) = (text, unet);
        backend = Backend.Get(options.Device);
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
    }

    /// <summary>Loss of the last step.</summary>
    public float Loss { get; private set; }

    /// <summary>The adapters.</summary>
    public AdapterSet Adapters => adapters;

    /// <summary>Layers that the last test gave a rank.</summary>
    public int LastGrown { get; private set; }

    /// <summary>Makes the networks use these adapters.</summary>
    public void Attach() => adapters.Attach();

    /// <summary>Gives the networks back.</summary>
    public void Detach() => adapters.Detach();

    /// <summary>A step, with SeLoRA's rank test if asked for, its scores from the step's own backward.</summary>
    public void Step(Action<string> lap, bool test = false)
    {
        using var scope = new TensorScope();
        int batch = latents[0];
        int[] timesteps = [.. Enumerable.Range(0, batch).Select(i => Philox.Int(13, (ulong)(steps * batch + i), 1000))];
        Philox.FillNormal(noise, 17, (ulong)(steps++ * noise.Length));
        schedule.AddNoise(clean, noise, timesteps, noisy);
        Tensor context = text.Forward(ids, batch);
        Tensor predicted = unet.Forward(Tensor.From(noisy, latents, backend.Device), [.. timesteps.Select(t => (float)t)], context);
        Tensor loss = Ops.MseLoss(predicted, Tensor.From(noise, latents, backend.Device));
        Loss = loss.Item();
        lap("forward");
        Tensor? scale = scaler is null ? null : Tensor.From([scaler.Scale], loss.Shape, backend.Device);
        using (test ? ranks!.Observe(scaler?.Scale ?? 1f) : null) loss.Backward(scale);
        backend.Synchronize();
        lap("backward");
        bool good = scaler is null || Unscale(scaler);
        if (good) adam.Step();
        adam.ZeroGrad();
        if (test && good) LastGrown = ranks!.Decide(steps).Count(d => d.Grown);
        else if (test) ranks!.Discard();
        backend.Synchronize();
        lap(test ? "test" : "update");
    }

    private bool Unscale(LossScaler scaler)
    {
        List<Tensor> grads = [.. adapters.Parameters.Where(p => p.Tensor.Grad is not null).Select(p => p.Tensor.Grad!)];
        foreach (Tensor grad in grads) backend.Scale(grad, 1f / scaler.Scale, grad);
        return scaler.Accept(GradClip.Norm(grads));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        ranks?.Dispose();
        adam.Dispose();
        adapters.Dispose();
    }
}
