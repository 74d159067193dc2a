using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace SeLoRA.Engine;

// Bound by memory: forward reads x twice and writes y; backward reads x and dy twice and writes dx. Images are taken a few at a time,
// so that the second reading finds them in the last-level cache. Sums are made of units: a block of one image's pixels by a slab of
// whole groups, cut by shape alone. They walk rows of channels four together, so that a channel's sums are loaded once for four.
public sealed unsafe partial class HostBackend
{
    // Additions to one float32 accumulator before it goes to a double.
    private const int NormBlock = 128;

    // Rows that share one loading of a channel's factors. Four, because with more of them rows of 1024 channels fall on one another in
    // the first-level cache.
    private const int NormRows = 4;

    /// <inheritdoc/>
    public void GroupNorm(Tensor x, Tensor w, Tensor b, Tensor y, Tensor stats, in GroupNormShape shape)
    {
        using Operands.Scope operands = Enter();
        var cut = new GroupNormCut(shape, 1);
        long image = (long)shape.P * shape.C, channels = (long)cut.Images * shape.C;
        using var partial = new HostScratch(memory, (long)cut.Images * cut.Pieces * shape.Groups * 2 * sizeof(double));
        using var blocks = new HostScratch(memory, (long)cut.Images * cut.Pieces * 2 * shape.C * sizeof(float));
        using var factors = new HostScratch(memory, 3 * channels * sizeof(float));
        float* mean = factors.Floats, scale = mean + channels, shift = scale + channels;
        for (int n = 0; n < shape.N; n += cut.Images)
        {
            int images = Math.Min(cut.Images, shape.N - n);
            float* px = Ptr(x) + n * image;
            VectorFor.Range((long)images * cut.Units, 1, new GroupNormStatsBody(px, blocks.Floats, partial.Doubles, shape, cut));
            ParallelFor.Range((long)images * shape.Groups, GroupNormFactorsGrain(shape, cut), new GroupNormFactorsBody(
                partial.Doubles, Ptr(stats) + (long)n * shape.Groups * 2, Ptr(w), Ptr(b), mean, scale, shift, shape, cut.Pieces));
            float* py = Ptr(y) + n * image;
            long pixels = (long)images * shape.P;
            VectorFor.Range(pixels, NormGrain(shape.C), new GroupNormRows<GroupNormApplyRow>(
                new GroupNormApplyRow(px, py, mean, scale, shift, shape.C), py, pixels, shape));
        }
    }

    // Whole steps of rows, so that chunks do not end in single ones.
    private static long NormGrain(int channels) => (ParallelFor.Grain(ElementGrain, channels) + NormRows - 1) / NormRows * NormRows;

    // Groups of a chunk; a term of these sums, in double, costs about eight elements.
    private static long GroupNormFactorsGrain(in GroupNormShape shape, in GroupNormCut cut) =>
        ParallelFor.Grain(ElementGrain, 8L * cut.Pieces * shape.C / shape.Groups);

    /// <summary>How the work is cut; depends on the shape and on how many tensors of it are read, only.</summary>
    private readonly struct GroupNormCut
    {
        // Bytes that are to stay in the last-level cache between the two readings.
        private const long Resident = 8 << 20;

        // Channels of a slab, about: a unit is then some 40,000 elements, and the sums stay in the first-level cache.
        private const int SlabChannels = 320;

        /// <summary>Images taken together.</summary>
        public readonly int Images;

        /// <summary>Blocks of pixels of an image.</summary>
        public readonly int Pieces;

        /// <summary>Channels of a slab, whole groups; the last slab may have fewer.</summary>
        public readonly int Slab;

        /// <summary>Slabs.</summary>
        public readonly int Slabs;

        public GroupNormCut(in GroupNormShape shape, int tensors)
        {
            int channels = shape.C / shape.Groups;
            Images = (int)Math.Clamp(Resident / ((long)tensors * shape.P * shape.C * sizeof(float)), 1, shape.N);
            Pieces = (shape.P + NormBlock - 1) / NormBlock;
            Slab = Math.Max(1, SlabChannels / channels) * channels;
            Slabs = (shape.C + Slab - 1) / Slab;
        }

        /// <summary>Units of an image.</summary>
        public int Units => Pieces * Slabs;

        /// <summary>Where unit <paramref name="i"/> lies.</summary>
        public GroupNormUnit Unit(long i, in GroupNormShape shape)
        {
            int slab = (int)(i % Slabs);
            long piece = i / Slabs, n = piece / Pieces;
            int first = (int)(piece - n * Pieces) * NormBlock, channel = slab * Slab;
            return new GroupNormUnit(n, piece, first, Math.Min(NormBlock, shape.P - first), channel, Math.Min(Slab, shape.C - channel));
        }
    }

