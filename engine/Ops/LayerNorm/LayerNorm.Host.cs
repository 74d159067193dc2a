using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace SeLoRA.Engine;

// A few rows at a time, from the first-level cache after their first read, while the next ones are fetched. Bound by memory: forward reads x and writes y; backward reads x
// and dy and writes dx, and what dw and db need is added up while their rows are at hand.
public sealed unsafe partial class HostBackend
{
    /// <inheritdoc/>
    public void LayerNorm(Tensor x, Tensor w, Tensor b, Tensor y, Tensor stats, float eps)
    {
        using Operands.Scope operands = Enter();
        int c = x.Shape[-1];
        VectorFor.Range(x.Shape.Rows, ParallelFor.Grain(ElementGrain, c),
            new LayerNormBody(Ptr(x), Ptr(w), Ptr(b), Ptr(y), Ptr(stats), c, x.Shape.Rows, eps));
    }

    /// <inheritdoc/>
    public void LayerNormBackward(Tensor x, Tensor w, Tensor stats, Tensor dy, Tensor? dx, Tensor? dw, Tensor? db)
    {
        using Operands.Scope operands = Enter();
        int c = x.Shape[-1];
        long rows = x.Shape.Rows, block = Math.Min(NormBlock, NormGrain(c)), blocks = (rows + block - 1) / block;
        bool affine = dw is not null && db is not null;
        using var partial = new HostScratch(memory, affine ? blocks * 2 * c * sizeof(float) : sizeof(float));
        VectorFor.Range(blocks, ParallelFor.Grain(ElementGrain, block * c), new LayerNormBackwardBody(
            Ptr(x), Ptr(w), Ptr(stats), Ptr(dy), dx is null ? null : Ptr(dx), affine ? partial.Floats : null, c, rows, block));
        if (dw is null || db is null) return;
        ParallelFor.Range(c, ParallelFor.Grain(ElementGrain, 2 * blocks), new LayerNormAffineBody(partial.Floats, Ptr(dw), Ptr(db), c, blocks));
    }

    // Rows whose sums are made before the first of them is normalised: a row's sums, quotient and root wait for one another, those of
    // different rows do not. Fewer of wide rows, which are to stay in the first-level cache.
    private static int LayerNormRows(int channels) => Math.Clamp(2560 / channels, 1, NormRows);

