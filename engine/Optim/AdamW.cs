using System.Runtime.InteropServices;

namespace SeLoRA.Engine;

/// <summary>
/// AdamW (Loshchilov and Hutter, 2019) over a set of tensors, moments in float32; with weight decay 0 it is Adam. Moments are created
/// at a tensor's first gradient and can be read and replaced, so that checkpoints and growing adapters keep them.
/// </summary>
public sealed class AdamW : IDisposable
{
    private readonly Dictionary<string, Entry> entries = [];
    private readonly List<AdamWTensors> updated = [];
    private bool disposed;

    /// <summary>PyTorch's defaults but for the weight decay, which is off.</summary>
    public AdamW(float lr = 1e-4f, float beta1 = 0.9f, float beta2 = 0.999f, float eps = 1e-8f, float weightDecay = 0f)
    {
        LearningRate = lr;
        Beta1 = beta1;
        Beta2 = beta2;
        Eps = eps;
        WeightDecay = weightDecay;
    }

    /// <summary>Learning rate of the next step.</summary>
    public float LearningRate { get; set; }

    /// <summary>Decay of the first moment.</summary>
    public float Beta1 { get; }

    /// <summary>Decay of the second moment.</summary>
    public float Beta2 { get; }

    /// <summary>Added to the root of the second moment.</summary>
    public float Eps { get; }

    /// <summary>Decoupled weight decay.</summary>
    public float WeightDecay { get; }

    /// <summary>Steps taken.</summary>
    public long StepCount { get; set; }

    /// <summary>Names in order of addition.</summary>
    public IEnumerable<string> Names => entries.Keys;

    /// <summary>Adds a tensor under a unique name, or exchanges the tensor of a name with moments to match.</summary>
    public void Set(string name, Tensor tensor, Tensor? m = null, Tensor? v = null)
    {
        CheckInUse();
        if (entries.TryGetValue(name, out Entry? old)) old.Dispose();
        entries[name] = new Entry(tensor, Owned(m ?? Tensor.Zeros(tensor.Shape, tensor.Device)),
            Owned(v ?? Tensor.Zeros(tensor.Shape, tensor.Device)));
    }

    /// <summary>First and second moment of a tensor; owned by the optimiser.</summary>
    public (Tensor M, Tensor V) Moments(string name) => (entries[name].M, entries[name].V);

    /// <summary>Factors of the next step.</summary>
    public AdamWFactors NextFactors => AdamWFactors.Of(StepCount + 1, LearningRate, Beta1, Beta2, Eps, WeightDecay);

    /// <summary>Updates every tensor that has a gradient; all are on one device.</summary>
    public void Step()
    {
        Collect();
        StepCount++;
        Ops.AdamWStep(CollectionsMarshal.AsSpan(updated), StepCount, LearningRate, Beta1, Beta2, Eps, WeightDecay);
        updated.Clear();
    }

    /// <summary>
    /// Queues the guarded update of every tensor that has a gradient; it can be recorded. <see cref="StepCount"/> is for the caller to raise, who reads
    /// the verdict afterwards.
    /// </summary>
    /// <param name="factors"><see cref="NextFactors"/>, on the device.</param>
    /// <param name="verdict">Of <see cref="IBackend.JudgeGradients"/>.</param>
    public void Step(Tensor factors, Tensor verdict)
    {
        Collect();
        Ops.AdamWStep(CollectionsMarshal.AsSpan(updated), factors, verdict);
        updated.Clear();
    }

    /// <summary>Frees all gradients.</summary>
    public void ZeroGrad()
    {
        foreach (Entry e in entries.Values) e.Tensor.ZeroGrad();
    }

    /// <summary>Frees the moments; the tensors belong to the caller.</summary>
    public void Dispose()
    {
        foreach (Entry e in entries.Values) e.Dispose();
        entries.Clear();
        disposed = true;
    }

    private void CheckInUse()
    {
        if (disposed) Check.Fail("AdamW: used after it was disposed");
    }

    private void Collect()
    {
        CheckInUse();
        // A step that was refused, as in a recording, has left its own.
        updated.Clear();
        foreach (Entry e in entries.Values)
            if (e.Tensor.Grad is { } grad) updated.Add(new AdamWTensors(e.Tensor, grad, e.M, e.V));
    }

    private static Tensor Owned(Tensor tensor) => TensorScope.Detach(tensor);

    private sealed record Entry(Tensor Tensor, Tensor M, Tensor V) : IDisposable
    {
        public void Dispose()
        {
            M.Dispose();
            V.Dispose();
        }
    }
}
