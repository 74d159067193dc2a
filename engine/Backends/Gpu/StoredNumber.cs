using System.Runtime.InteropServices;
using ILGPU;

namespace SeLoRA.Engine;

/// <summary>
/// How a dtype lies in memory, seen as 16-bit words; kernels compute in float32. 16-bit floats are taken apart by integer arithmetic: no
/// device needs to know them.
/// </summary>
internal interface IStoredNumber
{
    /// <summary>Element i as float32; exact but for int32 beyond 2^24.</summary>
    static abstract float Load(ArrayView<ushort> x, long i);

    /// <summary>Stores element i, rounded to nearest even.</summary>
    static abstract void Store(ArrayView<ushort> y, long i, float value);

    /// <summary>Elements 8 i to 8 i + 7; the view begins at a multiple of 16 bytes.</summary>
    static abstract F8 LoadOctet(ArrayView<ushort> x, long i);

    /// <summary>Stores elements 8 i to 8 i + 7; the view begins at a multiple of 16 bytes.</summary>
    static abstract void StoreOctet(ArrayView<ushort> y, long i, F8 value);
}

/// <summary>What activations may lie as.</summary>
internal interface IStoredFloat : IStoredNumber
{
    /// <summary>16-bit words of an element.</summary>
    static abstract int Words { get; }

    /// <summary>Elements 4 i to 4 i + 3; the view begins at a multiple of four elements' bytes.</summary>
    static abstract F4 LoadQuad(ArrayView<ushort> x, long i);
}

/// <summary>float32.</summary>
internal readonly struct StoredF32 : IStoredFloat
{
    public static int Words => 2;

    public static float Load(ArrayView<ushort> x, long i) => x.Cast<float>()[i];

    public static void Store(ArrayView<ushort> y, long i, float value) => y.Cast<float>()[i] = value;

    public static F4 LoadQuad(ArrayView<ushort> x, long i) => x.Cast<F4>()[i];

    public static F8 LoadOctet(ArrayView<ushort> x, long i)
    {
        ArrayView<F4> quads = x.Cast<F4>();
        return new F8(quads[2 * i], quads[2 * i + 1]);
    }

    public static void StoreOctet(ArrayView<ushort> y, long i, F8 value)
    {
        ArrayView<F4> quads = y.Cast<F4>();
        quads[2 * i] = value.Low;
        quads[2 * i + 1] = value.High;
    }
}

/// <summary>int32.</summary>
internal readonly struct StoredI32 : IStoredNumber
{
    public static float Load(ArrayView<ushort> x, long i) => x.Cast<int>()[i];

    public static void Store(ArrayView<ushort> y, long i, float value) => y.Cast<int>()[i] = Rounded(value);

    public static F8 LoadOctet(ArrayView<ushort> x, long i)
    {
        ArrayView<I4> quads = x.Cast<I4>();
        I4 a = quads[2 * i], b = quads[2 * i + 1];
        return new F8(new F4(a.X, a.Y, a.Z, a.W), new F4(b.X, b.Y, b.Z, b.W));
    }

    public static void StoreOctet(ArrayView<ushort> y, long i, F8 value)
    {
        ArrayView<I4> quads = y.Cast<I4>();
        quads[2 * i] = Rounded(value.Low);
        quads[2 * i + 1] = Rounded(value.High);
    }

    private static I4 Rounded(F4 a) => new(Rounded(a.X), Rounded(a.Y), Rounded(a.Z), Rounded(a.W));

    private static int Rounded(float value)
    {
        // Above 2^23 every float is an integer; below it adding 2^23 rounds.
        const float integers = 8388608f;
        float magnitude = IntrinsicMath.Abs(value);
        if (magnitude < integers) magnitude = magnitude + integers - integers;
        return (int)(value < 0f ? -magnitude : magnitude);
    }
}

