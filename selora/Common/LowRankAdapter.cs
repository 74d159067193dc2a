using SeLoRA.Engine;

namespace SeLoRA.Adapters;

/// <summary>
/// y = x W^T + bias + scale (x A^T) B^T (Hu et al., 2021, eq. 3): LoRA where the rank stays, SeLoRA where a <see cref="RankController"/>
/// grows it.
/// </summary>
public sealed class LowRankAdapter : IAdapter
{
    private readonly Func<Action<AdaptedLinearSignals>?> observer;

    /// <summary>An adapter of rank 0 on the device of the layer's weight, which must be loaded.</summary>
    /// <param name="target">The layer.</param>
    /// <param name="scale">Factor of the update.</param>
    /// <param name="grows">Its rank will grow: keep room for it, on a GPU.</param>
    public LowRankAdapter(AdapterTarget target, float scale, bool grows = true)
    {
        Target = target;
        Scale = scale;
        Buffer = new RankBuffer(target.FullName, target.Linear.InFeatures, target.Linear.OutFeatures, target.Linear.Weight.Value.Device, grows);
        observer = () => Observer;
    }

    /// <inheritdoc/>
    public AdapterTarget Target { get; }

    /// <summary>The factors.</summary>
    public RankBuffer Buffer { get; }

    /// <inheritdoc/>
    public int Rank => Buffer.Rank;

    /// <inheritdoc/>
    public float Scale { get; }

    /// <inheritdoc/>
    public long TrainableCount => (long)Rank * (Buffer.InFeatures + Buffer.OutFeatures);

    /// <inheritdoc/>
    public IEnumerable<(string Name, Tensor Tensor)> Parameters => Buffer.Parameters;

    /// <summary>Receives the signals of every backward pass while set.</summary>
    internal Action<AdaptedLinearSignals>? Observer { get; set; }

    /// <summary>The layer's output with the update, for x (N, ..., in).</summary>
    /// <remarks>
    /// A growth must leave the output as it was to the last bit. The host's sums do not depend on shapes: it computes the ranks in use.
    /// Other devices run over the whole capacity: the padding is zero and changes nothing, while shapes that stay make them choose the same kernel and
    /// order of summation before and after. Where the capacity doubles, up to 64 ranks, the order is the same still.
    /// </remarks>
    public Tensor Forward(Tensor x, Tensor weight, Tensor? bias, Tensor? residual) =>
        Ops.AdaptedLinear(x, weight, bias, Buffer.A, Buffer.B, x.Device.Kind == DeviceKind.Cpu ? Rank : Buffer.Capacity, Scale, residual, observer);

    /// <inheritdoc/>
    public void AddDeltaTo(Tensor weight)
    {
        var shape = new GemmShape(Buffer.OutFeatures, Buffer.InFeatures, Buffer.Capacity);
        weight.Backend.Gemm(Buffer.B, Buffer.A, weight, shape, new GemmEpilogue { Alpha = Scale, Accumulate = true });
    }

    /// <summary>The update dW = scale B A, (out, in) row-major.</summary>
    public float[] Delta()
    {
        using Tensor delta = TensorScope.Detach(Tensor.Zeros(new Shape(Buffer.OutFeatures, Buffer.InFeatures), Buffer.A.Device));
        AddDeltaTo(delta);
        return delta.ToArray();
    }

    /// <inheritdoc/>
    public LoRAFactors ToLoRA() => new(Rank, Scale, Buffer.AValues(), Buffer.BValues());

    /// <inheritdoc/>
    public void Save(IDictionary<string, HostTensor> state, AdamW? optimizer) => Buffer.Save(state, optimizer);

    /// <inheritdoc/>
    public void Restore(IReadOnlyDictionary<string, HostTensor> state, AdamW? optimizer) => Buffer.Restore(state, optimizer);

    /// <inheritdoc/>
    public void Dispose() => Buffer.Dispose();
}
