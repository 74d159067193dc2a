namespace SeLoRA.Engine;

public sealed partial class GpuBackend
{
    // Few keys (a text's 77) make few groups, each with a long walk over the queries: then walks are cut, and their sums added in order.
    private const int FewKeys = 128, QueriesOfChunk = 512;

    /// <inheritdoc/>
    public void AttentionBackward(Tensor q, Tensor k, Tensor v, Tensor y, Tensor lse, Tensor dy, Tensor dq, Tensor dk, Tensor dv,
        in AttentionShape shape)
    {
        if (UsesTensorCores(lse, shape, q, k, v, y, dy, dq, dk, dv))
        {
            AttentionBackwardTensorCore(q, k, v, y, lse, dy, dq, dk, dv, shape);
            return;
        }
        using Turn turn = Enter();
        GpuStorage deltas = Workspace((long)shape.N * shape.Heads * shape.Lq);
        AttentionKernels.Args p = OwnQueries(shape);
        (p.Lse, p.Delta, p.Partial) = (Floats(lse), Floats(deltas), Floats(deltas));
        long rows = (long)shape.N * shape.Lq * shape.Heads;
        AttentionKernels.Delta.For(y).RunFlat(this, rows, new AttentionKernels.DeltaArgs
        {
            Y = Words(y), Dy = Words(dy), Delta = p.Delta, Count = rows, D = shape.D, Heads = shape.Heads, Lq = shape.Lq,
        });

        (p.Own, p.Other, p.OwnGradient, p.OtherGradient) = (Words(q), Words(k), Words(dy), Words(v));
        (p.Summed, p.Result) = (Words(k), Words(dq));
        RunAttention<AttentionQueryGradient>(q.DType, p, shape.N);

        (p.Own, p.Other, p.OwnGradient, p.OtherGradient) = (p.Other, p.Own, p.OtherGradient, p.OwnGradient);
        (p.OwnRows, p.OtherRows) = (shape.Lk, shape.Lq);
        p.Summed = Words(q);
        RunOverQueries<AttentionKeyGradient>(p, dk, shape.N);
        (p.Summed, p.ResultScale) = (Words(dy), 1f);
        RunOverQueries<AttentionValueGradient>(p, dv, shape.N);
        deltas.Release();
    }

    private void RunOverQueries<TResult>(AttentionKernels.Args p, Tensor result, int n) where TResult : struct, IAttentionResult
    {
        p.Chunks = p.OwnRows <= FewKeys ? (p.OtherRows + QueriesOfChunk - 1) / QueriesOfChunk : 1;
        p.ChunkRows = p.Chunks > 1 ? QueriesOfChunk : p.OtherRows;
        p.ChunkStride = result.Count;
        p.Result = Words(result);
        if (p.Chunks == 1)
        {
            RunAttention<TResult>(result.DType, p, n);
            return;
        }
        GpuStorage partial = Workspace(p.Chunks * result.Count);
        p.Partial = Floats(partial);
        RunAttention<TResult>(result.DType, p, n);
        int width = p.Heads * p.D;
        ProductOutput output = Output(result, n * p.OwnRows, width, width, 1, 0, new GemmEpilogue());
        (output.Partial, output.Chunks) = (p.Partial, p.Chunks);
        ProductKernels.Combine.For(result).RunFlat(this, result.Count, new ProductKernels.CombineArgs { Output = output, Count = result.Count });
        partial.Release();
    }
}
