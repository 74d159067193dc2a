using ILGPU;

namespace SeLoRA.Engine;

public sealed partial class GpuBackend
{
    /// <inheritdoc/>
    public void Cast(Tensor x, Tensor y)
    {
        if (x.DType == y.DType)
        {
            Copy(x, y);
            return;
        }
        using Turn turn = Enter();
        Kernel<CastKernels.Args> kernel = x.DType switch
        {
            DType.F32 => To<StoredF32>(y.DType),
            DType.F16 => To<StoredF16>(y.DType),
            DType.BF16 => To<StoredBF16>(y.DType),
            _ => To<StoredI32>(y.DType),
        };
        kernel.RunFlat(this, Octets(y.Count), new CastKernels.Args { X = Words(x), Y = Words(y), Count = y.Count, Whole = Whole(x, y) });

        static Kernel<CastKernels.Args> To<TFrom>(DType to) where TFrom : struct, IStoredNumber => to switch
        {
            DType.F32 => CastKernels.Of<TFrom, StoredF32>.Cast,
            DType.F16 => CastKernels.Of<TFrom, StoredF16>.Cast,
            DType.BF16 => CastKernels.Of<TFrom, StoredBF16>.Cast,
            _ => CastKernels.Of<TFrom, StoredI32>.Cast,
        };
    }

    /// <inheritdoc/>
    public void CastPadded(Tensor x, Tensor y, int rows, int columns)
    {
        using Turn turn = Enter();
        CastKernels.Padded.For(y).RunFlat(this, y.Count, new CastKernels.PaddedArgs
        {
            X = Floats(x), Y = Words(y), Count = y.Count, XStride = x.Shape[1], YStride = y.Shape[1], Rows = rows, Columns = columns,
        });
    }
}

/// <summary>Conversions between dtypes, one thread eight elements.</summary>
internal static class CastKernels
{
    public static class Of<TFrom, TTo> where TFrom : struct, IStoredNumber where TTo : struct, IStoredNumber
    {
        public static readonly Kernel<Args> Cast = new(CastKernel<TFrom, TTo>);
    }

    public static readonly FloatKernels<PaddedArgs>
        Padded = new(CastPaddedKernel<StoredF32>, CastPaddedKernel<StoredBF16>, CastPaddedKernel<StoredF16>);

    public struct Args
    {
        public ArrayView<ushort> X, Y;
        public long Count;
        public int Whole;
    }

    public struct PaddedArgs
    {
        public ArrayView<float> X;
        public ArrayView<ushort> Y;
        public long Count;
        public int XStride, YStride, Rows, Columns;
    }

    /// <summary>Small matrices (a layer's factors): one thread an element.</summary>
    [Kernel]
    private static void CastPaddedKernel<T>(PaddedArgs p) where T : struct, IStoredFloat
    {
        long i = Flat.Index;
        if (i >= p.Count) return;
        long row = Flat.Divide(i, p.YStride), column = i - row * p.YStride;
        float value = 0f;
        if (row < p.Rows && column < p.Columns) value = p.X[row * p.XStride + column];
        T.Store(p.Y, i, value);
    }

    [Kernel]
    private static void CastKernel<TFrom, TTo>(Args p) where TFrom : struct, IStoredNumber where TTo : struct, IStoredNumber
    {
        long i = Flat.Index * Octet.Size;
        if (i >= p.Count) return;
        Octet.Store<TTo>(p.Y, i, Octet.Load<TFrom>(p.X, i, p.Count, p.Whole != 0), p.Count, p.Whole != 0);
    }
}
