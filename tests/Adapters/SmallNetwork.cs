using SeLoRA.Engine;

namespace SeLoRA.Tests;

/// <summary>
/// Layers on positions (N, L, C) and, as a U-Net's time embedding is, on samples (N, C); odd sizes. Names as in Stable Diffusion.
/// </summary>
internal sealed class SmallNetwork : Module
{
    public const int In = 7, Width = 19, Out = 5, Time = 6;
    private readonly Linear q, ff, time;

    public SmallNetwork(Device device, ulong seed = 3)
    {
        q = Register("block.0.attn1.to_q", new Linear(In, Width));
        ff = Register("block.0.ff.net.2", new Linear(Width, Out, bias: false));
        time = Register("time_embedding.linear_1", new Linear(Time, Out));
        Initialize(seed, device);
        Device = device;
    }

    public Device Device { get; }

    public Tensor Forward(Tensor x, Tensor t)
    {
        using var scope = new TensorScope();
        Tensor y = ff.Forward(Ops.Silu(q.Forward(x)));
        Tensor shift = Ops.Silu(time.Forward(t)).Reshape(t.Shape[0], 1, Out);
        Tensor[] rows = [.. Enumerable.Range(0, x.Shape[1]).Select(_ => shift)];
        return scope.Return(y + rows[1..].Aggregate(rows[0], ConcatPositions));
    }

    /// <summary>Mean squared distance to a target, over all entries of the batch.</summary>
    public Tensor Loss(SmallBatch batch)
    {
        using var scope = new TensorScope();
        return scope.Return(Ops.MseLoss(Forward(batch.X, batch.T), batch.Y));
    }

    // Positions lie between samples and channels: join on the last axis, then count channels again.
    private static Tensor ConcatPositions(Tensor a, Tensor b)
    {
        int n = a.Shape[0], la = a.Shape[1], lb = b.Shape[1];
        return Ops.Concat(a.Reshape(n, la * Out), b.Reshape(n, lb * Out)).Reshape(n, la + lb, Out);
    }
}

/// <summary>Inputs and target of a <see cref="SmallNetwork"/>.</summary>
internal sealed record SmallBatch(Tensor X, Tensor T, Tensor Y) : IDisposable
{
    public static SmallBatch Draw(Device device, int samples, int positions = 3, ulong seed = 11)
    {
        return new SmallBatch(Normal([samples, positions, SmallNetwork.In], 1), Normal([samples, SmallNetwork.Time], 2),
            Normal([samples, positions, SmallNetwork.Out], 3));

        Tensor Normal(int[] shape, ulong stream)
        {
            var values = new float[new Shape(shape).Count];
            Philox.FillNormal(values, seed + stream);
            return Tensor.From(values, new Shape(shape), device);
        }
    }

    /// <summary>Some of the samples.</summary>
    public SmallBatch Samples(int start, int count) => new(X.Narrow(start, count), T.Narrow(start, count), Y.Narrow(start, count));

    public void Dispose()
    {
        X.Dispose();
        T.Dispose();
        Y.Dispose();
    }
}
