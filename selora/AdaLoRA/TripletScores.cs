using SeLoRA.Engine;

namespace SeLoRA.Adapters;

/// <summary>|a b|.</summary>
public readonly struct AbsProductOp : IBinaryOp
{
    /// <inheritdoc/>
    public static T Value<T>(T a, T b) where T : struct, ILane<T> => T.Abs(a * b);
}

/// <summary>|a - b|.</summary>
public readonly struct AbsDifferenceOp : IBinaryOp
{
    /// <inheritdoc/>
    public static T Value<T>(T a, T b) where T : struct, ILane<T> => T.Abs(a - b);
}

/// <summary>
/// Importance of AdaLoRA's triplets (eq. 7 to 10 of the paper). A weight's sensitivity is I = |w dL/dw|, smoothed to Ibar; its uncertainty
/// |I - Ibar|, smoothed to U; s = Ibar U. Triplet i has s(E_i) + mean_j s(A_ij) + mean_j s(B_ji).
/// </summary>
/// <remarks>Ibar and U of all weights lie in one tensor each, so that smoothing takes a handful of operations whatever the number of layers.</remarks>
internal sealed class TripletScores : IDisposable
{
    private readonly TripletAdapter[] adapters;
    private readonly float beta1, beta2, rest1, rest2;
    private readonly Tensor sensitivity, uncertainty;

    public TripletScores(TripletAdapter[] adapters, double beta1, double beta2)
    {
        this.adapters = adapters;
        (this.beta1, rest1, this.beta2, rest2) = ((float)beta1, (float)(1 - beta1), (float)beta2, (float)(1 - beta2));
        var shape = new Shape(checked((int)adapters.Sum(a => a.TrainableCount)));
        sensitivity = TensorScope.Detach(Tensor.Zeros(shape, adapters[0].A.Device));
        uncertainty = TensorScope.Detach(Tensor.Zeros(shape, adapters[0].A.Device));
    }

    /// <summary>Takes in one step: the weights after the update and the gradients before it.</summary>
    public void Update()
    {
        using var scope = new TensorScope();
        IBackend backend = sensitivity.Backend;
        Tensor current = Tensor.Empty(sensitivity.Shape, sensitivity.Device);
        foreach ((string name, Tensor weight, int offset) in Places())
        {
            Tensor grad = weight.Grad ?? throw new EngineException($"{name}: took no part in the backward pass, so it has no score; leave it out of the targets");
            backend.Binary<AbsProductOp>(weight, grad, current.Narrow(offset, (int)weight.Count), new BroadcastShape(1, 1, weight.Count));
        }
        backend.Scale(sensitivity, beta1, sensitivity);
        backend.AddScaled(current, rest1, sensitivity);
        backend.Binary<AbsDifferenceOp>(current, sensitivity, current, new BroadcastShape(1, 1, current.Count));
        backend.Scale(uncertainty, beta2, uncertainty);
        backend.AddScaled(current, rest2, uncertainty);
    }

    /// <summary>Importance of every triplet, (layers, r) row-major.</summary>
    public float[] Values()
    {
        using var scope = new TensorScope();
        IBackend backend = sensitivity.Backend;
        Tensor product = sensitivity * uncertainty;
        int r = adapters[0].E.Shape[0];
        // Rows of A, E and B of each layer in turn, as Places() gives them.
        Tensor parts = Tensor.Empty(new Shape(3 * adapters.Length, r), sensitivity.Device);
        int row = 0;
        foreach ((_, Tensor weight, int offset) in Places())
        {
            Tensor part = parts.Narrow(row, 1), own = product.Narrow(offset, (int)weight.Count);
            // A and E are (r, width), B is (width, r).
            long width = weight.Count / r;
            (long outer, long inner) = row % 3 == 2 ? (1, r) : (r, 1);
            backend.Reduce(Reduction.Sum, own, part, outer, width, inner, 1f / width);
            row++;
        }
        float[] values = parts.ToArray();
        var scores = new float[adapters.Length * r];
        for (int i = 0; i < scores.Length; i++)
        {
            int at = i / r * 3 * r + i % r;
            scores[i] = values[at + r] + (values[at] + values[at + 2 * r]);
        }
        return scores;
    }

    /// <summary>Adds both smoothed values of every weight.</summary>
    public void Save(IDictionary<string, HostTensor> state)
    {
        float[] bar = sensitivity.ToArray(), u = uncertainty.ToArray();
        foreach ((string name, Tensor weight, int offset) in Places())
        {
            int count = (int)weight.Count;
            state[$"{name}.sensitivity"] = new HostTensor(weight.Shape.ToArray(), bar[offset..(offset + count)]);
            state[$"{name}.uncertainty"] = new HostTensor(weight.Shape.ToArray(), u[offset..(offset + count)]);
        }
    }

    /// <summary>Takes over what <see cref="Save"/> wrote.</summary>
    public void Restore(IReadOnlyDictionary<string, HostTensor> state)
    {
        float[] bar = new float[sensitivity.Count], u = new float[bar.Length];
        foreach ((string name, Tensor weight, int offset) in Places())
        {
            RankBuffer.Find(state, $"{name}.sensitivity", weight.Shape.ToArray()).CopyTo(bar, offset);
            RankBuffer.Find(state, $"{name}.uncertainty", weight.Shape.ToArray()).CopyTo(u, offset);
        }
        sensitivity.CopyFrom(bar);
        uncertainty.CopyFrom(u);
    }

    public void Dispose()
    {
        sensitivity.Dispose();
        uncertainty.Dispose();
    }

    /// <summary>Every weight with the place of its values: A, E, B of the first layer, then of the next.</summary>
    private IEnumerable<(string Name, Tensor Weight, int Offset)> Places()
    {
        int offset = 0;
        foreach ((string name, Tensor weight) in adapters.SelectMany(a => a.Parameters))
        {
            yield return (name, weight, offset);
            offset += (int)weight.Count;
        }
    }
}
