using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace SeLoRA.Engine;

/// <summary>
/// Conversions between float32 and the two 16-bit float formats, which are held as their bits in <see cref="ushort"/>.
/// To 16 bits rounding is to nearest, ties to even; subnormals are exact, a NaN stays a NaN (quiet, sign and upper
/// payload kept), what is too large becomes infinite.
/// </summary>
public static class HalfConversion
{
    /// <summary>IEEE half precision to float32; exact.</summary>
    /// <param name="source">Bits of the halves.</param>
    /// <param name="destination">At least as long as <paramref name="source"/>.</param>
    /// <exception cref="ArgumentException"><paramref name="destination"/> is too short.</exception>
    public static void Float16ToFloat32(ReadOnlySpan<ushort> source, Span<float> destination) =>
        Widen<Float16>(source, destination);

    /// <summary>bfloat16 to float32; exact.</summary>
    /// <inheritdoc cref="Float16ToFloat32"/>
    public static void BFloat16ToFloat32(ReadOnlySpan<ushort> source, Span<float> destination) =>
        Widen<BFloat16>(source, destination);

    /// <summary>float32 to IEEE half precision: magnitudes from 65520 on become infinite.</summary>
    /// <param name="source">Values to round.</param>
    /// <param name="destination">Receives the bits; at least as long as <paramref name="source"/>.</param>
    /// <exception cref="ArgumentException"><paramref name="destination"/> is too short.</exception>
    public static void Float32ToFloat16(ReadOnlySpan<float> source, Span<ushort> destination) =>
        Narrow<Float16>(source, destination);

    /// <summary>float32 to bfloat16.</summary>
    /// <inheritdoc cref="Float32ToFloat16"/>
    public static void Float32ToBFloat16(ReadOnlySpan<float> source, Span<ushort> destination) =>
        Narrow<BFloat16>(source, destination);

    private static void Widen<TFormat>(ReadOnlySpan<ushort> source, Span<float> destination)
        where TFormat : IFormat
    {
        CheckLength(source.Length, destination.Length);
        int block = 2 * Vector<float>.Count, i = 0;
        ref ushort x = ref MemoryMarshal.GetReference(source);
        ref float y = ref MemoryMarshal.GetReference(destination);
        for (; i <= source.Length - block; i += block) WidenBlock<TFormat>(ref Unsafe.Add(ref x, i), ref Unsafe.Add(ref y, i));
        if (i == source.Length) return;

        // The rest goes through the same vectors, so that there is one formula a format.
        Span<ushort> bits = stackalloc ushort[block];
        Span<float> values = stackalloc float[block];
        bits.Clear();
        source[i..].CopyTo(bits);
        WidenBlock<TFormat>(ref bits[0], ref values[0]);
        values[..(source.Length - i)].CopyTo(destination[i..]);
    }

    /// <summary>Two vectors of floats.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void WidenBlock<TFormat>(ref ushort source, ref float destination)
        where TFormat : IFormat
    {
        Vector.Widen(Vector.LoadUnsafe(ref source), out Vector<uint> low, out Vector<uint> high);
        Vector.AsVectorSingle(TFormat.ToFloat32(low)).StoreUnsafe(ref destination);
        Vector.AsVectorSingle(TFormat.ToFloat32(high)).StoreUnsafe(ref destination, (nuint)Vector<float>.Count);
    }

    private static void Narrow<TFormat>(ReadOnlySpan<float> source, Span<ushort> destination)
        where TFormat : IFormat
    {
        CheckLength(source.Length, destination.Length);
        int lanes = Vector<float>.Count, block = 2 * lanes, i = 0;
        for (; i <= source.Length - block; i += block) NarrowBlock<TFormat>(source.Slice(i, block), destination.Slice(i, block));
        if (i == source.Length) return;

        Span<float> values = stackalloc float[block];
        Span<ushort> bits = stackalloc ushort[block];
        values.Clear();
        source[i..].CopyTo(values);
        NarrowBlock<TFormat>(values, bits);
        bits[..(source.Length - i)].CopyTo(destination[i..]);
    }

    private static void NarrowBlock<TFormat>(ReadOnlySpan<float> source, Span<ushort> destination)
        where TFormat : IFormat
    {
        Vector<uint> low = TFormat.FromFloat32(Vector.AsVectorUInt32(new Vector<float>(source)));
        Vector<uint> high = TFormat.FromFloat32(Vector.AsVectorUInt32(new Vector<float>(source[Vector<float>.Count..])));
        Vector.Narrow(low, high).CopyTo(destination);
    }

