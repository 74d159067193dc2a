using SeLoRA.Engine;
using Xunit;

namespace SeLoRA.Tests;

public class PhiloxTests
{
    // Known answers of Random123 1.09 (kat_vectors), philox4x32-10. Our counters use 64 of its 128 bits, so only vectors whose upper
    // counter words are zero apply: the all-zero one; the others are checked through the round function in full width below.
    [Fact]
    public void Zero_counter_and_key_give_the_published_words() =>
        Assert.Equal((0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u), Philox.Words(0, 0));

    [Theory]
    [InlineData(0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu,
        0x408f276du, 0x41c83b0eu, 0xa20bc7c6u, 0x6d5451fdu)]
    [InlineData(0x243f6a88u, 0x85a308d3u, 0x13198a2eu, 0x03707344u, 0xa4093822u, 0x299f31d0u,
        0xd16cfe09u, 0x94fdccebu, 0x5001e420u, 0x24126ea1u)]
    public void Full_width_counters_give_the_published_words(uint c0, uint c1, uint c2, uint c3, uint k0, uint k1,
        uint r0, uint r1, uint r2, uint r3) =>
        Assert.Equal((r0, r1, r2, r3), Philox.Words(c0, c1, c2, c3, k0, k1));

    [Theory]
    [InlineData(0ul)]
    [InlineData(1ul)]
    [InlineData(6ul)]
    [InlineData(0xffff_fffful)]
    public void Fills_equal_single_draws_bit_for_bit(ulong offset)
    {
        const ulong Seed = 0x1234_5678_9abc_def0;
        const int Count = 9001;
        using Tensor normal = Tensor.Normal(new Shape(Count), Seed, offset), uniform = Tensor.Uniform(new Shape(Count), Seed, offset);
        float[] z = normal.ToArray(), u = uniform.ToArray();
        for (int i = 0; i < Count; i++)
        {
            Assert.Equal(Philox.Normal(Seed, offset + (ulong)i), z[i]);
            Assert.Equal(Philox.Uniform(Seed, offset + (ulong)i), u[i]);
        }
    }

    [Fact]
    public void Moments_are_those_of_the_distributions()
    {
        const int Count = 1 << 20;
        using Tensor normal = Tensor.Normal(new Shape(Count), 42), uniform = Tensor.Uniform(new Shape(Count), 43);
        float[] z = normal.ToArray(), u = uniform.ToArray();
        // Five standard errors of each moment.
        double error = 5 / Math.Sqrt(Count);
        Assert.InRange(z.Average(v => (double)v), -error, error);
        Assert.InRange(z.Average(v => (double)v * v), 1 - error * Math.Sqrt(2), 1 + error * Math.Sqrt(2));
        Assert.InRange(z.Average(v => Math.Pow(v, 4)), 3 - error * Math.Sqrt(96), 3 + error * Math.Sqrt(96));
        Assert.InRange(u.Average(v => (double)v), 0.5 - error * 0.29, 0.5 + error * 0.29);
        Assert.True(u.Min() >= 0 && u.Max() < 1);
    }
}
