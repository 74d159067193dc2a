using SeLoRA.Engine;
using Xunit;

namespace SeLoRA.Tests;

public class HostOpsTests
{
    private static readonly IBackend Host = Backend.Get(Device.Cpu);

    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(1, 262131, 1)]
    [InlineData(7, 33, 1)]
    [InlineData(3000, 5, 1)]
    [InlineData(3, 70001, 1)]
    [InlineData(3, 5, 7)]
    [InlineData(1, 9001, 320)]
    [InlineData(2, 1000, 33)]
    [InlineData(5, 2, 40000)]
    [InlineData(1, 100003, 4)]
    [InlineData(1, 300, 2500)]
    public void Reduce_sums_any_axis(int outer, int middle, int inner)
    {
        // A mean far from zero: rounding that grows with length would show.
        float[] x = Numbers.Normal((long)outer * middle * inner, 1, 1f, 3f);
        var sums = new double[outer * inner];
        var squares = new double[outer * inner];
        for (int o = 0; o < outer; o++)
        {
            for (int m = 0; m < middle; m++)
            {
                for (int i = 0; i < inner; i++)
                {
                    double v = x[((long)o * middle + m) * inner + i];
                    sums[o * inner + i] += 0.5 * v;
                    squares[o * inner + i] += 0.5 * v * v;
                }
            }
        }
        using var tx = new GuardedTensor(new Shape(x.Length), x);
        using var y = new GuardedTensor(new Shape(outer * inner));
        Host.Reduce(Reduction.Sum, tx.Tensor, y.Tensor, outer, middle, inner, 0.5f);
        Numbers.AssertClose(sums, y.Read(), 3e-7, "sum");
        Host.Reduce(Reduction.SumSquares, tx.Tensor, y.Tensor, outer, middle, inner, 0.5f);
        Numbers.AssertClose(squares, y.Read(), 3e-7, "sum of squares");
    }

    [Theory]
    [InlineData(1, 1, 8, 2, false, 0f)]
    [InlineData(1, 5000, 32, 32, true, 0f)]
    [InlineData(2, 63, 320, 32, true, 0f)]
    [InlineData(3, 129, 30, 3, false, 0f)]
    [InlineData(1, 300, 1280, 32, false, 0f)]
    [InlineData(2, 257, 48, 8, false, 1000f)]
    [InlineData(2, 131, 666, 6, true, 0f)]
    [InlineData(1, 5, 1001, 7, false, 3f)]
    [InlineData(3, 8200, 128, 32, true, 0f)]
    public void Group_norm_matches_double(int n, int p, int c, int groups, bool silu, float offset)
    {
        const float Eps = 1e-5f;
        float[] x = Numbers.Normal((long)n * p * c, 2, 2f, offset), dy = Numbers.Normal(x.Length, 3);
        float[] w = Numbers.Normal(c, 4, 0.3f, 1f), b = Numbers.Normal(c, 5, 0.3f);
        int per = c / groups;
        double count = (double)per * p;
        double[] y = new double[x.Length], dx = new double[x.Length], dw = new double[c], db = new double[c];
        for (int i = 0; i < n; i++)
        {
            for (int g = 0; g < groups; g++)
            {
                double mean = 0, variance = 0, gradient = 0, product = 0;
                Each(at => mean += x[at] / count);
                Each(at => variance += (x[at] - mean) * (x[at] - mean) / count);
                double rstd = 1 / Math.Sqrt(variance + Eps);
                double Dz(long at)
                {
                    double z = (x[at] - mean) * rstd * w[at % c] + b[at % c];
                    return silu ? SiluOp.Grad(new F64(z), new F64(dy[at])).Value : dy[at];
                }
                Each(at =>
                {
                    double xhat = (x[at] - mean) * rstd, z = xhat * w[at % c] + b[at % c], dz = Dz(at);
                    y[at] = silu ? SiluOp.Value(new F64(z)).Value : z;
                    dw[at % c] += dz * xhat;
                    db[at % c] += dz;
                    gradient += dz * w[at % c] / count;
                    product += dz * w[at % c] * xhat / count;
                });
                Each(at => dx[at] = rstd * (Dz(at) * w[at % c] - gradient - (x[at] - mean) * rstd * product));

                void Each(Action<long> body)
                {
                    for (int k = 0; k < p; k++)
                        for (int j = g * per; j < (g + 1) * per; j++) body(((long)i * p + k) * c + j);
                }
            }
        }
        var shape = new GroupNormShape(n, p, c, groups, Eps, silu);
        using var tx = new GuardedTensor(new Shape(n, p, c), x);
        using var tw = new GuardedTensor(new Shape(c), w);
        using var tb = new GuardedTensor(new Shape(c), b);
        using var ty = new GuardedTensor(new Shape(n, p, c));
        using var stats = new GuardedTensor(new Shape(n, groups, 2));
        using var tdy = new GuardedTensor(new Shape(n, p, c), dy);
        using var tdx = new GuardedTensor(new Shape(n, p, c));
        using var tdw = new GuardedTensor(new Shape(c));
        using var tdb = new GuardedTensor(new Shape(c));
        Host.GroupNorm(tx.Tensor, tw.Tensor, tb.Tensor, ty.Tensor, stats.Tensor, shape);
        // x itself is rounded to 2^-24 of its size: what that is worth in deviations comes on top.
        double tolerance = 5e-6 + offset * 1e-7;
        Numbers.AssertClose(y, ty.Read(), tolerance, "y");
        stats.Read();
        Host.GroupNormBackward(tx.Tensor, tw.Tensor, tb.Tensor, stats.Tensor, tdy.Tensor, tdx.Tensor, tdw.Tensor, tdb.Tensor, shape);
        Numbers.AssertClose(dx, tdx.Read(), tolerance * 4, "dx");
        Numbers.AssertClose(dw, tdw.Read(), tolerance * 4, "dw");
        Numbers.AssertClose(db, tdb.Read(), tolerance * 4, "db");
    }

    [Theory]
    [InlineData(1, 1, 0f)]
    [InlineData(3, 7, 0f)]
    [InlineData(300, 320, 0f)]
    [InlineData(131, 333, 3f)]
    [InlineData(5, 5001, 1f)]
    [InlineData(5, 1281, 100f)]
    public void Layer_norm_matches_double(int rows, int c, float offset)
    {
        const float Eps = 1e-5f;
        float[] x = Numbers.Normal((long)rows * c, 6, 2f, offset), dy = Numbers.Normal(x.Length, 7);
        float[] w = Numbers.Normal(c, 8, 0.3f, 1f), b = Numbers.Normal(c, 9, 0.3f);
        double[] y = new double[x.Length], dx = new double[x.Length], dw = new double[c], db = new double[c];
        for (int r = 0; r < rows; r++)
        {
            double mean = 0, variance = 0, gradient = 0, product = 0;
            for (int j = 0; j < c; j++) mean += (double)x[r * c + j] / c;
            for (int j = 0; j < c; j++) variance += (x[r * c + j] - mean) * (x[r * c + j] - mean) / c;
            double rstd = 1 / Math.Sqrt(variance + Eps);
            for (int j = 0; j < c; j++)
            {
                int at = r * c + j;
                double xhat = (x[at] - mean) * rstd;
                y[at] = xhat * w[j] + b[j];
                dw[j] += dy[at] * xhat;
                db[j] += dy[at];
                gradient += (double)dy[at] * w[j] / c;
                product += dy[at] * w[j] * xhat / c;
            }
            for (int j = 0; j < c; j++)
            {
                int at = r * c + j;
                dx[at] = rstd * ((double)dy[at] * w[j] - gradient - (x[at] - mean) * rstd * product);
            }
        }
        using var tx = new GuardedTensor(new Shape(rows, c), x);
        using var tw = new GuardedTensor(new Shape(c), w);
        using var tb = new GuardedTensor(new Shape(c), b);
        using var ty = new GuardedTensor(new Shape(rows, c));
        using var stats = new GuardedTensor(new Shape(rows, 2));
        using var tdy = new GuardedTensor(new Shape(rows, c), dy);
        using var tdx = new GuardedTensor(new Shape(rows, c));
        using var tdw = new GuardedTensor(new Shape(c));
        using var tdb = new GuardedTensor(new Shape(c));
        Host.LayerNorm(tx.Tensor, tw.Tensor, tb.Tensor, ty.Tensor, stats.Tensor, Eps);
        double tolerance = 5e-6 + offset * 1e-7;
        Numbers.AssertClose(y, ty.Read(), tolerance, "y");
        stats.Read();
        Host.LayerNormBackward(tx.Tensor, tw.Tensor, stats.Tensor, tdy.Tensor, tdx.Tensor, tdw.Tensor, tdb.Tensor);
        // One channel is constant after normalisation: nothing is left but rounding, divided by sqrt(eps).
        if (c > 1) Numbers.AssertClose(dx, tdx.Read(), tolerance * 4, "dx");
        Numbers.AssertClose(dw, tdw.Read(), tolerance * 4, "dw");
        Numbers.AssertClose(db, tdb.Read(), tolerance * 4, "db");
    }

    [Theory]
    [InlineData(1, 1, 1f)]
    [InlineData(5, 7, 1f)]
    [InlineData(300, 77, 3f)]
    [InlineData(3, 4097, 1.5f)]
    public void Softmax_matches_double(int rows, int c, float scale)
    {
        float[] x = Numbers.Normal((long)rows * c, 10, scale), dy = Numbers.Normal(x.Length, 11);
        double[] y = new double[x.Length], dx = new double[x.Length];
        for (int r = 0; r < rows; r++)
        {
            double max = x.AsSpan(r * c, c).ToArray().Max(), sum = 0, dot = 0;
            for (int j = 0; j < c; j++) sum += y[r * c + j] = Math.Exp(x[r * c + j] - max);
            for (int j = 0; j < c; j++) dot += (y[r * c + j] /= sum) * dy[r * c + j];
            for (int j = 0; j < c; j++) dx[r * c + j] = y[r * c + j] * (dy[r * c + j] - dot);
        }
        using var tx = new GuardedTensor(new Shape(rows, c), x);
        using var tdy = new GuardedTensor(new Shape(rows, c), dy);
        using var ty = new GuardedTensor(new Shape(rows, c));
        using var tdx = new GuardedTensor(new Shape(rows, c));
        Host.Softmax(tx.Tensor, ty.Tensor);
        Host.SoftmaxBackward(ty.Tensor, tdy.Tensor, tdx.Tensor);
        Numbers.AssertClose(y, ty.Read(), 1e-5, "y");
        Numbers.AssertClose(dx, tdx.Read(), c == 1 ? 1e30 : 1e-5, "dx");
    }

    /// <summary>Frozen norms ask for dx alone: the same bits as with dw and db, and nothing else written.</summary>
    [Theory]
    [InlineData(2, 131, 66, true)]
    [InlineData(1, 300, 320, false)]
    public void Norms_give_the_same_dx_when_frozen(int n, int p, int c, bool silu)
    {
        var shape = new GroupNormShape(n, p, c, c / 2, 1e-5f, silu);
        using Tensor x = Tensor.Normal(new Shape(n, p, c), 20, 0), dy = Tensor.Normal(x.Shape, 21, 0), w = Tensor.Normal(new Shape(c), 22, 0);
        using Tensor b = Tensor.Normal(new Shape(c), 23, 0), y = x.EmptyLike(), stats = x.EmptyOf(new Shape(n * p, c, 2));
        using Tensor dx = x.EmptyLike(), frozen = x.EmptyLike(), dw = w.EmptyLike(), db = w.EmptyLike();
        Host.GroupNorm(x, w, b, y, stats, shape);
        Host.GroupNormBackward(x, w, b, stats, dy, dx, dw, db, shape);
        Host.GroupNormBackward(x, w, b, stats, dy, frozen, null, null, shape);
        Assert.Equal(dx.ToArray(), frozen.ToArray());
        Host.LayerNorm(x, w, b, y, stats, 1e-5f);
        Host.LayerNormBackward(x, w, stats, dy, dx, dw, db);
        Host.LayerNormBackward(x, w, stats, dy, frozen, null, null);
        Assert.Equal(dx.ToArray(), frozen.ToArray());
    }

    /// <summary>Results beyond the caches are stored past them, if the address allows: the same bits either way.</summary>
    [Fact]
    public void Large_results_do_not_depend_on_alignment()
    {
        var shape = new Shape(2, 6600, 336);
        using Tensor x = Tensor.Normal(shape, 24, 0), w = Tensor.Normal(new Shape(336), 25, 0), b = Tensor.Normal(new Shape(336), 26, 0);
        using Tensor stats = x.EmptyOf(new Shape(2 * 6600, 2)), aligned = x.EmptyLike(), whole = x.EmptyOf(new Shape((int)x.Count + 1));
        using Tensor odd = whole.Alias(shape, 1);
        var norm = new GroupNormShape(2, 6600, 336, 12, 1e-5f, true);
        Same(y => Host.GroupNorm(x, w, b, y, stats, norm));
        Same(dx => Host.GroupNormBackward(x, w, b, stats, x, dx, null, null, norm));
        Same(y => Host.LayerNorm(x, w, b, y, stats, 1e-5f));
        Same(dx => Host.LayerNormBackward(x, w, stats, x, dx, null, null));
        Same(dx => Host.SoftmaxBackward(x, x, dx));

        void Same(Action<Tensor> run)
        {
            run(aligned);
            run(odd);
            Assert.Equal(aligned.ToArray(), odd.ToArray());
        }
    }

    [Fact]
    public void Softmax_of_masked_scores_is_zero_there()
    {
        using var x = Tensor.From([0f, float.NegativeInfinity, 0f], new Shape(1, 3));
        using Tensor y = Ops.Softmax(x);
        Assert.Equal([0.5f, 0f, 0.5f], y.ToArray());
    }

    [Fact]
    public void Embedding_gradient_adds_repeated_ids()
    {
        const int C = 37;
        int[] ids = [2, 0, 2, 4, 2];
        float[] table = Numbers.Normal(5 * C, 12), dy = Numbers.Normal(ids.Length * C, 13);
        using var ttable = new GuardedTensor(new Shape(5, C), table);
        using Tensor tids = Tensor.From(ids, new Shape(ids.Length));
        using var y = new GuardedTensor(new Shape(ids.Length, C));
        using var tdy = new GuardedTensor(new Shape(ids.Length, C), dy);
        using var dtable = new GuardedTensor(new Shape(5, C));
        Host.Embedding(ttable.Tensor, tids, y.Tensor);
        Assert.Equal(ids.SelectMany(id => table[(id * C)..((id + 1) * C)]), y.Read());
        Host.EmbeddingBackward(tids, tdy.Tensor, dtable.Tensor);
        var expected = new double[5 * C];
        for (int i = 0; i < dy.Length; i++) expected[ids[i / C] * C + i % C] += dy[i];
        Numbers.AssertClose(expected, dtable.Read(), 1e-6, "dtable");
    }

    [Theory]
    [InlineData(2, 3, 4, 5, 6, 8)]
    [InlineData(1, 7, 5, 17, 11, 9)]
    [InlineData(1, 5, 6, 3, 2, 4)]
    public void Upsample_copies_and_gathers(int n, int h, int w, int c, int outH, int outW)
    {
        float[] x = Numbers.Normal(n * h * w * c, 14), dy = Numbers.Normal(n * outH * outW * c, 15);
        var y = new float[dy.Length];
        var dx = new double[x.Length];
        for (int i = 0; i < y.Length; i++)
        {
            int ch = i % c, ox = i / c % outW, oy = i / c / outW % outH, image = i / c / outW / outH;
            int at = ((image * h + oy * h / outH) * w + ox * w / outW) * c + ch;
            y[i] = x[at];
            dx[at] += dy[i];
        }
        using var tx = new GuardedTensor(new Shape(n, h, w, c), x);
        using var ty = new GuardedTensor(new Shape(n, outH, outW, c));
        using var tdy = new GuardedTensor(new Shape(n, outH, outW, c), dy);
        using var tdx = new GuardedTensor(new Shape(n, h, w, c));
        Host.UpsampleNearest(tx.Tensor, ty.Tensor);
        Host.UpsampleNearestBackward(tdy.Tensor, tdx.Tensor);
        Assert.Equal(y, ty.Read());
        Numbers.AssertClose(dx, tdx.Read(), 1e-6, "dx");
    }

    [Theory]
    [InlineData(3, 2, 1)]
    [InlineData(2, 2, 0)]
    [InlineData(3, 1, 1)]
    public void Pooling_matches_definition(int window, int stride, int padding)
    {
        const int N = 2, H = 9, W = 7, C = 19;
        float[] x = Numbers.Normal(N * H * W * C, 16);
        foreach (PoolKind kind in Enum.GetValues<PoolKind>())
        {
            int oh = (H + 2 * padding - window) / stride + 1, ow = (W + 2 * padding - window) / stride + 1;
            var s = new Conv2dShape(N, H, W, C, C, window, window, stride, padding, padding, oh, ow);
            float[] dy = Numbers.Normal(N * oh * ow * C, 17);
            double[] y = new double[dy.Length], dx = new double[x.Length];
            for (int i = 0; i < y.Length; i++)
            {
                int c = i % C, ox = i / C % ow, oy = i / C / ow % oh, n = i / C / ow / oh;
                var inside = new List<int>();
                for (int k = 0; k < window * window; k++)
                {
                    int row = oy * stride - padding + k / window, column = ox * stride - padding + k % window;
                    if (row >= 0 && row < H && column >= 0 && column < W) inside.Add(((n * H + row) * W + column) * C + c);
                }
                y[i] = kind == PoolKind.Max ? inside.Max(at => x[at]) : inside.Average(at => (double)x[at]);
                if (kind == PoolKind.Max) dx[inside.MaxBy(at => x[at])] += dy[i];
                else foreach (int at in inside) dx[at] += dy[i] / (double)inside.Count;
            }
            using var tx = new GuardedTensor(new Shape(N, H, W, C), x);
            using var ty = new GuardedTensor(new Shape(N, oh, ow, C));
            using var tdy = new GuardedTensor(new Shape(N, oh, ow, C), dy);
            using var tdx = new GuardedTensor(new Shape(N, H, W, C));
            Host.Pool2d(kind, tx.Tensor, ty.Tensor, s);
            Host.Pool2dBackward(kind, tx.Tensor, tdy.Tensor, tdx.Tensor, s);
            Numbers.AssertClose(y, ty.Read(), 1e-6, $"{kind} y");
            Numbers.AssertClose(dx, tdx.Read(), 1e-6, $"{kind} dx");
        }
    }

    [Fact]
    public void Casts_go_through_every_pair_of_types()
    {
        // Whole numbers below 256 exist in all four types; the count is odd and more than one block.
        float[] values = [.. Enumerable.Range(0, 20001).Select(i => (float)(i % 511 - 255))];
        DType[] types = Enum.GetValues<DType>();
        foreach (DType from in types)
        {
            foreach (DType to in types)
            {
                using Tensor x = Tensor.From(values, new Shape(values.Length));
                using Tensor a = Ops.Cast(x, from), b = Ops.Cast(a, to), back = Ops.Cast(b, DType.F32);
                Assert.Equal(values, back.ToArray());
            }
        }
    }

    [Fact]
    public void Copy_columns_leaves_the_rest_alone()
    {
        float[] x = Numbers.Normal(50 * 7, 18);
        using var tx = new GuardedTensor(new Shape(50, 7), x);
        using var y = new GuardedTensor(new Shape(50, 11), new float[550]);
        Host.CopyColumns(tx.Tensor, 2, 7, y.Tensor, 5, 11, 50, 4);
        float[] actual = y.Read();
        for (int i = 0; i < actual.Length; i++)
        {
            int r = i / 11, c = i % 11;
            Assert.Equal(c is >= 5 and < 9 ? x[r * 7 + c - 3] : 0f, actual[i]);
        }
    }
}
