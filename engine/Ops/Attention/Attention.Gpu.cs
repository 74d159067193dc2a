namespace SeLoRA.Engine;

public sealed partial class GpuBackend
{
    /// <inheritdoc/>
    public void Attention(Tensor q, Tensor k, Tensor v, Tensor y, Tensor lse, in AttentionShape shape)
    {
        if (UsesTensorCores(lse, shape, q, k, v, y))
        {
            AttentionTensorCore(q, k, v, y, lse, shape);
            return;
        }
        using Turn turn = Enter();
        AttentionKernels.Args p = OwnQueries(shape);
        (p.Own, p.Other, p.Summed, p.Result) = (Words(q), Words(k), Words(v), Words(y));
        p.Lse = p.Delta = p.Partial = Floats(lse);
        (p.OwnGradient, p.OtherGradient) = (p.Own, p.Other);
        RunAttention<AttentionOutput>(q.DType, p, shape.N);
    }

    private static AttentionKernels.Args OwnQueries(in AttentionShape s) => new()
    {
        OwnRows = s.Lq, OtherRows = s.Lk, Heads = s.Heads, D = s.D, Causal = s.Causal ? 1 : 0, Scale = s.Scale, ResultScale = s.Scale,
        Chunks = 1, ChunkRows = s.Lk,
    };

    private void RunAttention<TResult>(DType type, AttentionKernels.Args p, int n) where TResult : struct, IAttentionResult
    {
        p.Slices = (p.D + AttentionKernels.MaxColumns - 1) / AttentionKernels.MaxColumns;
        p.Tiles = (p.OwnRows + AttentionKernels.Rows - 1) / AttentionKernels.Rows;
        FloatKernels<AttentionKernels.Args> kernels = p.D <= 64 ? AttentionKernels.Of<TResult>.Columns64
            : p.D <= 128 ? AttentionKernels.Of<TResult>.Columns128
            : AttentionKernels.Of<TResult>.Columns192;
        kernels.For(type).Run(this, (long)p.Tiles * p.Slices * p.Chunks * p.Heads * n, p);
    }
}
