using System.Runtime.CompilerServices;

namespace SeLoRA.Engine;

// Work is cut into pieces of pixels of one image, so that one image alone uses all cores. A piece adds up channel by channel (rows of
// channels are contiguous and vectorise whatever the group size), in float32 over short blocks and in double beyond. Bound by memory:
// forward reads x twice and writes y; backward reads x and dy twice and writes dx.
public sealed unsafe partial class HostBackend
{
    // Additions to one float32 accumulator before it goes to a double.
    private const int NormBlock = 128;

    /// <inheritdoc/>
    public void GroupNorm(Tensor x, Tensor w, Tensor b, Tensor y, Tensor stats, in GroupNormShape shape)
    {
        GroupNormPieces cut = new(shape);
        using var partial = new HostScratch(memory, (long)shape.N * cut.Pieces * shape.Groups * 2 * sizeof(double));
        using var blocks = new HostScratch(memory, (long)shape.N * cut.Pieces * 2 * shape.C * sizeof(float));
        using var factors = new HostScratch(memory, 3L * shape.N * shape.C * sizeof(float));
        VectorFor.Range((long)shape.N * cut.Pieces, 1, new GroupNormStatsBody(Ptr(x), blocks.Floats, partial.Doubles, shape, cut));
        long images = (long)shape.N * shape.C;
        float* mean = factors.Floats, scale = mean + images, shift = scale + images;
        GroupNormForwardFactors(partial.Doubles, Ptr(stats), Ptr(w), Ptr(b), mean, scale, shift, shape, cut.Pieces);
        var apply = new GroupNormApplyBody(Ptr(x), Ptr(y), mean, scale, shift, shape);
        VectorFor.Range((long)shape.N * shape.P, ParallelFor.Grain(ElementGrain, shape.C), apply);
    }

    /// <inheritdoc/>
    public void GroupNormBackward(Tensor x, Tensor w, Tensor b, Tensor stats, Tensor dy, Tensor? dx, Tensor? dw, Tensor? db,
        in GroupNormShape shape)
    {
        GroupNormPieces cut = new(shape);
        int c = shape.C;
        long images = (long)shape.N * c;
        using var partial = new HostScratch(memory, images * cut.Pieces * 2 * sizeof(double));
        using var blocks = new HostScratch(memory, images * cut.Pieces * 2 * sizeof(float));
        using var factors = new HostScratch(memory, 5 * images * sizeof(float));
        // Per image and channel: mean, 1 / std, w / std, then the two factors of dx.
        float* mean = factors.Floats, rstd = mean + images, scale = rstd + images, slope = scale + images, shift = slope + images;
        float* s = Ptr(stats), weight = Ptr(w), bias = Ptr(b);
        int channels = c / shape.Groups;
        for (long i = 0; i < images; i++)
        {
            long at = i / c * shape.Groups + i % c / channels;
            mean[i] = s[2 * at];
            rstd[i] = s[2 * at + 1];
            scale[i] = rstd[i] * weight[i % c];
        }
        VectorFor.Range((long)shape.N * cut.Pieces, 1,
            new GroupNormBackwardSumsBody(Ptr(x), Ptr(dy), mean, rstd, scale, bias, blocks.Floats, partial.Doubles, shape, cut));
        GroupNormBackwardFactors(partial.Doubles, weight, rstd, slope, shift, dw is null ? null : Ptr(dw), db is null ? null : Ptr(db),
            shape, cut.Pieces);
        if (dx is null) return;
        var body = new GroupNormBackwardDataBody(Ptr(x), Ptr(dy), Ptr(dx), mean, scale, bias, slope, shift, shape);
        VectorFor.Range((long)shape.N * shape.P, ParallelFor.Grain(ElementGrain, c), body);
    }

