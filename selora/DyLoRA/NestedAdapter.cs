using SeLoRA.Engine;

namespace SeLoRA.Adapters;

/// <summary>
/// y = x W^T + bias + alpha / b x (B[:, :b] A[:b])^T (DyLoRA, Valipour et al., 2023): the first b ranks of the factors, of which more may
/// lie there.
/// </summary>
public sealed class NestedAdapter : IAdapter
{
    private readonly float alpha;
    private int rank;

    /// <summary>An adapter of rank 0 on the device of the layer's weight, which must be loaded.</summary>
    /// <param name="target">The layer.</param>
    /// <param name="alpha">Numerator of the update's factor.</param>
    public NestedAdapter(AdapterTarget target, float alpha)
    {
        (Target, this.alpha) = (target, alpha);
        Buffer = new RankBuffer(target.FullName, target.Linear.InFeatures, target.Linear.OutFeatures, target.Linear.Weight.Value.Device, grows: false);
    }

    /// <inheritdoc/>
    public AdapterTarget Target { get; }

    /// <summary>The factors with all their ranks.</summary>
    public RankBuffer Buffer { get; }

    /// <summary>b, the ranks that take part; the others stay as they are.</summary>
    /// <exception cref="EngineException">It is below 1 or above the buffer's rank.</exception>
    public int Rank
    {
        get => rank;
        set => rank = value >= 1 && value <= Buffer.Rank ? value
            : throw new EngineException($"{Target.FullName}: rank {value}, 1 to {Buffer.Rank} is needed");
    }

    /// <inheritdoc/>
    public float Scale => alpha / Rank;

    /// <inheritdoc/>
    public long TrainableCount => Buffer.A.Count + Buffer.B.Count;

    /// <inheritdoc/>
    public IEnumerable<(string Name, Tensor Tensor)> Parameters => Buffer.Parameters;

    /// <inheritdoc/>
    public Tensor Forward(Tensor x, Tensor weight, Tensor? bias, Tensor? residual) =>
        Ops.AdaptedLinear(x, weight, bias, Buffer.A, Buffer.B, Rank, Scale, residual);

    /// <inheritdoc/>
    public void AddDeltaTo(Tensor weight)
    {
        GemmShape shape = new(Buffer.OutFeatures, Buffer.InFeatures, Rank) { Lda = Buffer.Capacity };
        weight.Backend.Gemm(Buffer.B, Buffer.A, weight, shape, new GemmEpilogue { Alpha = Scale, Accumulate = true });
    }

    /// <inheritdoc/>
    public LoRAFactors ToLoRA()
    {
        float[] b = Buffer.BValues();
        float[] up = [.. Enumerable.Range(0, Buffer.OutFeatures).SelectMany(row => b.Skip(row * Buffer.Rank).Take(Rank))];
        return new LoRAFactors(Rank, Scale, Buffer.AValues()[..(Rank * Buffer.InFeatures)], up);
    }

    /// <inheritdoc/>
    public void Save(IDictionary<string, HostTensor> state, AdamW? optimizer) => Buffer.Save(state, optimizer);

    /// <inheritdoc/>
    public void Restore(IReadOnlyDictionary<string, HostTensor> state, AdamW? optimizer) => Buffer.Restore(state, optimizer);

    /// <inheritdoc/>
    public void Dispose() => Buffer.Dispose();
}