    private static void CheckLength(int source, int destination)
    {
        if (destination < source)
            throw new ArgumentException($"Destination has {destination} elements, {source} are needed.", nameof(destination));
    }

    /// <summary>A format's two formulas on lanes of 32 bits: 16-bit formats in the low half, float32 as its bits.</summary>
    private interface IFormat
    {
        static abstract Vector<uint> ToFloat32(Vector<uint> bits);

        static abstract Vector<uint> FromFloat32(Vector<uint> bits);
    }

    private readonly struct Float16 : IFormat
    {
        // Exponent bias 15 against 127.
        private const uint Rebias = 112u << 23;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector<uint> ToFloat32(Vector<uint> bits)
        {
            Vector<uint> sign = (bits << 16) & new Vector<uint>(0x80000000);
            Vector<uint> shifted = (bits << 13) & new Vector<uint>(0x7FFF << 13);
            // Signed, which most processors have and unsigned they have not; the numbers are small enough.
            Vector<int> magnitude = Vector.AsVectorInt32(shifted);
            Vector<uint> normal = shifted + new Vector<uint>(Rebias);
            // Infinity and NaN: exponent 31 must become 255, the same distance once more.
            Vector<uint> special = Vector.AsVectorUInt32(Vector.GreaterThan(magnitude, new Vector<int>(0x7BFF << 13))) & new Vector<uint>(Rebias);
            // Subnormal m * 2^-24 as (1 + m / 1024) * 2^-14 - 2^-14: exact, and no float32 subnormal is ever touched.
            Vector<float> offset = Vector.AsVectorSingle(shifted | new Vector<uint>(113u << 23));
            Vector<uint> subnormal = Vector.AsVectorUInt32(offset - new Vector<float>(1f / 16384));
            Vector<uint> small = Vector.AsVectorUInt32(Vector.LessThan(magnitude, new Vector<int>(0x0400 << 13)));
            return sign | Vector.ConditionalSelect(small, subnormal, normal + special);
        }

        public static Vector<uint> FromFloat32(Vector<uint> bits)
        {
            Vector<uint> sign = (bits >> 16) & new Vector<uint>(0x8000);
            Vector<uint> magnitude = bits & new Vector<uint>(0x7FFFFFFF);
            // Add half a unit less one, and one more where the kept part is odd: ties go to even, carries into the exponent.
            Vector<uint> odd = (magnitude >> 13) & Vector<uint>.One;
            Vector<uint> normal = (magnitude - new Vector<uint>(Rebias) + new Vector<uint>(0xFFF) + odd) >> 13;
            normal = Vector.Min(normal, new Vector<uint>(0x7C00));
            // Below 2^-14 the unit is 2^-24, which is that of 0.5 in float32: the addition itself rounds.
            Vector<float> raised = Vector.AsVectorSingle(magnitude) + new Vector<float>(0.5f);
            Vector<uint> subnormal = Vector.AsVectorUInt32(raised) - new Vector<uint>(0x3F000000);
            Vector<uint> small = Vector.LessThan(magnitude, new Vector<uint>(0x38800000));
            Vector<uint> result = Vector.ConditionalSelect(small, subnormal, normal);
            Vector<uint> nan = ((magnitude >> 13) & new Vector<uint>(0x03FF)) | new Vector<uint>(0x7E00);
            Vector<uint> isNaN = Vector.GreaterThan(magnitude, new Vector<uint>(0x7F800000));
            return sign | Vector.ConditionalSelect(isNaN, nan, result);
        }
    }

    private readonly struct BFloat16 : IFormat
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector<uint> ToFloat32(Vector<uint> bits) => bits << 16;

        public static Vector<uint> FromFloat32(Vector<uint> bits)
        {
            Vector<uint> upper = bits >> 16;
            Vector<uint> rounded = (bits + new Vector<uint>(0x7FFF) + (upper & Vector<uint>.One)) >> 16;
            Vector<uint> isNaN = Vector.GreaterThan(bits & new Vector<uint>(0x7FFFFFFF), new Vector<uint>(0x7F800000));
            // A NaN whose payload lies in the lower half would otherwise turn into infinity.
            return Vector.ConditionalSelect(isNaN, upper | new Vector<uint>(0x0040), rounded);
        }
    }
}