    private static void GroupNormForwardFactors(double* partial, float* stats, float* w, float* b, float* mean, float* scale, float* shift,
        in GroupNormShape shape, int pieces)
    {
        int channels = shape.C / shape.Groups;
        double count = (double)shape.P * channels;
        for (int n = 0; n < shape.N; n++)
        {
            for (int g = 0; g < shape.Groups; g++)
            {
                double sum = 0, squares = 0;
                for (int p = 0; p < pieces; p++)
                {
                    double* at = partial + (((long)n * pieces + p) * shape.Groups + g) * 2;
                    sum += at[0];
                    squares += at[1];
                }
                double m = sum / count, rstd = 1 / Math.Sqrt(Math.Max(squares / count - m * m, 0) + shape.Eps);
                float rounded = (float)m;
                stats[((long)n * shape.Groups + g) * 2] = rounded;
                stats[((long)n * shape.Groups + g) * 2 + 1] = (float)rstd;
                for (int c = g * channels; c < (g + 1) * channels; c++)
                {
                    long i = (long)n * shape.C + c;
                    mean[i] = rounded;
                    scale[i] = (float)(rstd * w[c]);
                    // What rounding the mean lost, which counts where the mean is large against the deviation.
                    shift[i] = (float)(b[c] + (rounded - m) * rstd * w[c]);
                }
            }
        }
    }

    /// <summary>
    /// dx = dz w / std - (mean(dz w) + xhat mean(dz w xhat)) / std over the group, dz the gradient before SiLU; dw = sum dz xhat, db = sum dz.
    /// </summary>
    private static void GroupNormBackwardFactors(double* partial, float* w, float* rstd, float* slope, float* shift, float* dw, float* db,
        in GroupNormShape shape, int pieces)
    {
        int channels = shape.C / shape.Groups;
        double count = (double)shape.P * channels;
        if (dw is not null) new Span<float>(dw, shape.C).Clear();
        if (db is not null) new Span<float>(db, shape.C).Clear();
        for (int n = 0; n < shape.N; n++)
        {
            for (int g = 0; g < shape.Groups; g++)
            {
                double sum = 0, product = 0;
                for (int c = g * channels; c < (g + 1) * channels; c++)
                {
                    double dz = 0, dzx = 0;
                    for (int p = 0; p < pieces; p++)
                    {
                        double* at = partial + (((long)n * pieces + p) * shape.C + c) * 2;
                        dz += at[0];
                        dzx += at[1];
                    }
                    sum += w[c] * dz;
                    product += w[c] * dzx;
                    if (dw is not null) dw[c] += (float)dzx;
                    if (db is not null) db[c] += (float)dz;
                }
                for (int c = g * channels; c < (g + 1) * channels; c++)
                {
                    long i = (long)n * shape.C + c;
                    slope[i] = (float)(-(double)rstd[i] * rstd[i] * product / count);
                    shift[i] = (float)(-(double)rstd[i] * sum / count);
                }
            }
        }
    }

    /// <summary>How an image's pixels are cut; depends on the shape only.</summary>
    private readonly struct GroupNormPieces
    {
        /// <summary>Pixels of a piece.</summary>
        public readonly int Pixels;

        /// <summary>Pieces of an image.</summary>
        public readonly int Pieces;

        public GroupNormPieces(in GroupNormShape shape)
        {
            long blocks = (2 * ElementGrain / shape.C + NormBlock - 1) / NormBlock;
            Pixels = (int)Math.Max(1, blocks) * NormBlock;
            Pieces = (shape.P + Pixels - 1) / Pixels;
        }
    }

