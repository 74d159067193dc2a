using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace SeLoRA.Engine;

// One pass makes the sums that dx, dw and db all need. Behind SiLU it also leaves dz, the gradient before SiLU, where dx will be: its
// exponential costs more than to write and read it.
public sealed unsafe partial class HostBackend
{
    /// <inheritdoc/>
    public void GroupNormBackward(Tensor x, Tensor w, Tensor b, Tensor stats, Tensor dy, Tensor? dx, Tensor? dw, Tensor? db,
        in GroupNormShape shape)
    {
        using Operands.Scope operands = Enter();
        var cut = new GroupNormCut(shape, shape.Silu ? 3 : 2);
        int c = shape.C;
        long image = (long)shape.P * c, channels = (long)cut.Images * c;
        using var partial = new HostScratch(memory, channels * cut.Pieces * 2 * sizeof(float));
        using var sums = new HostScratch(memory, (long)shape.N * c * 2 * sizeof(double));
        using var factors = new HostScratch(memory, 4 * channels * sizeof(float));
        using var aside = new HostScratch(memory, shape.Silu && dx is null ? cut.Images * image * sizeof(float) : 0);
        float* mean = factors.Floats, scale = mean + channels, slope = scale + channels, shift = slope + channels;
        for (int n = 0; n < shape.N; n += cut.Images)
        {
            int images = Math.Min(cut.Images, shape.N - n);
            float* px = Ptr(x) + n * image, pdy = Ptr(dy) + n * image, s = Ptr(stats) + (long)n * shape.Groups * 2;
            GroupNormSpread(s, Ptr(w), mean, scale, images, shape);
            float* pdx = dx is null ? null : Ptr(dx) + n * image, pdz = !shape.Silu ? pdy : dx is null ? aside.Floats : pdx;
            VectorFor.Range((long)images * cut.Units, 1,
                new GroupNormBackwardSumsBody(px, pdy, pdz, mean, scale, Ptr(b), partial.Floats, shape, cut));
            ParallelFor.Range((long)images * shape.Groups, GroupNormFactorsGrain(shape, cut),
                new GroupNormBackwardFactorsBody(partial.Floats, sums.Doubles + (long)n * c * 2, s, Ptr(w), slope, shift, shape, cut.Pieces));
            if (dx is null) continue;
            long pixels = (long)images * shape.P;
            VectorFor.Range(pixels, NormGrain(c), new GroupNormRows<GroupNormBackwardRow>(
                new GroupNormBackwardRow(px, pdz, pdx, mean, scale, slope, shift, c), pdx, pixels, shape with { Silu = false }));
        }
        if (dw is null || db is null) return;
        ParallelFor.Range(c, ParallelFor.Grain(ElementGrain, 8L * shape.N), new GroupNormAffineBody(sums.Doubles, Ptr(dw), Ptr(db), shape.N, c));
    }

    // Each group's mean and scale = w / std, once for every channel.
    private static void GroupNormSpread(float* stats, float* w, float* mean, float* scale, int images, in GroupNormShape shape)
    {
        int channels = shape.C / shape.Groups;
        for (int n = 0; n < images; n++)
        {
            for (int c = 0; c < shape.C; c += channels, stats += 2, mean += channels, scale += channels)
            {
                float rstd = stats[1];
                float* pw = w + c;
                new Span<float>(mean, channels).Fill(stats[0]);
                int j = 0;
                for (; j <= channels - 4; j += 4) (Vector128.Load(pw + j) * rstd).Store(scale + j);
                for (; j < channels; j++) scale[j] = rstd * pw[j];
            }
        }
    }

