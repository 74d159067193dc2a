using SeLoRA.Engine;
using Xunit;

namespace SeLoRA.Tests;

public class HostElementwiseTests
{
    private static readonly IBackend Host = Backend.Get(Device.Cpu);

    public static TheoryData<int> Counts => [1, 3, 15, 16, 17, 63, 1000, 33333];

    [Theory]
    [MemberData(nameof(Counts))]
    public void Unary_matches_double(int count)
    {
        Unary<SiluOp>(count, 5e-6);
        Unary<GeluOp>(count, 5e-6);
        Unary<QuickGeluOp>(count, 5e-6);
        Unary<ReluOp>(count, 0);
        Unary<ExpOp>(count, 2e-5);
        Unary<SqrtOp>(count, 2e-6, positive: true);
    }

    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(1, 1, 5001)]
    [InlineData(1, 40001, 1)]
    [InlineData(5, 333, 1)]
    [InlineData(1, 77, 33)]
    [InlineData(3, 50, 4)]
    [InlineData(2, 9001, 3)]
    [InlineData(3, 7, 320)]
    [InlineData(4, 1, 129)]
    [InlineData(2, 65, 127)]
    public void Binary_broadcasts(int outer, int middle, int inner)
    {
        long count = (long)outer * middle * inner;
        float[] a = Numbers.Normal(count, 1), b = Numbers.Normal((long)outer * inner, 2, 0.1f, 1f);
        Binary<AddOp>(a, b, (x, y) => x + y);
        Binary<SubOp>(a, b, (x, y) => x - y);
        Binary<MulOp>(a, b, (x, y) => x * y);
        Binary<DivOp>(a, b, (x, y) => x / y);

        void Binary<TOp>(float[] x, float[] y, Func<float, float, float> f) where TOp : struct, IBinaryOp
        {
            using var ta = new GuardedTensor(new Shape((int)count), x);
            using var tb = new GuardedTensor(new Shape(y.Length), y);
            using var result = new GuardedTensor(new Shape((int)count));
            var shape = new BroadcastShape(outer, middle, inner);
            Host.Binary<TOp>(ta.Tensor, tb.Tensor, result.Tensor, shape);
            var expected = new float[count];
            for (int o = 0; o < outer; o++)
                for (int m = 0; m < middle; m++)
                    for (int i = 0; i < inner; i++)
                        expected[(o * middle + m) * inner + i] = f(x[(o * middle + m) * inner + i], y[o * inner + i]);
            Assert.Equal(expected, result.Read());
            Host.Binary<TOp>(ta.Tensor, tb.Tensor, ta.Tensor, shape);
            Assert.Equal(expected, ta.Read());
        }
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(3, 17)]
    [InlineData(70, 1280)]
    public void Glu_and_its_gradient_match_double(int rows, int c)
    {
        float[] x = Numbers.Normal((long)rows * 2 * c, 3), dy = Numbers.Normal((long)rows * c, 4);
        using var tx = new GuardedTensor(new Shape(rows, 2 * c), x);
        using var tdy = new GuardedTensor(new Shape(rows, c), dy);
        using var y = new GuardedTensor(new Shape(rows, c));
        using var dx = new GuardedTensor(new Shape(rows, 2 * c));
        Host.Glu<GeluOp>(tx.Tensor, y.Tensor);
        Host.GluBackward<GeluOp>(tx.Tensor, tdy.Tensor, dx.Tensor);
        var expected = new double[rows * c];
        var gradient = new double[rows * 2 * c];
        for (int r = 0; r < rows; r++)
        {
            for (int j = 0; j < c; j++)
            {
                double value = x[r * 2 * c + j], d = dy[r * c + j];
                var gate = new F64(x[r * 2 * c + c + j]);
                expected[r * c + j] = value * GeluOp.Value(gate).Value;
                gradient[r * 2 * c + j] = d * GeluOp.Value(gate).Value;
                gradient[r * 2 * c + c + j] = GeluOp.Grad(gate, new F64(d * value)).Value;
            }
        }
        Numbers.AssertClose(expected, y.Read(), 3e-6, "y");
        Numbers.AssertClose(gradient, dx.Read(), 3e-6, "dx");
    }

    [Theory]
    [MemberData(nameof(Counts))]
    public void Scale_and_add_scaled(int count)
    {
        float[] x = Numbers.Normal(count, 5), y = Numbers.Normal(count, 6);
        using var tx = new GuardedTensor(new Shape(count), x);
        using var ty = new GuardedTensor(new Shape(count), y);
        Host.AddScaled(tx.Tensor, 0.37f, ty.Tensor);
        Numbers.AssertClose([.. x.Zip(y, (u, v) => v + 0.37 * u)], ty.Read(), 1e-6, "add scaled");
        Host.Scale(tx.Tensor, -2.5f, tx.Tensor);
        Assert.Equal(x.Select(v => -2.5f * v), tx.Read());
    }

    [Theory]
    [MemberData(nameof(Counts))]
    public void AdamW_step_matches_double(int count)
    {
        float[] p = Numbers.Normal(count, 7), g = Numbers.Normal(count, 8), m = Numbers.Normal(count, 9, 0.1f);
        float[] v = [.. Numbers.Normal(count, 10).Select(u => u * u)];
        using var tp = new GuardedTensor(new Shape(count), p);
        using var tg = new GuardedTensor(new Shape(count), g);
        using var tm = new GuardedTensor(new Shape(count), m);
        using var tv = new GuardedTensor(new Shape(count), v);
        Ops.AdamWStep(tp.Tensor, tg.Tensor, tm.Tensor, tv.Tensor, step: 3, lr: 0.01f, weightDecay: 0.1f);
        double b1 = 0.9f, b2 = 0.999f, lr = 0.01f;
        double[] em = new double[count], ev = new double[count], ep = new double[count];
        for (int i = 0; i < count; i++)
        {
            em[i] = b1 * m[i] + (1 - b1) * g[i];
            ev[i] = b2 * v[i] + (1 - b2) * g[i] * g[i];
            double update = em[i] / (1 - b1 * b1 * b1) / (Math.Sqrt(ev[i] / (1 - b2 * b2 * b2)) + 1e-8f);
            ep[i] = p[i] * (1 - lr * 0.1f) - lr * update;
        }
        Numbers.AssertClose(em, tm.Read(), 1e-6, "m");
        Numbers.AssertClose(ev, tv.Read(), 1e-6, "v");
        Numbers.AssertClose(ep, tp.Read(), 1e-5, "p");
    }

    private static void Unary<TOp>(int count, double tolerance, bool positive = false) where TOp : struct, IUnaryOp
    {
        float[] x = Numbers.Normal(count, 11, 3f), dy = Numbers.Normal(count, 12);
        if (positive) x = [.. x.Select(v => Math.Abs(v) + 0.01f)];
        using var tx = new GuardedTensor(new Shape(count), x);
        using var tdy = new GuardedTensor(new Shape(count), dy);
        using var y = new GuardedTensor(new Shape(count));
        using var dx = new GuardedTensor(new Shape(count));
        Host.Unary<TOp>(tx.Tensor, y.Tensor);
        Host.UnaryBackward<TOp>(tx.Tensor, tdy.Tensor, dx.Tensor);
        Numbers.AssertClose([.. x.Select(v => TOp.Value(new F64(v)).Value)], y.Read(), tolerance, typeof(TOp).Name);
        Numbers.AssertClose([.. x.Zip(dy, (v, d) => TOp.Grad(new F64(v), new F64(d)).Value)], dx.Read(), tolerance, typeof(TOp).Name);
    }
}