    /// <summary>Sum and sum of squares of each group: partial[image, piece, group, 2].</summary>
    private readonly struct GroupNormStatsBody(float* x, float* blocks, double* partial, in GroupNormShape shape, GroupNormPieces cut)
        : IVectorBody
    {
        private readonly float* x = x, blocks = blocks;
        private readonly double* partial = partial;
        private readonly GroupNormShape shape = shape;
        private readonly GroupNormPieces cut = cut;

        public void Run<T>(long begin, long end) where T : struct, IVectorLane<T>
        {
            for (long i = begin; i < end; i++)
            {
                long n = i / cut.Pieces;
                int first = (int)(i % cut.Pieces) * cut.Pixels;
                Piece<T>(x + (n * shape.P + first) * shape.C, Math.Min(cut.Pixels, shape.P - first),
                    blocks + i * 2 * shape.C, partial + i * shape.Groups * 2);
            }
        }

        // Deviations from the block's first pixel are added up, so that a large mean costs no digits: with k that pixel,
        // sum x = n k + s and sum x^2 = n k^2 + 2 k s + q are put together in double.
        private void Piece<T>(float* px, int pixels, float* s, double* sums) where T : struct, IVectorLane<T>
        {
            int c = shape.C, channels = c / shape.Groups;
            float* q = s + c;
            new Span<double>(sums, shape.Groups * 2).Clear();
            for (int p = 0; p < pixels; p += NormBlock)
            {
                int stop = Math.Min(p + NormBlock, pixels);
                float* k = px + (long)p * c;
                int column = 0;
                for (; column <= c - 4 * T.Width; column += 4 * T.Width) Columns<T>(k + column, stop - p, s + column, q + column);
                for (; column < c; column += T.Width) Column<T>(k + column, stop - p, s + column, q + column, c - column);
                double count = stop - p;
                for (int g = 0; g < shape.Groups; g++)
                {
                    double sum = 0, squares = 0;
                    for (int j = g * channels; j < (g + 1) * channels; j++)
                    {
                        double kj = k[j], sj = s[j];
                        sum += count * kj + sj;
                        squares += count * kj * kj + 2 * kj * sj + q[j];
                    }
                    sums[2 * g] += sum;
                    sums[2 * g + 1] += squares;
                }
            }
        }

        // Four vectors of channels down all pixels: the sums stay in registers.
        private void Columns<T>(float* k, int pixels, float* s, float* q) where T : struct, IVectorLane<T>
        {
            int c = shape.C, w = T.Width;
            T k0 = T.Load(k), k1 = T.Load(k + w), k2 = T.Load(k + 2 * w), k3 = T.Load(k + 3 * w);
            T s0 = T.Of(0f), s1 = s0, s2 = s0, s3 = s0, q0 = s0, q1 = s0, q2 = s0, q3 = s0;
            float* row = k;
            for (int r = 1; r < pixels; r++)
            {
                row += c;
                T d0 = T.Load(row) - k0, d1 = T.Load(row + w) - k1, d2 = T.Load(row + 2 * w) - k2, d3 = T.Load(row + 3 * w) - k3;
                s0 += d0;
                s1 += d1;
                s2 += d2;
                s3 += d3;
                q0 = T.MulAdd(d0, d0, q0);
                q1 = T.MulAdd(d1, d1, q1);
                q2 = T.MulAdd(d2, d2, q2);
                q3 = T.MulAdd(d3, d3, q3);
            }
            T.Store(s, s0);
            T.Store(s + w, s1);
            T.Store(s + 2 * w, s2);
            T.Store(s + 3 * w, s3);
            T.Store(q, q0);
            T.Store(q + w, q1);
            T.Store(q + 2 * w, q2);
            T.Store(q + 3 * w, q3);
        }

        private void Column<T>(float* k, int pixels, float* s, float* q, int left) where T : struct, IVectorLane<T>
        {
            T first = VectorMath.Load<T>(k, left), sum = T.Of(0f), squares = sum;
            for (int r = 1; r < pixels; r++)
            {
                T d = VectorMath.Load<T>(k + (long)r * shape.C, left) - first;
                sum += d;
                squares = T.MulAdd(d, d, squares);
            }
            VectorMath.Store(s, sum, left);
            VectorMath.Store(q, squares, left);
        }
    }

    private readonly struct GroupNormApplyBody(float* x, float* y, float* mean, float* scale, float* shift, in GroupNormShape shape)
        : IVectorBody
    {
        private readonly float* x = x, y = y, mean = mean, scale = scale, shift = shift;
        private readonly GroupNormShape shape = shape;

        public void Run<T>(long begin, long end) where T : struct, IVectorLane<T>
        {
            if (shape.Silu) Rows<T, SiluOp>(begin, end);
            else Rows<T, IdentityOp>(begin, end);
        }

        private void Rows<T, TOp>(long begin, long end) where T : struct, IVectorLane<T> where TOp : struct, IUnaryOp
        {
            int c = shape.C;
            for (long r = begin; r < end; r++)
            {
                long image = r / shape.P * c;
                float* px = x + r * c, py = y + r * c, m = mean + image, a = scale + image, b = shift + image;
                for (int j = 0; j < c; j += T.Width)
                {
                    int left = c - j;
                    T d = VectorMath.Load<T>(px + j, left) - VectorMath.Load<T>(m + j, left);
                    T z = T.MulAdd(d, VectorMath.Load<T>(a + j, left), VectorMath.Load<T>(b + j, left));
                    VectorMath.Store(py + j, TOp.Value(z), left);
                }
            }
        }
    }