    /// <summary>
    /// Sums of dz and of dz (x - mean) of each channel, dz the gradient before SiLU: partial[image, piece, 2, channel]. With SiLU, dz is
    /// written first; without, it is dy.
    /// </summary>
    private readonly struct GroupNormBackwardSumsBody(float* x, float* dy, float* dz, float* mean, float* scale, float* bias, float* partial,
        in GroupNormShape shape, in GroupNormCut cut) : IVectorBody
    {
        private readonly float* x = x, dy = dy, dz = dz, mean = mean, scale = scale, bias = bias, partial = partial;
        private readonly GroupNormShape shape = shape;
        private readonly GroupNormCut cut = cut;

        public void Run<T>(long begin, long end) where T : struct, IVectorLane<T>
        {
            for (long i = begin; i < end; i++) Unit<T>(cut.Unit(i, shape));
        }

        private void Unit<T>(in GroupNormUnit unit) where T : struct, IVectorLane<T>
        {
            int c = shape.C, width = unit.Channels;
            long start = (unit.Image * shape.P + unit.Pixel) * c + unit.Channel, channel = unit.Image * c + unit.Channel;
            float* m = mean + channel, a = scale + channel, b = bias + unit.Channel;
            float* s = partial + unit.Piece * 2 * c + unit.Channel, q = s + c;
            new Span<float>(s, width).Clear();
            new Span<float>(q, width).Clear();
            for (int r = 0; r < unit.Pixels; r += NormRows)
            {
                long at = start + (long)r * c;
                float* px = x + at, pdz = dz + at;
                int rows = Math.Min(NormRows, unit.Pixels - r), j = 0;
                // These rows are in the first-level cache when they are added up.
                if (shape.Silu)
                    for (int k = 0; k < rows; k++) BeforeSilu<T>(px + (long)k * c, dy + at + (long)k * c, pdz + (long)k * c, m, a, b, width);
                if (rows == NormRows)
                    for (; j <= width - T.Width; j += T.Width) Four<T>(px + j, pdz + j, c, m + j, s + j, q + j);
                else
                    for (; j <= width - T.Width; j += T.Width) Column<T, Whole>(px + j, pdz + j, c, rows, m + j, s + j, q + j, T.Width);
                if (j < width) Column<T, Part>(px + j, pdz + j, c, rows, m + j, s + j, q + j, width - j);
            }
        }

        private static void BeforeSilu<T>(float* px, float* pdy, float* pdz, float* m, float* a, float* b, int width) where T : struct, IVectorLane<T>
        {
            int j = 0;
            for (; j <= width - T.Width; j += T.Width) BeforeSilu<T, Whole>(px + j, pdy + j, pdz + j, m + j, a + j, b + j, T.Width);
            if (j < width) BeforeSilu<T, Part>(px + j, pdy + j, pdz + j, m + j, a + j, b + j, width - j);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void BeforeSilu<T, TExtent>(float* px, float* pdy, float* pdz, float* m, float* a, float* b, int left)
            where T : struct, IVectorLane<T> where TExtent : struct, IExtent
        {
            T d = TExtent.Load<T>(px, left) - TExtent.Load<T>(m, left);
            T z = T.MulAdd(d, TExtent.Load<T>(a, left), TExtent.Load<T>(b, left));
            TExtent.Store(pdz, SiluOp.Grad(z, TExtent.Load<T>(pdy, left)), left);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void Column<T, TExtent>(float* px, float* pdz, int stride, int rows, float* m, float* s, float* q, int left)
            where T : struct, IVectorLane<T> where TExtent : struct, IExtent
        {
            T mean = TExtent.Load<T>(m, left), sum = TExtent.Load<T>(s, left), product = TExtent.Load<T>(q, left);
            for (int r = 0; r < rows; r++, px += stride, pdz += stride)
                Add(ref sum, ref product, TExtent.Load<T>(px, left) - mean, TExtent.Load<T>(pdz, left));
            TExtent.Store(s, sum, left);
            TExtent.Store(q, product, left);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void Four<T>(float* px, float* pdz, int stride, float* m, float* s, float* q) where T : struct, IVectorLane<T>
        {
            T mean = T.Load(m), sum = T.Load(s), product = T.Load(q);
            float* thirdX = px + 2L * stride, thirdDz = pdz + 2L * stride;
            Add(ref sum, ref product, T.Load(px) - mean, T.Load(pdz));
            Add(ref sum, ref product, T.Load(px + stride) - mean, T.Load(pdz + stride));
            Add(ref sum, ref product, T.Load(thirdX) - mean, T.Load(thirdDz));
            Add(ref sum, ref product, T.Load(thirdX + stride) - mean, T.Load(thirdDz + stride));
            T.Store(s, sum);
            T.Store(q, product);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void Add<T>(ref T sum, ref T product, T d, T dz) where T : struct, IVectorLane<T>
        {
            sum += dz;
            product = T.MulAdd(dz, d, product);
        }
    }

    /// <summary>
    /// Of every group: dx = dz w / std + (x - mean) slope + shift, which is dx = (dz w - mean(dz w) - xhat mean(dz w xhat)) / std.
    /// sums[image, 2, channel] receives the sums of dz and dz xhat: db and dw of one image.
    /// </summary>
    private readonly struct GroupNormBackwardFactorsBody(float* partial, double* sums, float* stats, float* w, float* slope, float* shift,
        in GroupNormShape shape, int pieces) : IRangeBody
    {
        private readonly float* partial = partial, stats = stats, w = w, slope = slope, shift = shift;
        private readonly double* sums = sums;
        private readonly GroupNormShape shape = shape;
        private readonly int pieces = pieces;

        public void Run(long begin, long end)
        {
            for (long i = begin; i < end; i++) Group(i / shape.Groups, (int)(i % shape.Groups));
        }

        private void Group(long n, int g)
        {
            int c = shape.C, channels = c / shape.Groups;
            double rstd = stats[(n * shape.Groups + g) * 2 + 1];
            float* first = partial + n * pieces * 2 * c;
            double* dzSums = sums + n * 2 * c, productSums = dzSums + c;
            Vector128<double> lowSum = default, highSum = default, lowProduct = default, highProduct = default;
            int j = g * channels, stop = j + channels;
            // Four channels at a time: one by one, each conversion waits for the one before.
            for (; j <= stop - 4; j += 4)
            {
                Vector128<double> dz0 = default, dz1 = default, dzx0 = default, dzx1 = default;
                float* at = first + j;
                for (int p = 0; p < pieces; p++, at += 2 * c)
                {
                    (Vector128<double> s0, Vector128<double> s1) = Vector128.Widen(Vector128.Load(at));
                    (Vector128<double> q0, Vector128<double> q1) = Vector128.Widen(Vector128.Load(at + c));
                    dz0 += s0;
                    dz1 += s1;
                    dzx0 += q0;
                    dzx1 += q1;
                }
                dzx0 *= rstd;
                dzx1 *= rstd;
                dz0.Store(dzSums + j);
                dz1.Store(dzSums + j + 2);
                dzx0.Store(productSums + j);
                dzx1.Store(productSums + j + 2);
                (Vector128<double> w0, Vector128<double> w1) = Vector128.Widen(Vector128.Load(w + j));
                lowSum += w0 * dz0;
                highSum += w1 * dz1;
                lowProduct += w0 * dzx0;
                highProduct += w1 * dzx1;
            }
            double sum = Vector128.Sum(lowSum + highSum), product = Vector128.Sum(lowProduct + highProduct);
            for (; j < stop; j++)
            {
                float* at = first + j;
                double dz = 0, dzx = 0;
                for (int p = 0; p < pieces; p++, at += 2 * c)
                {
                    dz += at[0];
                    dzx += at[c];
                }
                dzx *= rstd;
                dzSums[j] = dz;
                productSums[j] = dzx;
                sum += w[j] * dz;
                product += w[j] * dzx;
            }
            double count = (double)shape.P * channels;
            new Span<float>(slope + n * c + g * channels, channels).Fill((float)(-rstd * rstd * product / count));
            new Span<float>(shift + n * c + g * channels, channels).Fill((float)(-rstd * sum / count));
        }
    }

    /// <summary>db and dw: the images' sums added in order.</summary>
    private readonly struct GroupNormAffineBody(double* sums, float* dw, float* db, int images, int channels) : IRangeBody
    {
        private readonly double* sums = sums;
        private readonly float* dw = dw, db = db;
        private readonly int images = images, channels = channels;

        public void Run(long begin, long end)
        {
            long c = begin;
            for (; c <= end - 4; c += 4)
            {
                Four(sums + c).Store(db + c);
                Four(sums + channels + c).Store(dw + c);
            }
            for (; c < end; c++)
            {
                double dz = 0, product = 0;
                double* at = sums + c;
                for (int n = 0; n < images; n++, at += 2 * channels)
                {
                    dz += at[0];
                    product += at[channels];
                }
                db[c] = (float)dz;
                dw[c] = (float)product;
            }
        }

        private Vector128<float> Four(double* at)
        {
            Vector128<double> low = default, high = default;
            for (int n = 0; n < images; n++, at += 2 * channels)
            {
                low += Vector128.Load(at);
                high += Vector128.Load(at + 2);
            }
            return Vector128.Narrow(low, high);
        }
    }

    /// <summary>dx of a pixel; dz may lie where dx is written.</summary>
    private readonly struct GroupNormBackwardRow(float* x, float* dz, float* dx, float* mean, float* scale, float* slope, float* shift, int c) : IGroupNormRow
    {
        private readonly float* x = x, dz = dz, dx = dx, mean = mean, scale = scale, slope = slope, shift = shift;
        private readonly int c = c;

        public void Row<T, TOp, TExtent>(long row, long n)
            where T : struct, IVectorLane<T> where TOp : struct, IUnaryOp where TExtent : struct, IExtent
        {
            int width = c, j = 0;
            long start = row * width, channel = n * width;
            float* px = x + start, pdz = dz + start, pdx = dx + start;
            float* m = mean + channel, a = scale + channel, k = slope + channel, h = shift + channel;
            for (; j <= width - T.Width; j += T.Width) Column<T, TExtent>(px + j, pdz + j, pdx + j, m + j, a + j, k + j, h + j, T.Width);
            if (j < width) Column<T, Part>(px + j, pdz + j, pdx + j, m + j, a + j, k + j, h + j, width - j);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void Column<T, TExtent>(float* x, float* dz, float* dx, float* mean, float* scale, float* slope, float* shift, int left)
            where T : struct, IVectorLane<T> where TExtent : struct, IExtent
        {
            T d = TExtent.Load<T>(x, left) - TExtent.Load<T>(mean, left);
            T rest = T.MulAdd(d, TExtent.Load<T>(slope, left), TExtent.Load<T>(shift, left));
            TExtent.Store(dx, T.MulAdd(TExtent.Load<T>(dz, left), TExtent.Load<T>(scale, left), rest), left);
        }
    }
}