    /// <summary>A block of pixels by a slab of channels.</summary>
    /// <param name="Image">Image, of those taken together.</param>
    /// <param name="Piece">Block of pixels, counted through all images.</param>
    /// <param name="Pixel">First pixel in the image.</param>
    /// <param name="Pixels">Number of pixels.</param>
    /// <param name="Channel">First channel.</param>
    /// <param name="Channels">Number of channels.</param>
    private readonly record struct GroupNormUnit(long Image, long Piece, int Pixel, int Pixels, int Channel, int Channels);

    /// <summary>Sum and sum of squares of each group: partial[image, piece, group, 2].</summary>
    private readonly struct GroupNormStatsBody(float* x, float* blocks, double* partial, in GroupNormShape shape, in GroupNormCut cut)
        : IVectorBody
    {
        private readonly float* x = x, blocks = blocks;
        private readonly double* partial = partial;
        private readonly GroupNormShape shape = shape;
        private readonly GroupNormCut cut = cut;

        public void Run<T>(long begin, long end) where T : struct, IVectorLane<T>
        {
            for (long i = begin; i < end; i++) Unit<T>(cut.Unit(i, shape));
        }

        // Deviations from the block's first pixel are added up, so that a large mean costs no digits: with k that pixel,
        // sum x = n k + s and sum x^2 = n k^2 + 2 k s + q are put together in double.
        private void Unit<T>(in GroupNormUnit unit) where T : struct, IVectorLane<T>
        {
            int c = shape.C, channels = c / shape.Groups, width = unit.Channels;
            float* k = x + (unit.Image * shape.P + unit.Pixel) * c + unit.Channel, s = blocks + unit.Piece * 2 * c + unit.Channel, q = s + c;
            new Span<float>(s, width).Clear();
            new Span<float>(q, width).Clear();
            for (int r = 1; r < unit.Pixels; r += NormRows)
            {
                float* row = k + (long)r * c;
                int rows = Math.Min(NormRows, unit.Pixels - r), j = 0;
                if (rows == NormRows)
                    for (; j <= width - T.Width; j += T.Width) Four<T>(row + j, c, k + j, s + j, q + j);
                else
                    for (; j <= width - T.Width; j += T.Width) Column<T, Whole>(row + j, c, rows, k + j, s + j, q + j, T.Width);
                if (j < width) Column<T, Part>(row + j, c, rows, k + j, s + j, q + j, width - j);
            }
            // Four channels at a time: one by one, each conversion waits for the one before.
            double count = unit.Pixels;
            double* sums = partial + (unit.Piece * shape.Groups + unit.Channel / channels) * 2;
            for (int j = 0; j < width; sums += 2)
            {
                Vector128<double> lowSum = default, highSum = default, lowSquares = default, highSquares = default;
                int stop = j + channels;
                for (; j <= stop - 4; j += 4)
                {
                    (Vector128<double> k0, Vector128<double> k1) = Vector128.Widen(Vector128.Load(k + j));
                    (Vector128<double> s0, Vector128<double> s1) = Vector128.Widen(Vector128.Load(s + j));
                    (Vector128<double> q0, Vector128<double> q1) = Vector128.Widen(Vector128.Load(q + j));
                    Vector128<double> nk0 = k0 * count, nk1 = k1 * count;
                    lowSum += nk0 + s0;
                    highSum += nk1 + s1;
                    lowSquares += (nk0 + s0 + s0) * k0 + q0;
                    highSquares += (nk1 + s1 + s1) * k1 + q1;
                }
                double sum = Vector128.Sum(lowSum + highSum), squares = Vector128.Sum(lowSquares + highSquares);
                for (; j < stop; j++)
                {
                    double kj = k[j], sj = s[j], nk = count * kj;
                    sum += nk + sj;
                    squares += (nk + 2 * sj) * kj + q[j];
                }
                sums[0] = sum;
                sums[1] = squares;
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void Column<T, TExtent>(float* row, int stride, int rows, float* k, float* s, float* q, int left)
            where T : struct, IVectorLane<T> where TExtent : struct, IExtent
        {
            T first = TExtent.Load<T>(k, left), sum = TExtent.Load<T>(s, left), squares = TExtent.Load<T>(q, left);
            for (int r = 0; r < rows; r++, row += stride) Add(ref sum, ref squares, first, TExtent.Load<T>(row, left));
            TExtent.Store(s, sum, left);
            TExtent.Store(q, squares, left);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void Four<T>(float* row, int stride, float* k, float* s, float* q) where T : struct, IVectorLane<T>
        {
            T first = T.Load(k), sum = T.Load(s), squares = T.Load(q);
            float* third = row + 2L * stride;
            Add(ref sum, ref squares, first, T.Load(row));
            Add(ref sum, ref squares, first, T.Load(row + stride));
            Add(ref sum, ref squares, first, T.Load(third));
            Add(ref sum, ref squares, first, T.Load(third + stride));
            T.Store(s, sum);
            T.Store(q, squares);
        }

        // first - x instead of x - first: the load becomes a part of the subtraction.
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void Add<T>(ref T sum, ref T squares, T first, T x) where T : struct, IVectorLane<T>
        {
            T d = first - x;
            sum -= d;
            squares = T.MulAdd(d, d, squares);
        }
    }

    /// <summary>Of every group: mean and 1 / std, and what y = (x - mean) scale + shift needs per channel.</summary>
    private readonly struct GroupNormFactorsBody(double* partial, float* stats, float* w, float* b, float* mean, float* scale, float* shift,
        in GroupNormShape shape, int pieces) : IRangeBody
    {
        private readonly double* partial = partial;
        private readonly float* stats = stats, w = w, b = b, mean = mean, scale = scale, shift = shift;
        private readonly GroupNormShape shape = shape;
        private readonly int pieces = pieces;

        public void Run(long begin, long end)
        {
            for (long i = begin; i < end; i++) Group(i / shape.Groups, (int)(i % shape.Groups));
        }

        private void Group(long n, int g)
        {
            int channels = shape.C / shape.Groups;
            double count = (double)shape.P * channels, sum = 0, squares = 0;
            double* at = partial + (n * pieces * shape.Groups + g) * 2;
            for (int p = 0; p < pieces; p++, at += shape.Groups * 2)
            {
                sum += at[0];
                squares += at[1];
            }
            double m = sum / count, rstd = 1 / Math.Sqrt(Math.Max(squares / count - m * m, 0) + shape.Eps);
            float rounded = (float)m;
            float* pair = stats + (n * shape.Groups + g) * 2;
            pair[0] = rounded;
            pair[1] = (float)rstd;
            // What rounding the mean lost, which counts where the mean is large against the deviation.
            double lost = (rounded - m) * rstd;
            int first = g * channels, j = 0;
            float* pw = w + first, pb = b + first, pm = mean + n * shape.C + first, ps = scale + n * shape.C + first, ph = shift + n * shape.C + first;
            for (; j <= channels - 4; j += 4)
            {
                (Vector128<double> w0, Vector128<double> w1) = Vector128.Widen(Vector128.Load(pw + j));
                (Vector128<double> b0, Vector128<double> b1) = Vector128.Widen(Vector128.Load(pb + j));
                Vector128.Create(rounded).Store(pm + j);
                Vector128.Narrow(w0 * rstd, w1 * rstd).Store(ps + j);
                Vector128.Narrow(b0 + w0 * lost, b1 + w1 * lost).Store(ph + j);
            }
            for (; j < channels; j++)
            {
                pm[j] = rounded;
                ps[j] = (float)(rstd * pw[j]);
                ph[j] = (float)(pb[j] + lost * pw[j]);
            }
        }
    }

    private readonly struct GroupNormApplyRow(float* x, float* y, float* mean, float* scale, float* shift, int c) : IGroupNormRow
    {
        private readonly float* x = x, y = y, mean = mean, scale = scale, shift = shift;
        private readonly int c = c;

        public void Row<T, TOp, TExtent>(long row, long n)
            where T : struct, IVectorLane<T> where TOp : struct, IUnaryOp where TExtent : struct, IExtent
        {
            int width = c, j = 0;
            float* px = x + row * width, py = y + row * width, m = mean + n * width, a = scale + n * width, b = shift + n * width;
            for (; j <= width - T.Width; j += T.Width) Column<T, TOp, TExtent>(px + j, py + j, m + j, a + j, b + j, T.Width);
            if (j < width) Column<T, TOp, Part>(px + j, py + j, m + j, a + j, b + j, width - j);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void Column<T, TOp, TExtent>(float* x, float* y, float* mean, float* scale, float* shift, int left)
            where T : struct, IVectorLane<T> where TOp : struct, IUnaryOp where TExtent : struct, IExtent
        {
            T d = TExtent.Load<T>(x, left) - TExtent.Load<T>(mean, left);
            TExtent.Store(y, TOp.Value(T.MulAdd(d, TExtent.Load<T>(scale, left), TExtent.Load<T>(shift, left))), left);
        }
    }
}
