namespace SeLoRA.Engine;

public sealed unsafe partial class HostBackend
{
    // Up to here an operand that lies K-major is worth more as the streamed than as the packed one.
    private const int FewLines = 32;

    /// <inheritdoc/>
    public void Gemm(Tensor a, Tensor b, Tensor c, in GemmShape shape, in GemmEpilogue epilogue)
    {
        using Operands.Scope operands = Enter();
        if (epilogue.LowRank is { Rank: > GemmDepth.Limit } wide)
        {
            Gemm(wide.U, wide.V, c, new GemmShape(shape.M, shape.N, wide.Rank, TransB: wide.TransV) { Ldb = wide.V.Shape[1], Ldc = shape.Ldc },
                new GemmEpilogue { Alpha = epilogue.Alpha, Accumulate = epilogue.Accumulate });
            Gemm(a, b, c, shape, epilogue with { Accumulate = true, LowRank = null });
            return;
        }
        var depth = new GemmDepth(1, shape.K);
        var job = new GemmJob
        {
            A = Operand(a, shape.TransA ? GemmLayout.Steps : GemmLayout.Lines, shape.Lda, shape.StrideA),
            B = b.DType == DType.F32 ? Operand(b, shape.TransB ? GemmLayout.Lines : GemmLayout.Steps, shape.Ldb, shape.StrideB)
                : GemmOperand.OfWeights(b, shape.TransB ? GemmLayout.Lines : GemmLayout.Steps, shape.Ldb),
            Rows = shape.M,
            Columns = shape.N,
            Batch = shape.Batch,
            Depth = depth,
            Result = new GemmResult
            {
                C = Ptr(c),
                Ld = shape.Ldc,
                BatchStride = shape.StrideC,
                Alpha = epilogue.Alpha,
                Accumulate = epilogue.Accumulate,
                Activation = epilogue.Activation,
                Bias = epilogue.Bias is null ? null : Ptr(epilogue.Bias),
                Residual = epilogue.Residual is null ? null : Ptr(epilogue.Residual),
            },
        };
        // A is turned over if it is the large one and lies K-major (weight gradients of narrow layers), B if it is (few rows of input) and K is
        // long enough that packing it would cost more than turning the result.
        bool turn = shape.TransA ? shape.N <= FewLines && shape.M > shape.N
            : shape.TransB && shape.M <= FewLines && shape.N > shape.M && shape.K > FewLines;
        if (turn)
        {
            (job.A, job.B) = (job.B, job.A);
            (job.Rows, job.Columns) = (job.Columns, job.Rows);
            job.Transposed = true;
        }
        if (epilogue.LowRank is { } term)
        {
            job.LowRank = term.Rank;
            job.U = Operand(term.U, GemmLayout.Lines, term.Rank, 0);
            job.V = Operand(term.V, term.TransV ? GemmLayout.Lines : GemmLayout.Steps, term.V.Shape[1], 0);
            if (turn) (job.U, job.V) = (job.V, job.U);
        }
        job.PanelsInPlace = job.B.Layout == GemmLayout.Steps && job.Rows <= FewLines && !job.B.Halves.IsHalf;
        RunKeepingResidual(ref job, c, epilogue.Residual);
    }

    private static GemmOperand Operand(Tensor x, GemmLayout layout, int ld, long batchStride) =>
        new() { Layout = layout, Base = Ptr(x), Stride = ld, BatchStride = batchStride };

    /// <summary>A residual in C's own memory would be overwritten by the first of several blocks of K: it is set aside.</summary>
    private void RunKeepingResidual(ref GemmJob job, Tensor c, Tensor? residual)
    {
        bool shared = residual is not null && ReferenceEquals(residual.Storage, c.Storage);
        if (!shared || job.Depth.Blocks == 1)
        {
            job.Result.ResidualInC = shared;
            GemmDriver.Run(ref job);
            return;
        }
        long bytes = residual!.Count * sizeof(float);
        byte* aside = memory.Rent(bytes);
        try
        {
            CopyBytes((byte*)job.Result.Residual, aside, bytes);
            job.Result.Residual = (float*)aside;
            GemmDriver.Run(ref job);
        }
        finally
        {
            memory.Return(aside, bytes);
        }
    }
}
