namespace SeLoRA.Engine;

public sealed partial class GpuBackend
{
    /// <inheritdoc/>
    public void Attention(Tensor q, Tensor k, Tensor v, Tensor y, Tensor lse, in AttentionShape shape)
    {
        using Lock.Scope turn = Enter();
        AttentionKernels.Args p = OwnQueries(shape);
        (p.Own, p.Other, p.Summed) = (Floats(q), Floats(k), Floats(v));
        (p.Result, p.Lse, p.Delta) = (Floats(y), Floats(lse), Floats(lse));
        (p.OwnGradient, p.OtherGradient) = (p.Own, p.Other);
        RunAttention<AttentionOutput>(p, shape.N);
    }

    private static AttentionKernels.Args OwnQueries(in AttentionShape s) => new()
    {
        OwnRows = s.Lq, OtherRows = s.Lk, Heads = s.Heads, D = s.D, Causal = s.Causal ? 1 : 0, Scale = s.Scale, ResultScale = s.Scale,
        Chunks = 1, ChunkRows = s.Lk,
    };

    private void RunAttention<TResult>(AttentionKernels.Args p, int n) where TResult : struct, IAttentionResult
    {
        p.Slices = (p.D + AttentionKernels.MaxColumns - 1) / AttentionKernels.MaxColumns;
        p.Tiles = (p.OwnRows + AttentionKernels.Rows - 1) / AttentionKernels.Rows;
        Kernel<AttentionKernels.Args> kernel = p.D <= 64 ? AttentionKernels.Of<TResult>.Columns64
            : p.D <= 128 ? AttentionKernels.Of<TResult>.Columns128
            : AttentionKernels.Of<TResult>.Columns192;
        kernel.Run(this, (long)p.Tiles * p.Slices * p.Chunks * p.Heads * n, p);
    }
}