/// <summary>bfloat16: the upper half of a float32.</summary>
internal readonly struct StoredBF16 : IStoredFloat
{
    public static int Words => 1;

    public static float Load(ArrayView<ushort> x, long i) => BitConverter.Int32BitsToSingle(x[i] << 16);

    public static void Store(ArrayView<ushort> y, long i, float value) => y[i] = (ushort)(Rounded(value) >> 16);

    public static F4 LoadQuad(ArrayView<ushort> x, long i)
    {
        I2 words = x.Cast<I2>()[i];
        return Pairs(words.X, words.Y);
    }

    public static F8 LoadOctet(ArrayView<ushort> x, long i)
    {
        I4 words = x.Cast<I4>()[i];
        return new F8(Pairs(words.X, words.Y), Pairs(words.Z, words.W));
    }

    public static void StoreOctet(ArrayView<ushort> y, long i, F8 value) => y.Cast<I4>()[i] =
        new I4(Pair(value.Low.X, value.Low.Y), Pair(value.Low.Z, value.Low.W), Pair(value.High.X, value.High.Y), Pair(value.High.Z, value.High.W));

    private const int Upper = unchecked((int)0xFFFF0000);

    private static F4 Pairs(int a, int b) => new(BitConverter.Int32BitsToSingle(a << 16), BitConverter.Int32BitsToSingle(a & Upper),
        BitConverter.Int32BitsToSingle(b << 16), BitConverter.Int32BitsToSingle(b & Upper));

    private static int Pair(float low, float high) => ((Rounded(low) >> 16) & 0xFFFF) | (Rounded(high) & Upper);

    /// <summary>Bits whose upper half is the number.</summary>
    private static int Rounded(float value)
    {
        int bits = BitConverter.SingleToInt32Bits(value);
        int rounded = bits + 0x7FFF + ((bits >> 16) & 1);
        // A NaN stays one: rounding could carry it into infinity or zero.
        bool isNaN = (bits & 0x7FFFFFFF) > 0x7F800000;
        return isNaN ? bits | 0x400000 : rounded;
    }
}

/// <summary>IEEE half precision.</summary>
internal readonly struct StoredF16 : IStoredFloat
{
    public static int Words => 1;

    public static float Load(ArrayView<ushort> x, long i) => Widened(x[i]);

    public static void Store(ArrayView<ushort> y, long i, float value) => y[i] = (ushort)Rounded(value);

    public static F4 LoadQuad(ArrayView<ushort> x, long i)
    {
        I2 words = x.Cast<I2>()[i];
        return Pairs(words.X, words.Y);
    }

    public static F8 LoadOctet(ArrayView<ushort> x, long i)
    {
        I4 words = x.Cast<I4>()[i];
        return new F8(Pairs(words.X, words.Y), Pairs(words.Z, words.W));
    }

    public static void StoreOctet(ArrayView<ushort> y, long i, F8 value) => y.Cast<I4>()[i] =
        new I4(Pair(value.Low.X, value.Low.Y), Pair(value.Low.Z, value.Low.W), Pair(value.High.X, value.High.Y), Pair(value.High.Z, value.High.W));

    private static F4 Pairs(int a, int b) => new(Widened(a & 0xFFFF), Widened((a >> 16) & 0xFFFF), Widened(b & 0xFFFF), Widened((b >> 16) & 0xFFFF));

    private static int Pair(float low, float high) => Rounded(low) | (Rounded(high) << 16);

    private static float Widened(int bits)
    {
        int magnitude = bits & 0x7FFF;
        // A float with the half's exponent and fraction is 2^112 too small; the product is exact, subnormals included.
        float value = BitConverter.Int32BitsToSingle(magnitude << 13) * 5.192296858534828e33f;
        if (magnitude >= 0x7C00) value = BitConverter.Int32BitsToSingle((magnitude << 13) | 0x7F800000);
        return BitConverter.Int32BitsToSingle(BitConverter.SingleToInt32Bits(value) | ((bits & 0x8000) << 16));
    }

    private static int Rounded(float value)
    {
        int bits = BitConverter.SingleToInt32Bits(value), magnitude = bits & 0x7FFFFFFF;
        int half = (magnitude - (112 << 23) + 0xFFF + ((magnitude >> 13) & 1)) >> 13;
        // Below 2^-14 the unit is 2^-24: adding 0.5, whose last bit is 2^-24, rounds to it.
        if (magnitude < 0x38800000)
            half = BitConverter.SingleToInt32Bits(BitConverter.Int32BitsToSingle(magnitude) + 0.5f) - 0x3F000000;
        if (magnitude >= 0x477FF000) half = 0x7C00;
        if (magnitude > 0x7F800000) half = 0x7E00 | ((magnitude >> 13) & 0x3FF);
        return half | ((bits >> 16) & 0x8000);
    }
}

/// <summary>Four ints that kernels move through memory at once.</summary>
[StructLayout(LayoutKind.Sequential, Size = 16)]
internal struct I4(int x, int y, int z, int w)
{
    public int X = x, Y = y, Z = z, W = w;
}

/// <summary>Two ints that kernels move through memory at once.</summary>
[StructLayout(LayoutKind.Sequential, Size = 8)]
internal struct I2(int x, int y)
{
    public int X = x, Y = y;
}

/// <summary>Eight floats: what 16 bytes of 16-bit floats, or 32 of float32, hold.</summary>
internal struct F8(F4 low, F4 high)
{
    public F4 Low = low, High = high;

    public static F8 Add(F8 a, F8 b) => new(F4.Add(a.Low, b.Low), F4.Add(a.High, b.High));