    private readonly struct LayerNormBody(float* x, float* w, float* b, float* y, float* stats, int c, long rows, float eps)
        : IVectorBody
    {
        private readonly float* x = x, w = w, b = b, y = y, stats = stats;
        private readonly int c = c;
        private readonly long rows = rows;
        private readonly float eps = eps;

        public void Run<T>(long begin, long end) where T : struct, IVectorLane<T>
        {
            if (Streamed.Suits<T>(y, rows * c, c)) Rows<T, Streamed>(begin, end);
            else Rows<T, Whole>(begin, end);
        }

        private void Rows<T, TExtent>(long begin, long end) where T : struct, IVectorLane<T> where TExtent : struct, IExtent
        {
            int width = c, together = LayerNormRows(width);
            double* lost = stackalloc double[NormRows];
            for (long r = begin; r < end; r += together)
            {
                int rows = (int)Math.Min(together, end - r);
                float* px = x + r * width, py = y + r * width, s = stats + 2 * r;
                for (int k = 0; k < rows; k++)
                {
                    double exact = RowSum<T, PlainSummand>(px + (long)k * width, width) / width;
                    float mean = (float)exact;
                    // What rounding the mean lost counts where the mean is large against the deviation.
                    lost[k] = exact - mean;
                    s[2 * k] = mean;
                }
                for (int k = 0; k < rows; k++)
                {
                    double variance = Deviations<T>(px + (long)k * width, width, s[2 * k]) / width - lost[k] * lost[k];
                    double root = 1 / Math.Sqrt(Math.Max(variance, 0) + eps);
                    s[2 * k + 1] = (float)root;
                    lost[k] *= -root;
                }
                for (int k = 0; k < rows; k++, px += width, py += width)
                {
                    long next = r + together + k;
                    if (next < end) CacheHint.Fetch(x + next * width, width);
                    Row<T, TExtent>(px, py, T.Of(s[2 * k]), T.Of(s[2 * k + 1]), T.Of((float)lost[k]));
                }
            }
        }

        private void Row<T, TExtent>(float* px, float* py, T m, T scale, T shift) where T : struct, IVectorLane<T> where TExtent : struct, IExtent
        {
            int width = c, j = 0;
            float* pw = w, pb = b;
            for (; j <= width - T.Width; j += T.Width) Column<T, TExtent>(px + j, pw + j, pb + j, py + j, m, scale, shift, T.Width);
            if (j < width) Column<T, Part>(px + j, pw + j, pb + j, py + j, m, scale, shift, width - j);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void Column<T, TExtent>(float* x, float* w, float* b, float* y, T mean, T scale, T shift, int left)
            where T : struct, IVectorLane<T> where TExtent : struct, IExtent
        {
            T xhat = T.MulAdd(TExtent.Load<T>(x, left) - mean, scale, shift);
            TExtent.Store(y, T.MulAdd(xhat, TExtent.Load<T>(w, left), TExtent.Load<T>(b, left)), left);
        }

        // Sum of (x - mean)^2, in blocks as RowSum.
        private static double Deviations<T>(float* x, int n, float mean) where T : struct, IVectorLane<T>
        {
            T m = T.Of(mean);
            double sum = 0;
            for (int first = 0; first < n; first += (int)RowBlock)
            {
                int stop = Math.Min(n, first + (int)RowBlock), i = first;
                T s0 = T.Of(0f), s1 = s0, s2 = s0, s3 = s0;
                for (; i <= stop - 4 * T.Width; i += 4 * T.Width)
                {
                    T d0 = T.Load(x + i) - m, d1 = T.Load(x + i + T.Width) - m;
                    T d2 = T.Load(x + i + 2 * T.Width) - m, d3 = T.Load(x + i + 3 * T.Width) - m;
                    s0 = T.MulAdd(d0, d0, s0);
                    s1 = T.MulAdd(d1, d1, s1);
                    s2 = T.MulAdd(d2, d2, s2);
                    s3 = T.MulAdd(d3, d3, s3);
                }
                for (; i < stop; i += T.Width)
                {
                    T d = VectorMath.Load<T>(x + i, stop - i, mean) - m;
                    s0 = T.MulAdd(d, d, s0);
                }
                sum += T.Sum(s0 + s1 + (s2 + s3));
            }
            return sum;
        }
    }

    /// <summary>
    /// dx = (g - mean(g) - xhat mean(g xhat)) / std with g = dy w, means over the row; partial[block, 0, :] = sum of dy and
    /// partial[block, 1, :] = sum of dy xhat over the block's rows. Either is left out where its pointer is null.
    /// </summary>
    private readonly struct LayerNormBackwardBody(float* x, float* w, float* stats, float* dy, float* dx, float* partial, int c, long rows,
        long block) : IVectorBody
    {
        private readonly float* x = x, w = w, stats = stats, dy = dy, dx = dx, partial = partial;
        private readonly int c = c;
        private readonly long rows = rows, block = block;

        public void Run<T>(long begin, long end) where T : struct, IVectorLane<T>
        {
            bool streamed = Streamed.Suits<T>(dx, rows * c, c);
            for (long i = begin; i < end; i++)
            {
                long stop = Math.Min(rows, (i + 1) * block);
                if (partial is not null) new Span<float>(partial + i * 2 * c, 2 * c).Clear();
                for (long r = i * block; r < stop; r += NormRows)
                {
                    int count = (int)Math.Min(NormRows, stop - r);
                    for (int k = 0; dx is not null && k < count; k++)
                    {
                        if (streamed) Row<T, Streamed>(r + k);
                        else Row<T, Whole>(r + k);
                    }
                    if (partial is not null) Affine<T>(r, count, partial + i * 2 * c);
                }
            }
        }

        private void Row<T, TExtent>(long r) where T : struct, IVectorLane<T> where TExtent : struct, IExtent
        {
            int width = c;
            float* px = x + r * width, pdy = dy + r * width, pdx = dx + r * width, pw = w;
            float mean = stats[2 * r], rstd = stats[2 * r + 1];
            T m = T.Of(mean);
            double gradient = 0, product = 0;
            for (int first = 0; first < width; first += (int)RowBlock / 2)
            {
                int stop = Math.Min(width, first + (int)RowBlock / 2), i = first;
                T g0 = T.Of(0f), g1 = g0, p0 = g0, p1 = g0;
                for (; i <= stop - 2 * T.Width; i += 2 * T.Width)
                {
                    T a = T.Load(pdy + i) * T.Load(pw + i), b = T.Load(pdy + i + T.Width) * T.Load(pw + i + T.Width);
                    g0 += a;
                    g1 += b;
                    p0 = T.MulAdd(a, T.Load(px + i) - m, p0);
                    p1 = T.MulAdd(b, T.Load(px + i + T.Width) - m, p1);
                }
                for (; i < stop; i += T.Width)
                {
                    T a = VectorMath.Load<T>(pdy + i, stop - i) * VectorMath.Load<T>(pw + i, stop - i);
                    g0 += a;
                    p0 = T.MulAdd(a, VectorMath.Load<T>(px + i, stop - i) - m, p0);
                }
                gradient += T.Sum(g0 + g1);
                product += T.Sum(p0 + p1);
            }
            T scale = T.Of(rstd), shift = T.Of((float)(-gradient / width * rstd));
            T slope = T.Of((float)(-product / width * rstd * rstd * rstd));
            int j = 0;
            for (; j <= width - T.Width; j += T.Width) Column<T, TExtent>(px + j, pw + j, pdy + j, pdx + j, m, scale, slope, shift, T.Width);
            if (j < width) Column<T, Part>(px + j, pw + j, pdy + j, pdx + j, m, scale, slope, shift, width - j);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void Column<T, TExtent>(float* x, float* w, float* dy, float* dx, T mean, T scale, T slope, T shift, int left)
            where T : struct, IVectorLane<T> where TExtent : struct, IExtent
        {
            T g = TExtent.Load<T>(dy, left) * TExtent.Load<T>(w, left);
            TExtent.Store(dx, T.MulAdd(g, scale, T.MulAdd(TExtent.Load<T>(x, left) - mean, slope, shift)), left);
        }

        private void Affine<T>(long r, int count, float* sums) where T : struct, IVectorLane<T>
        {
            int width = c, j = 0;
            float* px = x + r * width, pdy = dy + r * width, s = stats + 2 * r;
            for (; j <= width - T.Width; j += T.Width)
                AffineColumn<T, Whole>(px + j, pdy + j, s, width, count, sums + j, sums + width + j, T.Width);
            if (j < width) AffineColumn<T, Part>(px + j, pdy + j, s, width, count, sums + j, sums + width + j, width - j);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void AffineColumn<T, TExtent>(float* x, float* dy, float* stats, int stride, int rows, float* sum, float* product,
            int left) where T : struct, IVectorLane<T> where TExtent : struct, IExtent
        {
            T s = TExtent.Load<T>(sum, left), p = TExtent.Load<T>(product, left);
            for (int k = 0; k < rows; k++, x += stride, dy += stride, stats += 2)
            {
                T d = TExtent.Load<T>(dy, left);
                s += d;
                p = T.MulAdd(d, (TExtent.Load<T>(x, left) - T.Of(stats[0])) * T.Of(stats[1]), p);
            }
            TExtent.Store(sum, s, left);
            TExtent.Store(product, p, left);
        }
    }

    /// <summary>db and dw: the blocks' sums added in order, in double.</summary>
    private readonly struct LayerNormAffineBody(float* partial, float* dw, float* db, int c, long blocks) : IRangeBody
    {
        private const int Tile = 64;

        private readonly float* partial = partial, dw = dw, db = db;
        private readonly int c = c;
        private readonly long blocks = blocks;

        public void Run(long begin, long end)
        {
            double* sums = stackalloc double[2 * Tile];
            for (long first = begin; first < end; first += Tile)
            {
                int width = (int)Math.Min(Tile, end - first);
                new Span<double>(sums, 2 * Tile).Clear();
                for (long i = 0; i < blocks; i++)
                {
                    float* s = partial + i * 2 * c + first, p = s + c;
                    int j = 0;
                    for (; j <= width - 4; j += 4)
                    {
                        Add(sums + j, s + j);
                        Add(sums + Tile + j, p + j);
                    }
                    for (; j < width; j++)
                    {
                        sums[j] += s[j];
                        sums[Tile + j] += p[j];
                    }
                }
                for (int j = 0; j < width; j++)
                {
                    db[first + j] = (float)sums[j];
                    dw[first + j] = (float)sums[Tile + j];
                }
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void Add(double* sums, float* x)
        {
            (Vector128<double> low, Vector128<double> high) = Vector128.Widen(Vector128.Load(x));
            (Vector128.Load(sums) + low).Store(sums);
            (Vector128.Load(sums + 2) + high).Store(sums + 2);
        }
    }
}
