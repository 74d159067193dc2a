namespace SeLoRA.Engine;

public sealed partial class GpuBackend
{
    // Few keys (a text's 77) make few groups, each with a long walk over the queries: then walks are cut, and their sums added in order.
    private const int FewKeys = 128, QueriesOfChunk = 512;

    /// <inheritdoc/>
    public void AttentionBackward(Tensor q, Tensor k, Tensor v, Tensor y, Tensor lse, Tensor dy, Tensor dq, Tensor dk, Tensor dv,
        in AttentionShape shape)
    {
        using Lock.Scope turn = Enter();
        GpuStorage deltas = Workspace((long)shape.N * shape.Heads * shape.Lq);
        AttentionKernels.Args p = OwnQueries(shape);
        (p.Lse, p.Delta) = (Floats(lse), Floats(deltas));
        long rows = (long)shape.N * shape.Lq * shape.Heads;
        AttentionKernels.Delta.RunFlat(this, rows, new AttentionKernels.DeltaArgs
        {
            Y = Floats(y), Dy = Floats(dy), Delta = p.Delta, Count = rows, D = shape.D, Heads = shape.Heads, Lq = shape.Lq,
        });

        (p.Own, p.Other, p.OwnGradient, p.OtherGradient) = (Floats(q), Floats(k), Floats(dy), Floats(v));
        (p.Summed, p.Result) = (Floats(k), Floats(dq));
        RunAttention<AttentionQueryGradient>(p, shape.N);

        (p.Own, p.Other, p.OwnGradient, p.OtherGradient) = (p.Other, p.Own, p.OtherGradient, p.OwnGradient);
        (p.OwnRows, p.OtherRows) = (shape.Lk, shape.Lq);
        p.Summed = Floats(q);
        RunOverQueries<AttentionKeyGradient>(p, dk, shape.N);
        (p.Summed, p.ResultScale) = (Floats(dy), 1f);
        RunOverQueries<AttentionValueGradient>(p, dv, shape.N);
        deltas.Release();
    }

    private void RunOverQueries<TResult>(AttentionKernels.Args p, Tensor result, int n) where TResult : struct, IAttentionResult
    {
        p.Chunks = p.OwnRows <= FewKeys ? (p.OtherRows + QueriesOfChunk - 1) / QueriesOfChunk : 1;
        p.ChunkRows = p.Chunks > 1 ? QueriesOfChunk : p.OtherRows;
        p.ChunkStride = result.Count;
        p.Result = Floats(result);
        if (p.Chunks == 1)
        {
            RunAttention<TResult>(p, n);
            return;
        }
        GpuStorage partial = Workspace(p.Chunks * result.Count);
        p.Result = Floats(partial);
        RunAttention<TResult>(p, n);
        int width = p.Heads * p.D;
        ProductOutput output = Output(result, n * p.OwnRows, width, width, 1, 0, new GemmEpilogue());
        (output.Partial, output.Chunks) = (p.Result, p.Chunks);
        ProductKernels.Combine.RunFlat(this, result.Count, new ProductKernels.CombineArgs { Output = output, Count = result.Count });
        partial.Release();
    }
}
