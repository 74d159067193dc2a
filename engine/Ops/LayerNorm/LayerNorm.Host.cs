namespace SeLoRA.Engine;

// One row at a time, from the first-level cache after its first read. Bound by memory.
public sealed unsafe partial class HostBackend
{
    /// <inheritdoc/>
    public void LayerNorm(Tensor x, Tensor w, Tensor b, Tensor y, Tensor stats, float eps)
    {
        int c = x.Shape[-1];
        VectorFor.Range(x.Shape.Rows, ParallelFor.Grain(ElementGrain, c),
            new LayerNormBody(Ptr(x), Ptr(w), Ptr(b), Ptr(y), Ptr(stats), c, eps));
    }

    /// <inheritdoc/>
    public void LayerNormBackward(Tensor x, Tensor w, Tensor stats, Tensor dy, Tensor? dx, Tensor? dw, Tensor? db)
    {
        int c = x.Shape[-1];
        long rows = x.Shape.Rows;
        if (dx is not null)
        {
            VectorFor.Range(rows, ParallelFor.Grain(ElementGrain, c),
                new LayerNormBackwardDataBody(Ptr(x), Ptr(w), Ptr(stats), Ptr(dy), Ptr(dx), c));
        }
        if (dw is null || db is null) return;
        // Blocks of rows are summed apart, in float32, and their sums added in order, in double.
        long blocks = (rows + NormBlock - 1) / NormBlock;
        using var partial = new HostScratch(memory, blocks * 2 * c * sizeof(float));
        VectorFor.Range(blocks, ParallelFor.Grain(ElementGrain, (long)NormBlock * c),
            new LayerNormBackwardAffineBody(Ptr(x), Ptr(stats), Ptr(dy), partial.Floats, c, rows));
        float* pw = Ptr(dw), pb = Ptr(db);
        for (int j = 0; j < c; j++)
        {
            double sum = 0, product = 0;
            for (long i = 0; i < blocks; i++)
            {
                sum += partial.Floats[i * 2 * c + j];
                product += partial.Floats[(i * 2 + 1) * c + j];
            }
            pb[j] = (float)sum;
            pw[j] = (float)product;
        }
    }

    private readonly struct LayerNormBody(float* x, float* w, float* b, float* y, float* stats, int c, float eps) : IVectorBody
    {
        private readonly float* x = x, w = w, b = b, y = y, stats = stats;
        private readonly int c = c;
        private readonly float eps = eps;

        public void Run<T>(long begin, long end) where T : struct, IVectorLane<T>
        {
            for (long r = begin; r < end; r++)
            {
                float* px = x + r * c, py = y + r * c;
                double exact = RowSum<T, PlainSummand>(px, c) / c;
                float mean = (float)exact;
                // What rounding the mean lost counts where the mean is large against the deviation.
                T m = T.Of(mean), lost = T.Of((float)(exact - mean));
                for (int j = 0; j < c; j += T.Width) VectorMath.Store(py + j, VectorMath.Load<T>(px + j, c - j) - m - lost, c - j);
                double variance = RowSum<T, SquareSummand>(py, c) / c;
                float rstd = (float)(1 / Math.Sqrt(variance + eps));
                T scale = T.Of(rstd);
                for (int j = 0; j < c; j += T.Width)
                {
                    T xhat = VectorMath.Load<T>(py + j, c - j) * scale;
                    VectorMath.Store(py + j, T.MulAdd(xhat, VectorMath.Load<T>(w + j, c - j), VectorMath.Load<T>(b + j, c - j)), c - j);
                }
                stats[2 * r] = mean;
                stats[2 * r + 1] = rstd;
            }
        }
    }

    /// <summary>dx = (g - mean(g) - xhat mean(g xhat)) / std with g = dy w, means over the row.</summary>
    private readonly struct LayerNormBackwardDataBody(float* x, float* w, float* stats, float* dy, float* dx, int c) : IVectorBody
    {
        private readonly float* x = x, w = w, stats = stats, dy = dy, dx = dx;
        private readonly int c = c;

        public void Run<T>(long begin, long end) where T : struct, IVectorLane<T>
        {
            for (long r = begin; r < end; r++)
            {
                float* px = x + r * c, pdy = dy + r * c, pdx = dx + r * c;
                T mean = T.Of(stats[2 * r]), rstd = T.Of(stats[2 * r + 1]);
                T sum = T.Of(0f), product = sum;
                for (int j = 0; j < c; j += T.Width)
                {
                    T g = VectorMath.Load<T>(pdy + j, c - j) * VectorMath.Load<T>(w + j, c - j);
                    T xhat = (VectorMath.Load<T>(px + j, c - j) - mean) * rstd;
                    sum += g;
                    product = T.MulAdd(g, xhat, product);
                }
                T gMean = T.Of(T.Sum(sum) / c), gxMean = T.Of(T.Sum(product) / c);
                for (int j = 0; j < c; j += T.Width)
                {
                    T g = VectorMath.Load<T>(pdy + j, c - j) * VectorMath.Load<T>(w + j, c - j);
                    T xhat = (VectorMath.Load<T>(px + j, c - j) - mean) * rstd;
                    VectorMath.Store(pdx + j, (g - gMean - xhat * gxMean) * rstd, c - j);
                }
            }
        }
    }

    /// <summary>partial[block, 0, :] = sum of dy, partial[block, 1, :] = sum of dy xhat over the block's rows.</summary>
    private readonly struct LayerNormBackwardAffineBody(float* x, float* stats, float* dy, float* partial, int c, long rows) : IVectorBody
    {
        private readonly float* x = x, stats = stats, dy = dy, partial = partial;
        private readonly int c = c;
        private readonly long rows = rows;

        public void Run<T>(long begin, long end) where T : struct, IVectorLane<T>
        {
            for (long i = begin; i < end; i++)
            {
                float* sum = partial + i * 2 * c, product = sum + c;
                new Span<float>(sum, 2 * c).Clear();
                for (long r = i * NormBlock; r < Math.Min(rows, (i + 1) * NormBlock); r++)
                {
                    float* px = x + r * c, pdy = dy + r * c;
                    T mean = T.Of(stats[2 * r]), rstd = T.Of(stats[2 * r + 1]);
                    for (int j = 0; j < c; j += T.Width)
                    {
                        int left = c - j;
                        T d = VectorMath.Load<T>(pdy + j, left), xhat = (VectorMath.Load<T>(px + j, left) - mean) * rstd;
                        VectorMath.Store(sum + j, VectorMath.Load<T>(sum + j, left) + d, left);
                        VectorMath.Store(product + j, T.MulAdd(d, xhat, VectorMath.Load<T>(product + j, left)), left);
                    }
                }
            }
        }
    }
}
