using System.Runtime.CompilerServices;

namespace SeLoRA.Engine;

/// <summary>What a reduction adds up of each element.</summary>
internal interface ISummand
{
    static abstract T Add<T>(T sum, T x) where T : struct, IVectorLane<T>;
}

internal readonly struct PlainSummand : ISummand
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Add<T>(T sum, T x) where T : struct, IVectorLane<T> => sum + x;
}

internal readonly struct SquareSummand : ISummand
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Add<T>(T sum, T x) where T : struct, IVectorLane<T> => T.MulAdd(x, x, sum);
}

// Sums are float32 only within short blocks (at most 128 elements to one lane) and double beyond, so that the error does not grow
// with length; blocks are cut by shape, so that it does not depend on threads. Bound by memory: one read of x.
public sealed unsafe partial class HostBackend
{
    private const long RowBlock = 2048;
    private const long RowPiece = 32 * RowBlock;
    private const long ColumnTile = 1024;
    private const long ColumnBlock = 128;

    /// <inheritdoc/>
    public void Reduce(Reduction kind, Tensor x, Tensor y, long outer, long middle, long inner, float scale)
    {
        using Operands.Scope operands = Enter();
        if (kind == Reduction.Sum) Reduce<PlainSummand>(Ptr(x), Ptr(y), outer, middle, inner, scale);
        else Reduce<SquareSummand>(Ptr(x), Ptr(y), outer, middle, inner, scale);
    }

    private void Reduce<TSummand>(float* x, float* y, long outer, long middle, long inner, float scale) where TSummand : unmanaged, ISummand
    {
        long piece, tile;
        if (inner == 1)
        {
            (piece, tile) = (RowPiece, 1);
        }
        else
        {
            tile = Math.Min(inner, ColumnTile);
            piece = Math.Max(ColumnBlock, 2 * ElementGrain / tile / ColumnBlock * ColumnBlock);
        }
        long pieces = (middle + piece - 1) / piece, tiles = (inner + tile - 1) / tile;
        using var partial = new HostScratch(memory, outer * pieces * inner * sizeof(double));
        var body = new ReduceBody<TSummand>(x, partial.Doubles, middle, inner, piece, pieces, tile, tiles);
        long cost = Math.Min(piece, middle) * tile;
        VectorFor.Range(outer * pieces * tiles, ParallelFor.Grain(ElementGrain, cost), body);
        ParallelFor.Range(outer, ParallelFor.Grain(ElementGrain, pieces * inner), new CombineBody(partial.Doubles, y, pieces, inner, scale));
    }

    /// <summary>Sum of n contiguous elements.</summary>
    internal static double RowSum<T, TSummand>(float* x, long n) where T : struct, IVectorLane<T> where TSummand : struct, ISummand
    {
        double sum = 0;
        while (n > 0)
        {
            long block = Math.Min(n, RowBlock), i = 0;
            T s0 = T.Of(0f), s1 = s0, s2 = s0, s3 = s0;
            for (; i <= block - 4 * T.Width; i += 4 * T.Width)
            {
                s0 = TSummand.Add(s0, T.Load(x + i));
                s1 = TSummand.Add(s1, T.Load(x + i + T.Width));
                s2 = TSummand.Add(s2, T.Load(x + i + 2 * T.Width));
                s3 = TSummand.Add(s3, T.Load(x + i + 3 * T.Width));
            }
            for (; i < block; i += T.Width) s0 = TSummand.Add(s0, VectorMath.Load<T>(x + i, block - i));
            sum += T.Sum(s0 + s1 + (s2 + s3));
            x += block;
            n -= block;
        }
        return sum;
    }

