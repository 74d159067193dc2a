using System.Diagnostics;
using SeLoRA.Adapters;
using SeLoRA.Engine;
using SeLoRA.Model;

namespace SeLoRA.Train;

/// <summary>What one optimiser step did. No norm: the scaled gradients overflowed, and the step was skipped.</summary>
internal sealed record StepResult(double Loss, double? GradNorm, double Milliseconds, IReadOnlyList<RankDecision> Decisions, double? LossScale);

/// <summary>
/// The training step: batches of noisy latents, backward into the adapters, clipping, Adam, and what the method decides on ranks. It
/// knows nothing of files and consoles, nor which method it trains.
/// </summary>
internal sealed class TrainingLoop : IDisposable
{
    private readonly RunConfig config;
    private readonly Denoiser denoiser;
    private readonly LatentSet train;
    private readonly LatentSet? validation;
    private readonly AdapterSet adapters;
    private readonly IRankControl? ranks;
    private readonly NoiseSchedule schedule;
    private readonly float scalingFactor;
    private readonly AdamW adam;
    private readonly NumberWatch watch;
    private readonly LossScaler? scaler;
    private readonly GradientStep gradients;

    /// <summary>A loop at step 0.</summary>
    public TrainingLoop(RunConfig config, Denoiser denoiser, LatentSet train, LatentSet? validation, AdapterSet adapters,
        IAdapterMethod method, NoiseSchedule schedule, float scalingFactor)
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
        watch = new NumberWatch(adapters, config.LearningRate!.Value);
        if (denoiser.UNet.Precision == DType.F16) scaler = new LossScaler();
        Order = new DrawOrder(config.Seed, train.Count, config.Batch, config.GradAccumulation);
        TotalSteps = config.Steps ?? config.Epochs!.Value * Order.StepsPerEpoch;
        ranks = method.CreateControl(adapters, adam, config.Seed, TotalSteps);
        DeviceBatch[] batches = [.. Enumerable.Range(0, config.GradAccumulation).Select(_ => new DeviceBatch(denoiser, config.Batch, train.Tokens, train.Shape))];
        gradients = new GradientStep(denoiser, adapters, adam, batches, config.MaxGradNorm);
    }

    /// <summary>Why a GPU's steps are not repeated from a recording; null where they are, or will be.</summary>
    public string? ReplayProblem => config.NoGraphs || denoiser.Device.Kind == DeviceKind.Cpu ? null : ranks?.Irregular ?? gradients.Problem;

    /// <summary>How the last step's passes were run, those of a test of their own left aside.</summary>
    public StepRun LastRun { get; private set; }

    /// <summary>How the last step's update was run.</summary>
    public StepRun LastUpdate => gradients.LastUpdate;

    /// <summary>Which images each step sees.</summary>
    public DrawOrder Order { get; }

    /// <summary>Steps of the whole run.</summary>
    public int TotalSteps { get; }

    /// <summary>Steps done.</summary>
    public int Step { get; private set; }

    /// <summary>Whether the ranks are such as the method ends with; see <see cref="IRankControl.IsSettled"/>.</summary>
    public bool IsSettled => ranks?.IsSettled(Step) ?? true;

    /// <summary>One optimiser step; returns after the decisions on ranks, if any were due.</summary>
    public StepResult Next()
    {
        long start = Stopwatch.GetTimestamp();
        int step = Step + 1;
        NoisyBatch[] batches = [.. Enumerable.Range(0, config.GradAccumulation).Select(micro => NoisyBatch.Draw(train,
            Order.Batch(step, micro), i => Order.SampleSeed(step, micro, i), schedule, scalingFactor))];
        ranks?.BeforeStep(step);
        float? scale = scaler?.Scale;
        gradients.Run(batches, scale ?? 1f, !config.NoGraphs && (ranks?.IsRegular(step) ?? true), share => ranks?.ObserveBackward(step, share));
        LastRun = gradients.LastRun;
        if (scale is { } by) gradients.Unscale(by);
        ranks?.AfterBackward(step);
        gradients.Finish();
        // The one time that the host waits. Where numbers are wrong, nothing was updated.
        double loss = JudgeLosses(step, batches);
        float norm = gradients.Norm();
        IReadOnlyList<RankDecision> decisions = [];
        // An overflow of float16 is no fault: the step is left out and the scale halved.
        bool isLeftOut = scaler is not null && !scaler.Accept(norm);
        if (isLeftOut) ranks?.Discard();
        else
        {
            Judge(step, loss, norm, batches[0]);
            adam.StepCount++;
            decisions = ranks?.AfterStep(step, () => Again(step, batches)) ?? [];
        }
        adam.ZeroGrad();
        Step = step;
        Backend.Get(denoiser.Device).Synchronize();
        return new StepResult(loss, isLeftOut ? null : norm, Stopwatch.GetElapsedTime(start).TotalMilliseconds, decisions, scale);
    }

    /// <summary>Validation loss, or null without a validation set.</summary>
    /// <exception cref="DivergedException">It is not finite.</exception>
    public double? Validate()
    {
        double? loss = validation is null ? null : denoiser.Validate(validation, config.Batch, config.Seed, schedule, scalingFactor);
        watch.JudgeValidation(Step, loss);
        return loss;
    }

    /// <summary>State after the last step.</summary>
    /// <exception cref="DivergedException">The weights are no result of training.</exception>
    public CheckpointFile Checkpoint(double bestValidation, int bestStep)
    {
        watch.JudgeWeights(Step);
        var state = new Dictionary<string, HostTensor>(adapters.Save(adam), StringComparer.Ordinal);
        ranks?.Save(state);
        return new CheckpointFile(Step, bestValidation, bestStep, state)
        {
            Scaling = scaler is null ? null : new LossScaling(scaler.Scale, scaler.GoodSteps, adam.StepCount),
        };
    }

    /// <summary>Goes back to a checkpoint.</summary>
    public void Restore(CheckpointFile checkpoint)
    {
        adapters.Restore(checkpoint.Tensors, adam);
        ranks?.Restore(checkpoint.Tensors);
        adam.StepCount = checkpoint.Scaling?.Updates ?? checkpoint.Step;
        if (checkpoint.Scaling is { } scaling) scaler?.Restore(scaling.Scale, scaling.GoodSteps);
        Step = checkpoint.Step;
    }

    /// <summary>Frees the optimiser and the rank control.</summary>
    public void Dispose()
    {
        gradients.Dispose();
        ranks?.Dispose();
        adam.Dispose();
    }

    private void Again(int step, NoisyBatch[] batches)
    {
        gradients.Run(batches, scaler?.Scale ?? 1f, regular: false, share => ranks?.ObserveBackward(step, share));
        JudgeLosses(step, batches);
    }

    /// <summary>Mean of the losses.</summary>
    private double JudgeLosses(int step, NoisyBatch[] batches)
    {
        float[] losses = gradients.Losses();
        for (int i = 0; i < losses.Length; i++) Judge(step, losses[i], null, batches[i]);
        return losses.Average(loss => (double)loss);
    }

    private void Judge(int step, double loss, float? gradNorm, NoisyBatch batch) => watch.Judge(step, loss, gradNorm, batch, () =>
    {
        using var scope = new TensorScope();
        denoiser.Loss(batch, train.Shape);
    });
}