    /// <summary>a + b for every element.</summary>
    public static F8 Shift(F8 a, float b) => new(F4.Shift(a.Low, b), F4.Shift(a.High, b));

    public static F8 Scale(F8 a, float b) => new(F4.Scale(a.Low, b), F4.Scale(a.High, b));

    public static F8 Multiply(F8 a, F8 b) => new(F4.Multiply(a.Low, b.Low), F4.Multiply(a.High, b.High));

    /// <summary>c + a b.</summary>
    public static F8 MulAdd(F8 c, float a, F8 b) => new(F4.MulAdd(c.Low, a, b.Low), F4.MulAdd(c.High, a, b.High));

    /// <summary>Sum of the first <paramref name="valid"/> elements, all if there are more.</summary>
    public static float Sum(F8 a, long valid)
    {
        if (valid >= 8) return F4.Sum(F4.Add(a.Low, a.High));
        float sum = a.Low.X;
        if (valid > 1) sum += a.Low.Y;
        if (valid > 2) sum += a.Low.Z;
        if (valid > 3) sum += a.Low.W;
        if (valid > 4) sum += a.High.X;
        if (valid > 5) sum += a.High.Y;
        if (valid > 6) sum += a.High.Z;
        return sum;
    }
}

/// <summary>
/// Eight neighbouring elements of an array, which a thread of a memory-bound kernel takes: at once where the array allows it, else one by one.
/// </summary>
internal static class Octet
{
    public const int Size = 8;

    /// <summary>Elements i to i + 7 of a row, i a multiple of 8 before <paramref name="end"/>; beyond it the last one.</summary>
    /// <param name="x">Array. Not the row's part of it: the compiler moves 16 bytes at once only where it sees an argument's own view.</param>
    /// <param name="row">Index of the row's first element.</param>
    /// <param name="i">First element, counted from there.</param>
    /// <param name="end">Elements of the row that exist.</param>
    /// <param name="whole">The row begins at a multiple of 16 bytes.</param>
    public static F8 Load<T>(ArrayView<ushort> x, long row, long i, long end, bool whole) where T : struct, IStoredNumber
    {
        if (whole && i + Size <= end) return T.LoadOctet(x, (row + i) >> 3);
        long last = row + end - 1;
        i += row;
        return new F8(
            new F4(T.Load(x, i), T.Load(x, IntrinsicMath.Min(i + 1, last)), T.Load(x, IntrinsicMath.Min(i + 2, last)), T.Load(x, IntrinsicMath.Min(i + 3, last))),
            new F4(T.Load(x, IntrinsicMath.Min(i + 4, last)), T.Load(x, IntrinsicMath.Min(i + 5, last)), T.Load(x, IntrinsicMath.Min(i + 6, last)), T.Load(x, IntrinsicMath.Min(i + 7, last))));
    }

    /// <summary>The same of an array that is one row.</summary>
    public static F8 Load<T>(ArrayView<ushort> x, long i, long end, bool whole) where T : struct, IStoredNumber => Load<T>(x, 0, i, end, whole);

    /// <summary>The same of float32 that is no activation.</summary>
    public static F8 LoadF32(ArrayView<float> x, long i, long end, bool whole) => Load<StoredF32>(x.Cast<ushort>(), i, end, whole);

    /// <summary>Stores elements i to i + 7 of an array that is one row, those before <paramref name="end"/>.</summary>
    public static void Store<T>(ArrayView<ushort> y, long i, F8 value, long end, bool whole) where T : struct, IStoredNumber =>
        Store<T>(y, 0, i, value, end, whole);

    /// <summary>Stores elements i to i + 7 of a row, those before <paramref name="end"/>; see <see cref="Load{T}(ArrayView{ushort}, long, long, long, bool)"/>.</summary>
    public static void Store<T>(ArrayView<ushort> y, long row, long i, F8 value, long end, bool whole) where T : struct, IStoredNumber
    {
        if (whole && i + Size <= end)
        {
            T.StoreOctet(y, (row + i) >> 3, value);
            return;
        }
        i += row;
        end += row;
        T.Store(y, i, value.Low.X);
        if (i + 1 < end) T.Store(y, i + 1, value.Low.Y);
        if (i + 2 < end) T.Store(y, i + 2, value.Low.Z);
        if (i + 3 < end) T.Store(y, i + 3, value.Low.W);
        if (i + 4 < end) T.Store(y, i + 4, value.High.X);
        if (i + 5 < end) T.Store(y, i + 5, value.High.Y);
        if (i + 6 < end) T.Store(y, i + 6, value.High.Z);
        if (i + 7 < end) T.Store(y, i + 7, value.High.W);
    }
}
