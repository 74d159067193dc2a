using SeLoRA.Engine;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>The host's convolution and its two gradients against direct double-precision sums: sizes, strides, paddings, guards.</summary>
[Collection(nameof(ParallelForTests))] // Some of these change the number of threads.
public class HostConvTests
{
    private static readonly IBackend Host = Backend.Get(Device.Cpu);

    /// <summary>n, h, w, c, o, kh, kw, stride, top, bottom, left, right.</summary>
    public static TheoryData<int[]> Shapes() => new()
    {
        { [1, 5, 5, 1, 1, 3, 3, 1, 1, 1, 1, 1] },
        { [2, 7, 5, 3, 5, 3, 3, 1, 1, 1, 1, 1] },
        { [1, 9, 8, 4, 35, 3, 3, 1, 1, 1, 1, 1] },
        { [2, 8, 8, 17, 33, 3, 3, 2, 1, 1, 1, 1] },
        { [1, 9, 7, 6, 34, 3, 3, 2, 0, 1, 0, 1] },
        { [3, 28, 28, 3, 20, 14, 14, 14, 0, 0, 0, 0] },
        { [1, 6, 11, 33, 4, 1, 7, 1, 0, 0, 3, 3] },
        { [1, 11, 6, 5, 6, 7, 1, 1, 3, 3, 0, 0] },
        { [2, 6, 6, 40, 19, 1, 1, 2, 0, 0, 0, 0] },
        { [2, 7, 7, 12, 7, 1, 1, 3, 2, 2, 2, 2] },
        { [1, 4, 4, 600, 37, 3, 3, 1, 1, 1, 1, 1] },
        { [1, 3, 4, 37, 530, 3, 3, 1, 1, 1, 1, 1] },
        { [1, 40, 30, 64, 64, 3, 3, 1, 1, 1, 1, 1] },
        // Winograd's path: odd sides, channels that fill no vector, no padding or only some, more tiles than a block has, many blocks.
        { [1, 9, 11, 37, 35, 3, 3, 1, 1, 1, 1, 1] },
        { [3, 5, 4, 16, 70, 3, 3, 1, 1, 1, 1, 1] },
        { [2, 9, 7, 40, 16, 3, 3, 1, 0, 0, 0, 0] },
        { [1, 8, 9, 33, 131, 3, 3, 1, 0, 1, 0, 1] },
        { [1, 8, 7, 130, 17, 3, 3, 1, 2, 2, 2, 2] },
        { [1, 31, 33, 18, 20, 3, 3, 1, 1, 1, 1, 1] },
        { [1, 13, 13, 5, 6, 5, 5, 3, 4, 4, 4, 4] },
        { [1, 5, 5, 3, 4, 3, 3, 4, 0, 0, 0, 0] },
        { [1, 10, 9, 2, 3, 4, 2, 2, 1, 2, 0, 1] },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Conv2d_forward_and_gradients_equal_direct_sums(int[] size)
    {
        Conv2dShape s = ShapeOf(size);
        float[] x = GuardedTensor.Random(s.N * s.H * s.W * s.C, 1), w = GuardedTensor.Random(s.O * s.KH * s.KW * s.C, 2);
        float[] dy = GuardedTensor.Random(s.N * s.OutH * s.OutW * s.O, 3), bias = GuardedTensor.Random(s.O, 4);
        float[] residual = GuardedTensor.Random(dy.Length, 5);
        var y = new Sums(dy.Length);
        var dx = new Sums(x.Length);
        var dw = new Sums(w.Length);
        Direct(s, (yi, xi, wi) =>
        {
            y.Add(yi, (double)x[xi] * w[wi]);
            dx.Add(xi, (double)dy[yi] * w[wi]);
            dw.Add(wi, (double)dy[yi] * x[xi]);
        });

        using GuardedTensor tx = new(x), tw = new(w), tdy = new(dy), tb = new(bias), tr = new(residual);
        using GuardedTensor ty = new(new float[dy.Length]), tdx = new(new float[x.Length]), tdw = new(new float[w.Length]);
        Host.Conv2d(tx.Tensor, tw.Tensor, null, null, ty.Tensor, s);
        y.Check("y", ty.Read());
        Host.Conv2dBackwardData(tdy.Tensor, tw.Tensor, tdx.Tensor, s);
        dx.Check("dx", tdx.Read());
        Host.Conv2dBackwardWeight(tx.Tensor, tdy.Tensor, tdw.Tensor, s);
        dw.Check("dw", tdw.Read());

        for (int i = 0; i < dy.Length; i++) y.Add(i, (double)bias[i % s.O] + residual[i]);
        Host.Conv2d(tx.Tensor, tw.Tensor, tb.Tensor, tr.Tensor, ty.Tensor, s);
        y.Check("y with bias and residual", ty.Read());
        Host.Conv2d(tx.Tensor, tw.Tensor, tb.Tensor, tr.Tensor, tr.Tensor, s);
        y.Check("y in the residual's memory", tr.Read());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Conv2d_bits_do_not_depend_on_threads(int stride)
    {
        Conv2dShape s = ShapeOf([1, 28, 28, 96, 80, 3, 3, stride, 1, 1, 1, 1]);
        using Tensor x = Tensor.From(GuardedTensor.Random(s.N * s.H * s.W * s.C, 1), new Shape(s.N, s.H, s.W, s.C));
        using Tensor w = Tensor.From(GuardedTensor.Random(s.O * 9 * s.C, 2), new Shape(s.O, 3, 3, s.C));
        using Tensor y = Tensor.Empty(new Shape(s.N, s.OutH, s.OutW, s.O)), dx = Tensor.Empty(x.Shape), dw = Tensor.Empty(w.Shape);
        float[] Run(int threads)
        {
            HostBackend.Threads = threads;
            Host.Conv2d(x, w, null, null, y, s);
            Host.Conv2dBackwardData(y, w, dx, s);
            Host.Conv2dBackwardWeight(x, y, dw, s);
            return [.. y.ToArray(), .. dx.ToArray(), .. dw.ToArray()];
        }
        int before = HostBackend.Threads;
        try
        {
            Assert.Equal(Run(1), Run(7));
        }
        finally
        {
            HostBackend.Threads = before;
        }
    }

    private static Conv2dShape ShapeOf(int[] v) => new(v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7], v[8], v[10],
        (v[1] + v[8] + v[9] - v[5]) / v[7] + 1, (v[2] + v[10] + v[11] - v[6]) / v[7] + 1);

    private static void Direct(Conv2dShape s, Action<int, int, int> visit)
    {
        for (int n = 0; n < s.N; n++)
            for (int oh = 0; oh < s.OutH; oh++)
                for (int ow = 0; ow < s.OutW; ow++)
                    for (int kh = 0; kh < s.KH; kh++)
                        for (int kw = 0; kw < s.KW; kw++)
                        {
                            int ih = oh * s.Stride + kh - s.PadTop, iw = ow * s.Stride + kw - s.PadLeft;
                            if (ih < 0 || iw < 0 || ih >= s.H || iw >= s.W) continue;
                            int pixel = ((n * s.OutH + oh) * s.OutW + ow) * s.O, source = ((n * s.H + ih) * s.W + iw) * s.C;
                            for (int o = 0; o < s.O; o++)
                                for (int c = 0; c < s.C; c++)
                                    visit(pixel + o, source + c, ((o * s.KH + kh) * s.KW + kw) * s.C + c);
                        }
    }

    private sealed class Sums(int count)
    {
        private readonly double[] sum = new double[count], size = new double[count];
        private readonly int[] terms = new int[count];

        public void Add(int i, double v)
        {
            sum[i] += v;
            size[i] += Math.Abs(v);
            terms[i]++;
        }

        public void Check(string name, float[] got)
        {
            for (int i = 0; i < got.Length; i++)
            {
                double tolerance = 1.2e-7 * size[i] * (2 + Math.Sqrt(terms[i]));
                Assert.True(Math.Abs(got[i] - sum[i]) <= tolerance, $"{name}[{i}] is {got[i]}, should be {sum[i]:g9}");
            }
        }
    }
}