    /// <summary>sums[c] = sum of x[r, c] over rows; columns is at most <see cref="ColumnTile"/>.</summary>
    private static void ColumnSums<T, TSummand>(float* x, long stride, long rows, long columns, double* sums)
        where T : struct, IVectorLane<T> where TSummand : struct, ISummand
    {
        float* block = stackalloc float[(int)ColumnTile];
        for (long c = 0; c < columns; c++) sums[c] = 0;
        for (long r = 0; r < rows; r += ColumnBlock)
        {
            long stop = Math.Min(r + ColumnBlock, rows), i = r;
            new Span<float>(block, (int)columns).Clear();
            // Four rows together: a quarter of the traffic to the sums, and of the additions to one of them.
            for (; i <= stop - 4; i += 4)
            {
                float* row = x + i * stride;
                for (long c = 0; c < columns; c += T.Width)
                {
                    long left = columns - c;
                    T zero = T.Of(0f);
                    T even = TSummand.Add(TSummand.Add(zero, VectorMath.Load<T>(row + c, left)), VectorMath.Load<T>(row + stride + c, left));
                    T odd = TSummand.Add(TSummand.Add(zero, VectorMath.Load<T>(row + 2 * stride + c, left)),
                        VectorMath.Load<T>(row + 3 * stride + c, left));
                    VectorMath.Store(block + c, VectorMath.Load<T>(block + c, left) + (even + odd), left);
                }
            }
            for (; i < stop; i++)
            {
                float* row = x + i * stride;
                for (long c = 0; c < columns; c += T.Width)
                {
                    long left = columns - c;
                    VectorMath.Store(block + c, TSummand.Add(VectorMath.Load<T>(block + c, left), VectorMath.Load<T>(row + c, left)), left);
                }
            }
            for (long c = 0; c < columns; c++) sums[c] += block[c];
        }
    }

    /// <summary>One piece of the middle axis and one tile of the inner one: partial[outer, piece, inner].</summary>
    private readonly struct ReduceBody<TSummand>(float* x, double* partial, long middle, long inner, long piece, long pieces, long tile,
        long tiles) : IVectorBody where TSummand : struct, ISummand
    {
        private readonly float* x = x;
        private readonly double* partial = partial;
        private readonly long middle = middle, inner = inner, piece = piece, pieces = pieces, tile = tile, tiles = tiles;

        public void Run<T>(long begin, long end) where T : struct, IVectorLane<T>
        {
            for (long i = begin; i < end; i++)
            {
                long o = i / (pieces * tiles), p = i / tiles % pieces, column = i % tiles * tile;
                long first = p * piece, rows = Math.Min(piece, middle - first), columns = Math.Min(tile, inner - column);
                float* source = x + (o * middle + first) * inner + column;
                double* sums = partial + (o * pieces + p) * inner + column;
                if (inner == 1) *sums = RowSum<T, TSummand>(source, rows);
                else if (inner < ShortInner) NarrowSums<T>(source, rows, sums);
                else ColumnSums<T, TSummand>(source, inner, rows, columns, sums);
            }
        }

        // Rows shorter than some vectors are taken many at a time, as one long row whose sums are folded in the end.
        private void NarrowSums<T>(float* source, long rows, double* sums) where T : struct, IVectorLane<T>
        {
            double* wide = stackalloc double[(int)ColumnTile];
            long together = Math.Min(ColumnTile / inner, rows), columns = together * inner, times = rows / together;
            ColumnSums<T, TSummand>(source, columns, times, columns, wide);
            for (long c = 0; c < inner; c++) sums[c] = 0;
            for (long c = 0; c < columns; c++) sums[c % inner] += wide[c];
            long left = (rows - times * together) * inner;
            if (left == 0) return;
            ColumnSums<T, TSummand>(source + times * columns, left, 1, left, wide);
            for (long c = 0; c < left; c++) sums[c % inner] += wide[c];
        }
    }

    /// <summary>y[outer, inner] = scale * sum over pieces, in order.</summary>
    private readonly struct CombineBody(double* partial, float* y, long pieces, long inner, float scale) : IRangeBody
    {
        private readonly double* partial = partial;
        private readonly float* y = y;
        private readonly long pieces = pieces, inner = inner;
        private readonly float scale = scale;

        public void Run(long begin, long end)
        {
            for (long o = begin; o < end; o++)
            {
                double* first = partial + o * pieces * inner;
                for (long p = 1; p < pieces; p++)
                    for (long c = 0; c < inner; c++) first[c] += first[p * inner + c];
                for (long c = 0; c < inner; c++) y[o * inner + c] = (float)(first[c] * scale);
            }
        }
    }
}
