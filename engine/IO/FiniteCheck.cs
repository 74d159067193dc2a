using System.Numerics;
using System.Runtime.InteropServices;

namespace SeLoRA.Engine;

/// <summary>Finds values that are not finite, by their bits: an exponent of ones only. As fast as memory is read.</summary>
public static class FiniteCheck
{
    private const uint Exponent32 = 0x7F80_0000;

    /// <summary>Index of the first value that is NaN or infinite; -1 where all are finite.</summary>
    public static int FirstBad(ReadOnlySpan<float> values) => FirstBad(MemoryMarshal.Cast<float, uint>(values), Exponent32);

    /// <summary>The same for the bits of float16 or bfloat16 values.</summary>
    /// <param name="bits">The values' bits.</param>
    /// <param name="dtype">F16 or BF16.</param>
    public static int FirstBad(ReadOnlySpan<ushort> bits, DType dtype) => FirstBad(bits, dtype == DType.F16 ? (ushort)0x7C00 : (ushort)0x7F80);

    private static int FirstBad<T>(ReadOnlySpan<T> bits, T exponent)
        where T : unmanaged, IBinaryInteger<T>
    {
        int i = 0;
        var mask = new Vector<T>(exponent);
        for (; i <= bits.Length - Vector<T>.Count; i += Vector<T>.Count)
            if (Vector.EqualsAny(new Vector<T>(bits[i..]) & mask, mask)) break;
        for (; i < bits.Length; i++)
            if ((bits[i] & exponent) == exponent) return i;
        return -1;
    }
}
