using SeLoRA.Engine;
using Xunit;

namespace SeLoRA.Tests;

public class HalfConversionTests
{
    private static readonly ushort[] AllBits = [.. Enumerable.Range(0, 65536).Select(i => (ushort)i)];

    [Fact]
    public void Every_half_widens_exactly()
    {
        var actual = new float[AllBits.Length];
        HalfConversion.Float16ToFloat32(AllBits, actual);
        foreach (ushort bits in AllBits)
        {
            float expected = (float)BitConverter.UInt16BitsToHalf(bits);
            if (float.IsNaN(expected)) Assert.True(float.IsNaN(actual[bits]), $"bits {bits:X4}");
            else Assert.True(BitConverter.SingleToUInt32Bits(expected) == BitConverter.SingleToUInt32Bits(actual[bits]), $"bits {bits:X4}");
        }
    }

    [Fact]
    public void Every_bfloat16_widens_to_its_own_bits()
    {
        var actual = new float[AllBits.Length];
        HalfConversion.BFloat16ToFloat32(AllBits, actual);
        foreach (ushort bits in AllBits) Assert.Equal((uint)bits << 16, BitConverter.SingleToUInt32Bits(actual[bits]));
    }

    [Fact]
    public void Every_16_bit_value_survives_a_round_trip()
    {
        var values = new float[AllBits.Length];
        var bits = new ushort[AllBits.Length];
        HalfConversion.BFloat16ToFloat32(AllBits, values);
        HalfConversion.Float32ToBFloat16(values, bits);
        for (int i = 0; i < bits.Length; i++) Assert.Equal(float.IsNaN(values[i]) ? i | 0x40 : i, bits[i]);

        HalfConversion.Float16ToFloat32(AllBits, values);
        HalfConversion.Float32ToFloat16(values, bits);
        for (int i = 0; i < bits.Length; i++) Assert.Equal(float.IsNaN(values[i]) ? i | 0x200 : i, bits[i]);
    }

    [Fact]
    public void Rounding_equals_the_framework_on_random_bits_ties_and_limits()
    {
        var random = new Random(5);
        var values = new List<float>();
        for (int i = 0; i < 200_000; i++) values.Add(BitConverter.UInt32BitsToSingle((uint)random.NextInt64(1L << 32)));
        // Between neighbouring halves: the tie and its two neighbours, normal and subnormal.
        for (int i = 0; i < 0x7C00; i += 7)
        {
            float low = (float)BitConverter.UInt16BitsToHalf((ushort)i), high = (float)BitConverter.UInt16BitsToHalf((ushort)(i + 1));
            float tie = float.IsInfinity(high) ? 65520 : low + (high - low) / 2;
            values.AddRange([tie, MathF.BitIncrement(tie), MathF.BitDecrement(tie), -tie]);
        }
        values.AddRange([0f, -0f, 65504, 65519.996f, 65520, 65536, 1e10f, float.MaxValue, float.Epsilon, -float.Epsilon,
            float.PositiveInfinity, float.NegativeInfinity, float.NaN, BitConverter.UInt32BitsToSingle(0x7F800001),
            BitConverter.UInt32BitsToSingle(0xFF800001)]);

        float[] source = [.. values];
        var half = new ushort[source.Length];
        var brain = new ushort[source.Length];
        HalfConversion.Float32ToFloat16(source, half);
        HalfConversion.Float32ToBFloat16(source, brain);
        for (int i = 0; i < source.Length; i++)
        {
            string what = $"value {source[i]:G9} ({BitConverter.SingleToUInt32Bits(source[i]):X8})";
            if (float.IsNaN(source[i]))
            {
                Assert.True(Half.IsNaN(BitConverter.UInt16BitsToHalf(half[i])), what);
                Assert.True(float.IsNaN(BitConverter.UInt32BitsToSingle((uint)brain[i] << 16)), what);
                continue;
            }
            Assert.True(BitConverter.HalfToUInt16Bits((Half)source[i]) == half[i], what);
            Assert.True(NearestBFloat16(source[i]) == brain[i], what);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(15)]
    [InlineData(33)]
    public void Any_length_leaves_what_lies_behind_untouched(int length)
    {
        float[] source = [.. Enumerable.Range(0, length).Select(i => i * 0.25f)];
        var half = new ushort[length + 3];
        half.AsSpan().Fill(0xABCD);
        HalfConversion.Float32ToFloat16(source, half);
        Assert.All(half[length..], bits => Assert.Equal(0xABCD, bits));

        var back = new float[length + 3];
        back.AsSpan().Fill(-7);
        HalfConversion.Float16ToFloat32(half.AsSpan(0, length), back);
        Assert.Equal(source, back[..length]);
        Assert.All(back[length..], value => Assert.Equal(-7, value));
    }

    [Fact]
    public void Short_destination_is_refused() =>
        Assert.Throws<ArgumentException>(() => HalfConversion.Float16ToFloat32(new ushort[4], new float[3]));

    // By distance in double, not by the bit trick under test.
    private static ushort NearestBFloat16(float value)
    {
        uint truncated = BitConverter.SingleToUInt32Bits(value) >> 16;
        if (float.IsInfinity(value)) return (ushort)truncated;
        double low = BitConverter.UInt32BitsToSingle(truncated << 16);
        double high = BitConverter.UInt32BitsToSingle((truncated + 1) << 16);
        if (double.IsInfinity(high)) high = Math.Sign(value) * Math.ScaleB(1, 128);
        double toLow = Math.Abs(value - low), toHigh = Math.Abs(high - value);
        bool up = toHigh < toLow || (toHigh == toLow && truncated % 2 == 1);
        return (ushort)(up ? truncated + 1 : truncated);
    }
}
