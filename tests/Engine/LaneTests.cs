using System.Runtime.Intrinsics;
using SeLoRA.Engine;
using Xunit;

namespace SeLoRA.Tests;

public class LaneTests(ITestOutputHelper output)
{
    /// <summary>The widths of vectors; those that this machine lacks are emulated, bit for bit but for fused multiply-adds.</summary>
    public static TheoryData<int> Widths => [128, 256, 512];

    [Theory]
    [MemberData(nameof(Widths))]
    public void Exp_is_within_1_1_ulp(int bits) => Bound<ExpOp>(bits, "exp", -87.3f, 88.37f, Math.Exp, 1.1);

    [Theory]
    [MemberData(nameof(Widths))]
    public void Sigmoid_is_within_2_3_ulp(int bits) => Bound<SigmoidOp>(bits, "sigmoid", -87f, 1e30f, x => 1 / (1 + Math.Exp(-x)), 2.3);

    [Theory]
    [MemberData(nameof(Widths))]
    public void Silu_is_within_2_5_ulp(int bits) => Bound<SiluOp>(bits, "SiLU", -87f, 1e30f, x => x / (1 + Math.Exp(-x)), 2.5);

    /// <summary>GELU's formula has an absolute bound: where x is far below zero its value is tiny, and few of its digits are right.</summary>
    [Theory]
    [MemberData(nameof(Widths))]
    public void Gelu_is_within_3e_7(int bits)
    {
        double worst = Worst<GeluOp>(bits, -1e4f, 1e30f, x => x * NormalCdf(x), (error, exact, _) => error / Math.Max(1, Math.Abs(exact)));
        output.WriteLine($"GELU, {bits}-bit vectors{Emulated(bits)}: {worst:g3} of max(1, |value|) at worst");
        Assert.True(worst <= 3e-7, $"{worst}");
    }

    // The normal distribution function to 1e-15, by the series of Phi(x) - 1/2 around zero (Marsaglia, 2004).
    private static double NormalCdf(double x)
    {
        if (Math.Abs(x) > 8) return x < 0 ? 0 : 1;
        double sum = x, term = x;
        for (int i = 3; Math.Abs(term) > 1e-18 * Math.Abs(sum); i += 2) sum += term *= x * x / i;
        return 0.5 + sum * Math.Exp(-x * x / 2) / Math.Sqrt(2 * Math.PI);
    }

    [Fact]
    public void Silu_far_out_is_zero_or_x()
    {
        float[] x = [-1e30f, -1000f, -89f, 89f, 1e30f, float.PositiveInfinity];
        using var tensor = Tensor.From(x, new Shape(x.Length));
        using Tensor y = Ops.Silu(tensor);
        Assert.Equal([-0f, -0f, -0f, 89f, 1e30f, float.PositiveInfinity], y.ToArray());
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

    private readonly struct SigmoidOp : IUnaryOp
    {
        public static T Value<T>(T x) where T : struct, ILane<T> => Formula.Sigmoid(x);

        public static T Grad<T>(T x, T dy) where T : struct, ILane<T> => dy;
    }

    private static string Emulated(int bits) => (bits switch
    {
        128 => Vector128.IsHardwareAccelerated,
        256 => Vector256.IsHardwareAccelerated,
        _ => Vector512.IsHardwareAccelerated,
    }) ? "" : " (emulated)";

    private void Bound<TOp>(int bits, string name, float least, float most, Func<double, double> exact, double bound)
        where TOp : struct, IUnaryOp
    {
        double worst = Worst<TOp>(bits, least, most, exact, (error, _, ulp) => error / ulp);
        output.WriteLine($"{name}, {bits}-bit vectors{Emulated(bits)}: {worst:0.000} ulp at worst");
        Assert.True(worst <= bound, $"{name}: {worst} ulp");
    }

    private static double Worst<TOp>(int bits, float least, float most, Func<double, double> exact, Func<double, double, double, double> measure)
        where TOp : struct, IUnaryOp => bits switch
        {
            128 => Worst<F32x4, TOp>(least, most, exact, measure),
            256 => Worst<F32x8, TOp>(least, most, exact, measure),
            _ => Worst<F32x16, TOp>(least, most, exact, measure),
        };

    // Every 997th float of both signs from the smallest normal one to the ends of the range.
    private static unsafe double Worst<T, TOp>(float least, float most, Func<double, double> exact, Func<double, double, double, double> measure)
        where T : struct, IVectorLane<T> where TOp : struct, IUnaryOp
    {
        const uint Step = 997;
        float* x = stackalloc float[16], y = stackalloc float[16];
        double worst = 0;
        for (uint bits = 0x00800000; bits < BitConverter.SingleToUInt32Bits(Math.Max(most, -least)); bits += Step * (uint)T.Width / 2)
        {
            for (int i = 0; i < T.Width; i++)
            {
                float magnitude = BitConverter.UInt32BitsToSingle(bits + (uint)(i / 2) * Step);
                x[i] = Math.Clamp((i & 1) == 0 ? magnitude : -magnitude, least, most);
            }
            T.Store(y, TOp.Value(T.Load(x)));
            for (int i = 0; i < T.Width; i++)
            {
                double value = exact(x[i]);
                float rounded = MathF.Abs((float)value);
                double ulp = MathF.BitIncrement(rounded) - rounded, error = measure(Math.Abs(y[i] - value), value, ulp);
                worst = double.IsNaN(error) ? double.PositiveInfinity : Math.Max(worst, error);
            }
        }
        return worst;
    }
}
