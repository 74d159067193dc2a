using SeLoRA.Adapters;
using SeLoRA.Engine;
using SeLoRA.Model;

namespace SeLoRA.Bench;

/// <summary>
/// Cached latents and token ids: draw noise, add it, text encoder, U-Net, mean squared error, backward, Adam; adapters in every linear
/// layer of both networks.
/// </summary>
internal sealed class TrainStep : StepTask
{
    private readonly ClipTextModel text;
    private readonly UNet2DConditionModel unet;
    private readonly AdapterSet adapters;
    private readonly AdamW adam = new(1e-4f);
    private readonly RankController? ranks;
    private readonly NoiseSchedule schedule;
    private readonly float[] clean, noise, noisy;
    private readonly int[] ids;
    private long steps;

    public TrainStep(StepOptions options) : base(options)
    {
        if (options.Method == "none") throw new EngineException("--method none: train-step needs lora or selora");
        text = Load(new ClipTextModel(new ClipTextConfig()));
        unet = Load(new UNet2DConditionModel(new UNetConfig()));
        adapters = Adapt(new AdapterRoot("unet", unet), new AdapterRoot("text_encoder", text))!;
        adapters.AddTo(adam);
        if (options.Method == "selora") ranks = new RankController(adapters, adam, new SeLoRAConfig { TestEvery = 1 }, seed: 1);
        schedule = NoiseSchedule.FromConfig(SchedulerConfig.Parse(
            """{"_class_name": "DDPMScheduler", "beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear", "num_train_timesteps": 1000}"""));
        int side = options.Size / 8;
        (clean, noise, noisy) = (new float[options.Batch * side * side * 4], new float[options.Batch * side * side * 4], new float[options.Batch * side * side * 4]);
        Philox.FillNormal(clean, 3);
        ids = Ids(options.Batch);
    }

    /// <summary>Loss of the last step.</summary>
    public float Loss { get; private set; }

    /// <summary>Total rank now.</summary>
    public int RankTotal => adapters.RankTotal;

    /// <inheritdoc/>
    public override void Step(Action<string> lap) => Step(lap, test: false);

    /// <summary>A step, with SeLoRA's rank test if asked for.</summary>
    public void Step(Action<string> lap, bool test)
    {
        using var scope = new TensorScope();
        int side = Options.Size / 8;
        var shape = new Shape(Options.Batch, side, side, 4);
        int[] timesteps = [.. Enumerable.Range(0, Options.Batch).Select(i => Philox.Int(13, (ulong)(steps * Options.Batch + i), 1000))];
        Philox.FillNormal(noise, 17, (ulong)(steps++ * noise.Length));
        schedule.AddNoise(clean, noise, timesteps, noisy);
        Tensor context = text.Forward(ids, Options.Batch);
        Tensor predicted = unet.Forward(Tensor.From(noisy, shape, Options.Device), [.. timesteps.Select(t => (float)t)], context);
        Tensor loss = Ops.MseLoss(predicted, Tensor.From(noise, shape, Options.Device));
        Loss = loss.Item();
        lap("forward");
        using (test ? ranks!.Observe() : null) loss.Backward();
        Backend.Synchronize();
        lap("backward");
        adam.Step();
        adam.ZeroGrad();
        if (test) ranks!.Decide(steps);
        Backend.Synchronize();
        lap(test ? "test" : "update");
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        ranks?.Dispose();
        adam.Dispose();
        base.Dispose();
    }
}