    /// <summary>Sums of dz and dz xhat of each channel: partial[image, piece, channel, 2].</summary>
    private readonly struct GroupNormBackwardSumsBody(float* x, float* dy, float* mean, float* rstd, float* scale, float* bias, float* blocks,
        double* partial, in GroupNormShape shape, GroupNormPieces cut) : IVectorBody
    {
        private readonly float* x = x, dy = dy, mean = mean, rstd = rstd, scale = scale, bias = bias, blocks = blocks;
        private readonly double* partial = partial;
        private readonly GroupNormShape shape = shape;
        private readonly GroupNormPieces cut = cut;

        public void Run<T>(long begin, long end) where T : struct, IVectorLane<T>
        {
            for (long i = begin; i < end; i++)
            {
                if (shape.Silu) Piece<T, SiluOp>(i);
                else Piece<T, IdentityOp>(i);
            }
        }

        private void Piece<T, TOp>(long i) where T : struct, IVectorLane<T> where TOp : struct, IUnaryOp
        {
            int c = shape.C, first = (int)(i % cut.Pieces) * cut.Pixels, pixels = Math.Min(cut.Pixels, shape.P - first);
            long n = i / cut.Pieces, start = (n * shape.P + first) * c;
            float* m = mean + n * c, rs = rstd + n * c, a = scale + n * c;
            double* sums = partial + i * c * 2;
            new Span<double>(sums, c * 2).Clear();
            float* s = blocks + i * 2 * c, q = s + c;
            for (int p = 0; p < pixels; p += NormBlock)
            {
                int stop = Math.Min(p + NormBlock, pixels);
                new Span<float>(s, 2 * c).Clear();
                for (int r = p; r < stop; r++)
                {
                    float* px = x + start + (long)r * c, pdy = dy + start + (long)r * c;
                    for (int j = 0; j < c; j += T.Width)
                    {
                        int left = c - j;
                        T d = VectorMath.Load<T>(px + j, left) - VectorMath.Load<T>(m + j, left);
                        T z = T.MulAdd(d, VectorMath.Load<T>(a + j, left), VectorMath.Load<T>(bias + j, left));
                        T dz = TOp.Grad(z, VectorMath.Load<T>(pdy + j, left));
                        VectorMath.Store(s + j, VectorMath.Load<T>(s + j, left) + dz, left);
                        VectorMath.Store(q + j, T.MulAdd(dz, d, VectorMath.Load<T>(q + j, left)), left);
                    }
                }
                for (int j = 0; j < c; j++)
                {
                    sums[2 * j] += s[j];
                    sums[2 * j + 1] += (double)q[j] * rs[j];
                }
            }
        }
    }

    private readonly struct GroupNormBackwardDataBody(float* x, float* dy, float* dx, float* mean, float* scale, float* bias, float* slope,
        float* shift, in GroupNormShape shape) : IVectorBody
    {
        private readonly float* x = x, dy = dy, dx = dx, mean = mean, scale = scale, bias = bias, slope = slope, shift = shift;
        private readonly GroupNormShape shape = shape;

        public void Run<T>(long begin, long end) where T : struct, IVectorLane<T>
        {
            if (shape.Silu) Rows<T, SiluOp>(begin, end);
            else Rows<T, IdentityOp>(begin, end);
        }

        private void Rows<T, TOp>(long begin, long end) where T : struct, IVectorLane<T> where TOp : struct, IUnaryOp
        {
            int c = shape.C;
            for (long r = begin; r < end; r++)
            {
                long image = r / shape.P * c;
                float* px = x + r * c, pdy = dy + r * c, pdx = dx + r * c;
                float* m = mean + image, a = scale + image, k = slope + image, h = shift + image;
                for (int j = 0; j < c; j += T.Width)
                {
                    int left = c - j;
                    T d = VectorMath.Load<T>(px + j, left) - VectorMath.Load<T>(m + j, left), aj = VectorMath.Load<T>(a + j, left);
                    T dz = TOp.Grad(T.MulAdd(d, aj, VectorMath.Load<T>(bias + j, left)), VectorMath.Load<T>(pdy + j, left));
                    T rest = T.MulAdd(d, VectorMath.Load<T>(k + j, left), VectorMath.Load<T>(h + j, left));
                    VectorMath.Store(pdx + j, T.MulAdd(dz, aj, rest), left);
                }
            }
        }
    }

    /// <summary>x itself: what group norm applies where no activation is asked for.</summary>
    private readonly struct IdentityOp : IUnaryOp
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static T Value<T>(T x) where T : struct, ILane<T> => x;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static T Grad<T>(T x, T dy) where T : struct, ILane<T> => dy;
    }
}
