using ILGPU;

namespace SeLoRA.Engine;

/// <summary>
/// Where a product goes and what is done to it on the way: <see cref="GemmEpilogue"/> as a kernel sees it. C, what is added to and the
/// residual are float32 or of the operands' type.
/// </summary>
internal struct ProductOutput
{
    public const int HasBias = 1, Accumulates = 2, HasResidual = 4, Stores16 = 8, Initial16 = 16, Residual16 = 32;

    /// <summary>Initial is what the product is added to if it accumulates: C, or float32 sums laid out as C.</summary>
    public ArrayView<ushort> C, Initial, Residual;

    public ArrayView<float> Bias, Partial;
    public long StrideC;
    public int M, N, Ldc, Flags, Activation, Batch, Chunks;
    public float Alpha;

    /// <summary>Stores one sum. With K in several chunks the bare sum goes to the partial buffer: (chunk, batch, M, N).</summary>
    public readonly void Store<T>(float sum, int row, int column, int batch, int chunk) where T : struct, IStoredFloat
    {
        if (row >= M || column >= N) return;
        if (Chunks > 1) Partial[(((long)chunk * Batch + batch) * M + row) * N + column] = sum;
        else Finish<T>(sum, row, column, batch);
    }

    /// <summary>One element through the epilogue.</summary>
    public readonly void Finish<T>(float sum, int row, int column, int batch) where T : struct, IStoredFloat
    {
        long at = batch * StrideC + (long)row * Ldc + column;
        float value = Alpha * sum;
        if ((Flags & HasBias) != 0) value += Bias[column];
        if ((Flags & Accumulates) != 0) value += Load<T>(Initial, at, (Flags & Initial16) != 0);
        if (Activation == (int)SeLoRA.Engine.Activation.Silu) value = SiluOp.Value(new F32(value)).Value;
        if (Activation == (int)SeLoRA.Engine.Activation.Gelu) value = GeluOp.Value(new F32(value)).Value;
        if (Activation == (int)SeLoRA.Engine.Activation.QuickGelu) value = QuickGeluOp.Value(new F32(value)).Value;
        if ((Flags & HasResidual) != 0) value += Load<T>(Residual, at, (Flags & Residual16) != 0);
        if ((Flags & Stores16) != 0) T.Store(C, at, value);
        else StoredF32.Store(C, at, value);
    }

    private static float Load<T>(ArrayView<ushort> x, long at, bool is16) where T : struct, IStoredFloat =>
        is16 ? T.Load(x, at) : StoredF32.Load(x, at);
}
