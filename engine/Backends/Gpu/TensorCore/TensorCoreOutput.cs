using ILGPU;

namespace SeLoRA.Engine;

/// <summary>
/// Where a tensor-core product goes and what is done to it on the way: <see cref="GemmEpilogue"/> for four neighbouring columns at a
/// time. C and the residual are float32 or the operands' type, seen as 16-bit words.
/// </summary>
internal struct TensorCoreOutput
{
    public const int HasBias = 1, Accumulates = 2, HasResidual = 4, Stores16 = 8, Residual16 = 16;

    /// <summary>Rows begin at multiples of 16 bytes and N is a multiple of 4: quads are moved whole.</summary>
    public const int WholeQuads = 32;

    public ArrayView<ushort> C, Residual;
    public ArrayView<float> Bias, Partial;
    public long StrideC;

    /// <summary>C's device address.</summary>
    public long CAddress;

    public int M, N, Ldc, Flags, Activation, Batch, Splits;
    public float Alpha;

    /// <summary>
    /// Stores the sums of four columns, those inside of C. With K split the bare sums go to the partial buffer, (split, batch, M, N), and
    /// <see cref="TensorCoreKernels"/>' second kernel finishes them: no atomics, hence the same bits in every run.
    /// </summary>
    public readonly void Store<TElement>(F4 sums, int row, int column, int batch, int split) where TElement : struct, ITensorCoreElement
    {
        int valid = IntrinsicMath.Min(N - column, 4);
        if (row >= M || valid <= 0) return;
        if (Splits > 1) Quad.StoreF32(Partial, (((long)split * Batch + batch) * M + row) * N + column, sums, valid, Is(WholeQuads));
        else Finish<TElement>(sums, row, column, valid, batch);
    }

    /// <summary>Four columns through the epilogue.</summary>
    public readonly void Finish<TElement>(F4 sums, int row, int column, int valid, int batch) where TElement : struct, ITensorCoreElement
    {
        bool whole = Is(WholeQuads);
        long at = batch * StrideC + (long)row * Ldc + column;
        F4 value = F4.Scale(sums, Alpha);
        if (Is(HasBias)) value = F4.Add(value, Quad.LoadF32(Bias, column, valid, whole));
        if (Is(Accumulates)) value = F4.Add(value, Load<TElement>(C, at, valid, whole, Is(Stores16)));
        if (Activation != (int)SeLoRA.Engine.Activation.None) value = Activate(value);
        if (Is(HasResidual)) value = F4.Add(value, Load<TElement>(Residual, at, valid, whole, Is(Residual16)));
        if (Is(Stores16)) Quad.Store16<TElement>(C, CAddress, at, value, valid, whole);
        else Quad.StoreF32(C.Cast<float>(), at, value, valid, whole);
    }

    private readonly F4 Activate(F4 x)
    {
        if (Activation == (int)SeLoRA.Engine.Activation.Silu) return new F4(Silu(x.X), Silu(x.Y), Silu(x.Z), Silu(x.W));
        if (Activation == (int)SeLoRA.Engine.Activation.Gelu) return new F4(Gelu(x.X), Gelu(x.Y), Gelu(x.Z), Gelu(x.W));
        return new F4(QuickGelu(x.X), QuickGelu(x.Y), QuickGelu(x.Z), QuickGelu(x.W));
    }

    private readonly bool Is(int flag) => (Flags & flag) != 0;

    private static F4 Load<TElement>(ArrayView<ushort> x, long at, int valid, bool whole, bool is16)
        where TElement : struct, ITensorCoreElement =>
        is16 ? Quad.Load16<TElement>(x, at, valid, whole) : Quad.LoadF32(x.Cast<float>(), at, valid, whole);

    private static float Silu(float x) => SiluOp.Value(new F32(x)).Value;

    private static float Gelu(float x) => GeluOp.Value(new F32(x)).Value;

    private static float QuickGelu(float x) => QuickGeluOp.Value(new F32(x)).Value;
}
