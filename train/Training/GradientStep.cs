using SeLoRA.Adapters;
using SeLoRA.Engine;

namespace SeLoRA.Train;

/// <summary>
/// The part of a training step that does the same in each: forward and backward passes of its micro-batches, the norm of the gradients, their
/// clipping and the optimiser's update. On a GPU it is recorded and replayed. What changes from step to step lies in tensors: the batches, the
/// weight of their losses, the scale of gradients, the update's factors. The update asks the device whether losses and norm are right; the
/// host reads them once, at the end.
/// </summary>
internal sealed class GradientStep : IDisposable
{
    private readonly Denoiser denoiser;
    private readonly AdapterSet adapters;
    private readonly DeviceBatch[] batches;
    private readonly AdamW adam;
    private readonly float maxNorm;
    private readonly Tensor share, inverse, losses, squares, factors, verdict;
    private readonly StepReplay passes, unscaling, update;
    private Tensor?[] recorded = [];

    /// <param name="denoiser">The networks.</param>
    /// <param name="adapters">What is trained.</param>
    /// <param name="adam">Updates it.</param>
    /// <param name="batches">Places of a step's micro-batches; freed with the step.</param>
    /// <param name="maxNorm">Largest norm of the gradients, to which they are shortened; 0 for none.</param>
    public GradientStep(Denoiser denoiser, AdapterSet adapters, AdamW adam, DeviceBatch[] batches, float maxNorm)
    {
        this.denoiser = denoiser;
        this.adapters = adapters;
        this.adam = adam;
        this.batches = batches;
        this.maxNorm = maxNorm;
        share = Place(new Shape());
        inverse = Place(new Shape(1));
        losses = Place(new Shape(batches.Length));
        squares = Place(new Shape(adapters.Parameters.Count()));
        factors = Place(new Shape(AdamWFactors.Count));
        verdict = Place(new Shape(GradClip.VerdictCount));
        IBackend backend = Backend.Get(denoiser.Device);
        passes = new StepReplay(backend, () => Pass(null));
        unscaling = new StepReplay(backend, Unscale);
        update = new StepReplay(backend, Update);
    }

    /// <summary>Why the device repeats nothing from a recording; null while it may.</summary>
    public string? Problem => passes.Problem ?? unscaling.Problem ?? update.Problem;

    /// <summary>How the last passes were run.</summary>
    public StepRun LastRun { get; private set; }

    /// <summary>How the last update was run.</summary>
    public StepRun LastUpdate { get; private set; }

    /// <summary>Forward and backward: the gradients are those of the mean over all micro-batches, times <paramref name="scale"/>.</summary>
    /// <param name="drawn">The micro-batches.</param>
    /// <param name="scale">What the loss is multiplied by.</param>
    /// <param name="regular">The step does what others do, and may be replayed.</param>
    /// <param name="observe">Watches a backward pass, given the factor of its loss; for steps that are not regular.</param>
    public void Run(NoisyBatch[] drawn, float scale, bool regular, Func<float, IDisposable?>? observe)
    {
        float factor = scale / drawn.Length;
        for (int i = 0; i < drawn.Length; i++) batches[i].Load(drawn[i]);
        share.CopyFrom([factor]);
        if (!regular)
        {
            Pass(observe is null ? null : () => observe(factor));
            LastRun = StepRun.Plain;
            return;
        }
        LastRun = passes.Run();
        if (LastRun == StepRun.Replayed) Give();
        else Keep(LastRun == StepRun.Recorded);
    }

    /// <summary>Divides the gradients by the loss scale.</summary>
    public void Unscale(float scale)
    {
        inverse.CopyFrom([1f / scale]);
        if (HasPlaces) unscaling.Run();
        else Unscale();
    }

    /// <summary>
    /// Measures the gradients, shortens them and updates the adapters by the optimiser's next step; changes nothing if the norm is not finite or a
    /// loss is not below <see cref="NumberWatch.LossLimit"/>. The optimiser's count of steps is left to the caller.
    /// </summary>
    public void Finish()
    {
        factors.CopyFrom(adam.NextFactors.ToArray());
        if (HasPlaces) LastUpdate = update.Run();
        else
        {
            Update();
            LastUpdate = StepRun.Plain;
        }
    }

    /// <summary>Losses of the micro-batches.</summary>
    public float[] Losses() => losses.ToArray();

    /// <summary>Joint norm of the gradients before they were shortened.</summary>
    public float Norm() => verdict.ToArray()[0];

    /// <summary>Frees places and recordings.</summary>
    public void Dispose()
    {
        foreach (IDisposable part in (IDisposable[])[passes, unscaling, update, .. batches, share, inverse, losses, squares, factors, verdict]) part.Dispose();
        Keep(false);
    }

    /// <summary>Only gradients that are recorded are in the same places again.</summary>
    private bool HasPlaces => LastRun != StepRun.Plain;

    private void Pass(Func<IDisposable?>? observe)
    {
        adapters.ZeroGrad();
        for (int i = 0; i < batches.Length; i++)
        {
            using var scope = new TensorScope();
            Tensor loss = denoiser.Loss(batches[i]);
            loss.Backend.Copy(loss, losses.Narrow(i, 1));
            using (observe?.Invoke()) loss.Backward(share);
        }
    }

    private void Unscale()
    {
        foreach (Tensor? grad in Grads())
            grad?.Backend.Binary<MulOp>(grad, inverse, grad, new BroadcastShape(1, grad.Count, 1));
    }

    private void Update()
    {
        squares.Backend.Zero(squares);
        int index = 0;
        foreach (Tensor? grad in Grads())
        {
            if (grad is not null) GradClip.SumSquares(grad, squares, index);
            index++;
        }
        squares.Backend.JudgeGradients(squares, losses, NumberWatch.LossLimit, maxNorm, verdict);
        adam.Step(factors, verdict);
    }

    private IEnumerable<Tensor?> Grads() => adapters.Parameters.Select(p => p.Tensor.Grad);

    /// <summary>Holds the gradients that a recording makes, or none.</summary>
    private void Keep(bool all)
    {
        foreach (Tensor? grad in recorded) grad?.Dispose();
        recorded = all ? [.. Grads().Select(grad => grad is null ? null : TensorScope.Detach(grad.Detach()))] : [];
    }

    /// <summary>A replay makes gradients but no tensors of them.</summary>
    private void Give()
    {
        adapters.ZeroGrad();
        int index = 0;
        foreach ((_, Tensor parameter) in adapters.Parameters)
        {
            if (recorded[index] is { } grad) parameter.AddGrad(grad);
            index++;
        }
    }

    private Tensor Place(Shape shape) => TensorScope.Detach(Tensor.Empty(shape, denoiser.Device));
}
