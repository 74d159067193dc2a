using SeLoRA.Engine;

namespace SeLoRA.Adapters;

/// <summary>
/// y = x W^T + bias + scale x (P Lambda Q)^T (AdaLoRA, eq. 3): B is P (out, r), E the diagonal of Lambda (r, 1), A is Q (r, in). Computed
/// as an adapted linear layer with A' = E A, whose product rule gives A and E their gradients.
/// </summary>
public sealed class TripletAdapter : IAdapter
{
    private readonly string name;
    private readonly int triplets;

    /// <summary>An adapter of zeros on the device of the layer's weight, which must be loaded.</summary>
    /// <param name="target">The layer.</param>
    /// <param name="triplets">Rank at the start, which stays the size of the factors.</param>
    /// <param name="scale">Factor of the update.</param>
    public TripletAdapter(AdapterTarget target, int triplets, float scale)
    {
        (Target, Scale, Rank, this.triplets, name) = (target, scale, triplets, triplets, target.FullName);
        A = Leaf(new Shape(triplets, target.Linear.InFeatures));
        E = Leaf(new Shape(triplets, 1));
        B = Leaf(new Shape(target.Linear.OutFeatures, triplets));
    }

    /// <inheritdoc/>
    public AdapterTarget Target { get; }

    /// <inheritdoc/>
    public float Scale { get; }

    /// <summary>Q, (r, in).</summary>
    public Tensor A { get; }

    /// <summary>The diagonal of Lambda, (r, 1).</summary>
    public Tensor E { get; }

    /// <summary>P, (out, r).</summary>
    public Tensor B { get; }

    /// <summary>Triplets that the last mask kept. Between masks all are trained, and masked ones may come back.</summary>
    public int Rank { get; internal set; }

    /// <inheritdoc/>
    public long TrainableCount => A.Count + E.Count + B.Count;

    /// <inheritdoc/>
    public IEnumerable<(string Name, Tensor Tensor)> Parameters => [($"{name}.lora_A", A), ($"{name}.lora_E", E), ($"{name}.lora_B", B)];

    private string RankName => $"{name}.lora_E.rank";

    /// <inheritdoc/>
    public Tensor Forward(Tensor x, Tensor weight, Tensor? bias, Tensor? residual) =>
        Forward(x, weight, bias, residual, A, E, B, Scale);

    /// <summary>The layer's output for factors of any kind.</summary>
    internal static Tensor Forward(Tensor x, Tensor weight, Tensor? bias, Tensor? residual, Tensor a, Tensor e, Tensor b, float scale)
    {
        using Tensor scaled = a * e;
        return Ops.AdaptedLinear(x, weight, bias, scaled, b, e.Shape[0], scale, residual);
    }

    /// <summary>Replaces all three factors.</summary>
    /// <param name="a">Q, (r, in) row-major.</param>
    /// <param name="e">The diagonal, (r).</param>
    /// <param name="b">P, (out, r) row-major.</param>
    public void Load(ReadOnlySpan<float> a, ReadOnlySpan<float> e, ReadOnlySpan<float> b)
    {
        A.CopyFrom(a);
        E.CopyFrom(e);
        B.CopyFrom(b);
    }

    /// <inheritdoc/>
    public void AddDeltaTo(Tensor weight)
    {
        using Tensor scaled = A * E;
        var shape = new GemmShape(B.Shape[0], A.Shape[1], triplets);
        weight.Backend.Gemm(B, scaled, weight, shape, new GemmEpilogue { Alpha = Scale, Accumulate = true });
    }

    /// <inheritdoc/>
    /// <remarks>Lambda goes into A; triplets whose value is zero are left out.</remarks>
    public LoRAFactors ToLoRA()
    {
        float[] a = A.ToArray(), e = E.ToArray(), b = B.ToArray();
        int[] kept = [.. Enumerable.Range(0, triplets).Where(i => e[i] != 0)];
        int ins = A.Shape[1], outs = B.Shape[0];
        float[] down = [.. kept.SelectMany(i => a.Skip(i * ins).Take(ins).Select(value => value * e[i]))];
        float[] up = [.. Enumerable.Range(0, outs).SelectMany(row => kept.Select(i => b[row * triplets + i]))];
        return new LoRAFactors(kept.Length, Scale, down, up);
    }

    /// <inheritdoc/>
    public void Save(IDictionary<string, HostTensor> state, AdamW? optimizer)
    {
        state[RankName] = new HostTensor([1], [Rank]);
        foreach ((string key, Tensor tensor) in Parameters)
        {
            int[] shape = tensor.Shape.ToArray();
            state[key] = new HostTensor(shape, tensor.ToArray());
            if (optimizer is null) continue;
            (Tensor m, Tensor v) = optimizer.Moments(key);
            state[$"{key}.m"] = new HostTensor(shape, m.ToArray());
            state[$"{key}.v"] = new HostTensor(shape, v.ToArray());
        }
    }

    /// <inheritdoc/>
    public void Restore(IReadOnlyDictionary<string, HostTensor> state, AdamW? optimizer)
    {
        Rank = (int)RankBuffer.Find(state, RankName, [1])[0];
        foreach ((string key, Tensor tensor) in Parameters)
        {
            int[] shape = tensor.Shape.ToArray();
            tensor.CopyFrom(RankBuffer.Find(state, key, shape));
            if (optimizer is null) continue;
            (Tensor m, Tensor v) = optimizer.Moments(key);
            m.CopyFrom(RankBuffer.Find(state, $"{key}.m", shape));
            v.CopyFrom(RankBuffer.Find(state, $"{key}.v", shape));
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach ((_, Tensor tensor) in Parameters)
        {
            tensor.ZeroGrad();
            tensor.Dispose();
        }
    }

    private Tensor Leaf(Shape shape)
    {
        Tensor leaf = TensorScope.Detach(Tensor.Zeros(shape, Target.Linear.Weight.Value.Device));
        leaf.RequiresGrad = true;
        return leaf;
    }
}
