using System.Diagnostics;
using SeLoRA.Adapters;
using SeLoRA.Engine;
using SeLoRA.Model;

namespace SeLoRA.Train;

/// <summary>What one optimiser step did.</summary>
internal sealed record StepResult(double Loss, double GradNorm, double Milliseconds, IReadOnlyList<RankDecision> Decisions);

/// <summary>
/// The training step: batches of noisy latents, backward into the adapters, clipping, Adam, and the rank test of SeLoRA. It knows
/// nothing of files and consoles.
/// </summary>
internal sealed class TrainingLoop : IDisposable
{
    private readonly RunConfig config;
    private readonly Denoiser denoiser;
    private readonly LatentSet train;
    private readonly LatentSet? validation;
    private readonly AdapterSet adapters;
    private readonly RankController? ranks;
    private readonly NoiseSchedule schedule;
    private readonly float scalingFactor;
    private readonly AdamW adam;

    /// <summary>A loop at step 0.</summary>
    public TrainingLoop(RunConfig config, Denoiser denoiser, LatentSet train, LatentSet? validation, AdapterSet adapters,
        SeLoRAConfig? selora, NoiseSchedule schedule, float scalingFactor)
    {
        this.config = config;
        this.denoiser = denoiser;
        this.train = train;
        this.validation = validation;
        this.adapters = adapters;
        this.schedule = schedule;
        this.scalingFactor = scalingFactor;
        adam = new AdamW(config.LearningRate!.Value);
        adapters.AddTo(adam);
        if (selora is not null) ranks = new RankController(adapters, adam, selora, config.Seed);
        Order = new DrawOrder(config.Seed, train.Count, config.Batch, config.GradAccumulation);
        TotalSteps = config.Steps ?? config.Epochs!.Value * Order.StepsPerEpoch;
    }

    /// <summary>Which images each step sees.</summary>
    public DrawOrder Order { get; }

    /// <summary>Steps of the whole run.</summary>
    public int TotalSteps { get; }

    /// <summary>Steps done.</summary>
    public int Step { get; private set; }

    /// <summary>One optimiser step; returns after the rank test, if one was due.</summary>
    public StepResult Next()
    {
        long start = Stopwatch.GetTimestamp();
        int step = Step + 1;
        NoisyBatch[] batches = [.. Enumerable.Range(0, config.GradAccumulation).Select(micro => NoisyBatch.Draw(train,
            Order.Batch(step, micro), i => Order.SampleSeed(step, micro, i), schedule, scalingFactor))];
        bool test = ranks is not null && ranks.IsTestStep(step), fused = config.Fisher == "fused";
        double loss = ForwardBackward(batches, step, observe: test && fused);
        float norm = Clip(step);
        adam.Step();
        adam.ZeroGrad();
        IReadOnlyList<RankDecision> decisions = [];
        if (test)
        {
            if (!fused)
            {
                ForwardBackward(batches, step, observe: true);
                adapters.ZeroGrad();
            }
            decisions = ranks!.Decide(step);
        }
        Step = step;
        Backend.Get(denoiser.Device).Synchronize();
        return new StepResult(loss, norm, Stopwatch.GetElapsedTime(start).TotalMilliseconds, decisions);
    }

    /// <summary>Validation loss, or null without a validation set.</summary>
    public double? Validate() =>
        validation is null ? null : denoiser.Validate(validation, config.Batch, config.Seed, schedule, scalingFactor);

    /// <summary>State after the last step.</summary>
    public CheckpointFile Checkpoint(double bestValidation, int bestStep) =>
        new(Step, bestValidation, bestStep, adapters.Save(adam));

    /// <summary>Goes back to a checkpoint.</summary>
    public void Restore(CheckpointFile checkpoint)
    {
        adapters.Restore(checkpoint.Tensors, adam);
        adam.StepCount = checkpoint.Step;
        Step = checkpoint.Step;
    }

    /// <summary>Frees the optimiser and the rank controller.</summary>
    public void Dispose()
    {
        ranks?.Dispose();
        adam.Dispose();
    }

    private double ForwardBackward(NoisyBatch[] batches, int step, bool observe)
    {
        double sum = 0;
        foreach (NoisyBatch batch in batches)
        {
            using var scope = new TensorScope();
            Tensor loss = denoiser.Loss(batch, train.Shape);
            double value = loss.Item();
            if (!double.IsFinite(value))
                throw new EngineException($"step {step}: the loss is {value}; {FirstNonFinite()}the last checkpoint is whole (lower --lr, or --max-grad-norm 1)");
            // The accumulated gradient is that of the mean over all micro-batches.
            float share = 1f / batches.Length;
            using (observe ? ranks!.Observe(share) : null)
                (batches.Length == 1 ? loss : loss * share).Backward();
            sum += value;
        }
        return sum / batches.Length;
    }

    private float Clip(int step)
    {
        IEnumerable<Tensor> tensors = adapters.Parameters.Select(p => p.Tensor);
        float norm = GradClip.ClipNorm(tensors, config.MaxGradNorm > 0 ? config.MaxGradNorm : float.MaxValue);
        if (!float.IsFinite(norm))
            throw new EngineException($"step {step}: the gradient is not finite; {FirstNonFinite()}the last checkpoint is whole");
        return norm;
    }

    private string FirstNonFinite()
    {
        foreach ((string name, Tensor tensor) in adapters.Parameters)
            if (tensor.ToArray().Any(v => !float.IsFinite(v)) || tensor.Grad is { } g && g.ToArray().Any(v => !float.IsFinite(v)))
                return $"first bad layer: {name}; ";
        return "";
    }
}
