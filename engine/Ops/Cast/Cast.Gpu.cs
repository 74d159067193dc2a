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
        using Lock.Scope turn = Enter();
        Kernel<CastKernels.Args> kernel = x.DType switch
        {
            DType.F32 => To<StoredF32>(y.DType),
            DType.F16 => To<StoredF16>(y.DType),
            DType.BF16 => To<StoredBF16>(y.DType),
            _ => To<StoredI32>(y.DType),
        };
        kernel.RunFlat(this, y.Count, new CastKernels.Args { X = View<ushort>(x), Y = View<ushort>(y), Count = y.Count });

        static Kernel<CastKernels.Args> To<TFrom>(DType to) where TFrom : struct, IStoredNumber => to switch
        {
            DType.F32 => CastKernels.Of<TFrom, StoredF32>.Cast,
            DType.F16 => CastKernels.Of<TFrom, StoredF16>.Cast,
            DType.BF16 => CastKernels.Of<TFrom, StoredBF16>.Cast,
            _ => CastKernels.Of<TFrom, StoredI32>.Cast,
        };
    }
}

/// <summary>How a dtype lies in memory, seen as 16-bit words. 16-bit floats are taken apart by integer arithmetic: no device needs to know them.</summary>
internal interface IStoredNumber
{
    /// <summary>Element i as float32; exact but for int32 beyond 2^24.</summary>
    static abstract float Load(ArrayView<ushort> x, long i);

    /// <summary>Stores element i, rounded to nearest even.</summary>
    static abstract void Store(ArrayView<ushort> y, long i, float value);
}

/// <summary>float32.</summary>
internal readonly struct StoredF32 : IStoredNumber
{
    public static float Load(ArrayView<ushort> x, long i) => x.Cast<float>()[i];

    public static void Store(ArrayView<ushort> y, long i, float value) => y.Cast<float>()[i] = value;
}

/// <summary>int32.</summary>
internal readonly struct StoredI32 : IStoredNumber
{
    public static float Load(ArrayView<ushort> x, long i) => x.Cast<int>()[i];

    public static void Store(ArrayView<ushort> y, long i, float value)
    {
        // Above 2^23 every float is an integer; below it adding 2^23 rounds.
        const float integers = 8388608f;
        float magnitude = IntrinsicMath.Abs(value);
        if (magnitude < integers) magnitude = magnitude + integers - integers;
        y.Cast<int>()[i] = (int)(value < 0f ? -magnitude : magnitude);
    }
}

/// <summary>bfloat16: the upper half of a float32.</summary>
internal readonly struct StoredBF16 : IStoredNumber
{
    public static float Load(ArrayView<ushort> x, long i) => BitConverter.Int32BitsToSingle(x[i] << 16);

    public static void Store(ArrayView<ushort> y, long i, float value)
    {
        int bits = BitConverter.SingleToInt32Bits(value);
        int rounded = bits + 0x7FFF + ((bits >> 16) & 1);
        // A NaN stays one: rounding could carry it into infinity or zero.
        bool isNaN = (bits & 0x7FFFFFFF) > 0x7F800000;
        y[i] = (ushort)((isNaN ? bits | 0x400000 : rounded) >> 16);
    }
}

/// <summary>IEEE half precision.</summary>
internal readonly struct StoredF16 : IStoredNumber
{
    public static float Load(ArrayView<ushort> x, long i)
    {
        int bits = x[i], magnitude = bits & 0x7FFF;
        // A float with the half's exponent and fraction is 2^112 too small; the product is exact, subnormals included.
        float value = BitConverter.Int32BitsToSingle(magnitude << 13) * 5.192296858534828e33f;
        if (magnitude >= 0x7C00) value = BitConverter.Int32BitsToSingle((magnitude << 13) | 0x7F800000);
        return BitConverter.Int32BitsToSingle(BitConverter.SingleToInt32Bits(value) | ((bits & 0x8000) << 16));
    }

    public static void Store(ArrayView<ushort> y, long i, float value)
    {
        int bits = BitConverter.SingleToInt32Bits(value), magnitude = bits & 0x7FFFFFFF;
        int half = (magnitude - (112 << 23) + 0xFFF + ((magnitude >> 13) & 1)) >> 13;
        // Below 2^-14 the unit is 2^-24: adding 0.5, whose last bit is 2^-24, rounds to it.
        if (magnitude < 0x38800000)
            half = BitConverter.SingleToInt32Bits(BitConverter.Int32BitsToSingle(magnitude) + 0.5f) - 0x3F000000;
        if (magnitude >= 0x477FF000) half = 0x7C00;
        if (magnitude > 0x7F800000) half = 0x7E00 | ((magnitude >> 13) & 0x3FF);
        y[i] = (ushort)(half | ((bits >> 16) & 0x8000));
    }
}

/// <summary>Conversions between dtypes, one thread an element.</summary>
internal static class CastKernels
{
    public static class Of<TFrom, TTo> where TFrom : struct, IStoredNumber where TTo : struct, IStoredNumber
    {
        public static readonly Kernel<Args> Cast = new(CastKernel<TFrom, TTo>);
    }

    public struct Args
    {
        public ArrayView<ushort> X, Y;
        public long Count;
    }

    [Kernel]
    private static void CastKernel<TFrom, TTo>(Args p) where TFrom : struct, IStoredNumber where TTo : struct, IStoredNumber
    {
        long i = Flat.Index;
        if (i < p.Count) TTo.Store(p.Y, i, TFrom.Load(p.X, i));
    }
}
