using ILGPU;

namespace SeLoRA.Engine;

/// <summary>Where a product goes and what is done to it on the way: <see cref="GemmEpilogue"/> as a kernel sees it.</summary>
internal struct ProductOutput
{
    public const int HasBias = 1, Accumulates = 2, HasResidual = 4;

    public ArrayView<float> C, Bias, Residual, Partial;
    public long StrideC;
    public int M, N, Ldc, Flags, Activation, Batch, Chunks;
    public float Alpha;

    /// <summary>Stores one sum. With K in several chunks the bare sum goes to the partial buffer: (chunk, batch, M, N).</summary>
    public readonly void Store(float sum, int row, int column, int batch, int chunk)
    {
        if (row >= M || column >= N) return;
        if (Chunks > 1) Partial[(((long)chunk * Batch + batch) * M + row) * N + column] = sum;
        else Finish(sum, row, column, batch);
    }

    /// <summary>One element through the epilogue.</summary>
    public readonly void Finish(float sum, int row, int column, int batch)
    {
        long at = batch * StrideC + (long)row * Ldc + column;
        float value = Alpha * sum;
        if ((Flags & HasBias) != 0) value += Bias[column];
        if ((Flags & Accumulates) != 0) value += C[at];
        if (Activation == (int)SeLoRA.Engine.Activation.Silu) value = SiluOp.Value(new F32(value)).Value;
        if (Activation == (int)SeLoRA.Engine.Activation.Gelu) value = GeluOp.Value(new F32(value)).Value;
        if (Activation == (int)SeLoRA.Engine.Activation.QuickGelu) value = QuickGeluOp.Value(new F32(value)).Value;
        if ((Flags & HasResidual) != 0) value += Residual[at];
        C[at] = value;
    }
}
