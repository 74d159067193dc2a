using System.Runtime.Intrinsics;
using SeLoRA.Engine;
using Xunit;

namespace SeLoRA.Tests;

public class LaneTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(128)]
    [InlineData(256)]
    [InlineData(512)]
    public void Exp_is_within_1_1_ulp(int bits)
    {
        bool native = bits switch
        {
            128 => Vector128.IsHardwareAccelerated,
            256 => Vector256.IsHardwareAccelerated,
            _ => Vector512.IsHardwareAccelerated,
        };
        double worst = bits switch { 128 => WorstUlp<F32x4>(), 256 => WorstUlp<F32x8>(), _ => WorstUlp<F32x16>() };
        output.WriteLine($"exp, {bits}-bit vectors{(native ? "" : " (emulated)")}: {worst:0.000} ulp at worst");
        Assert.True(worst <= 1.1, $"{worst} ulp");
    }

    [Fact]
    public void Exp_keeps_infinities_and_NaN()
    {
        float[] x = [float.NegativeInfinity, -1e30f, -88f, 0f, 89f, 1e30f, float.PositiveInfinity, float.NaN];
        using var tensor = Tensor.From(x, new Shape(8));
        using Tensor y = Ops.Exp(tensor);
        Assert.Equal([0f, 0f, 0f, 1f, float.PositiveInfinity, float.PositiveInfinity, float.PositiveInfinity, float.NaN], y.ToArray());
    }

    [Fact]
    public void Relu_keeps_NaN()
    {
        using var tensor = Tensor.From([-1f, 2f, float.NaN], new Shape(3));
        using Tensor y = Ops.Relu(tensor);
        Assert.Equal([0f, 2f, float.NaN], y.ToArray());
    }

    private static unsafe double WorstUlp<T>() where T : struct, IVectorLane<T>
    {
        float* x = stackalloc float[16], y = stackalloc float[16];
        double worst = 0;
        // Every 97th float of both signs between 2^-20 and the ends of the range.
        for (uint bits = 0x35800000; bits < 0x42B0C000; bits += 97 * 16 / 2)
        {
            for (int i = 0; i < T.Width; i++)
            {
                float magnitude = BitConverter.UInt32BitsToSingle(bits + (uint)(i / 2) * 97);
                x[i] = (i & 1) == 0 ? magnitude : -Math.Min(magnitude, 87.3f);
            }
            T.Store(y, T.Exp(T.Load(x)));
            for (int i = 0; i < T.Width; i++)
            {
                double exact = Math.Exp(x[i]);
                if (exact > float.MaxValue || x[i] > 88.37f) continue;
                float rounded = (float)exact;
                double ulp = MathF.BitIncrement(rounded) - rounded;
                worst = Math.Max(worst, Math.Abs(y[i] - exact) / ulp);
            }
        }
        return worst;
    }
}
