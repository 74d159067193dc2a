using ILGPU;

namespace SeLoRA.Engine;

public sealed partial class GpuBackend
{
    // Elements of one group's part of a row, and rows of one group's part of a column sum.
    private const int RowPart = 8192, ColumnPart = 512;

    /// <inheritdoc/>
    public void Reduce(Reduction kind, Tensor x, Tensor y, long outer, long middle, long inner, float scale)
    {
        using Turn turn = Enter();
        bool squares = kind == Reduction.SumSquares;
        if (inner == 1) SumRows(x.DType, Words(x), Floats(y), outer, middle, squares, scale, Whole(x) != 0);
        else
        {
            var source = new PlainColumns { X = Words(x), Squares = squares ? 1 : 0 };
            SumColumns(x.DType, source, Floats(y), Floats(y), outer, middle, inner, scale);
        }
    }

    /// <summary>y[o] = scale * sum of row o; long rows in parts whose sums are summed the same way.</summary>
    private void SumRows(DType type, ArrayView<ushort> x, ArrayView<float> y, long rows, long length, bool squares, float scale, bool aligned)
    {
        var args = new ReduceKernels.RowsArgs
        {
            X = x, Y = y, Rows = rows, Length = length, Squares = squares ? 1 : 0, Scale = scale, Parts = 1,
            Whole = aligned && (rows == 1 || length % Octet.Size == 0) ? 1 : 0,
        };
        if (length <= 1024)
        {
            ReduceKernels.ShortRows.For(type).Run(this, (rows + GroupSum.Rows - 1) / GroupSum.Rows, args);
            return;
        }
        args.Parts = (length + RowPart - 1) / RowPart;
        args.Part = RowPart;
        if (args.Parts == 1)
        {
            ReduceKernels.LongRows.For(type).Run(this, rows, args);
            return;
        }
        GpuStorage partial = Workspace(rows * args.Parts);
        (args.Y, args.Scale) = (Floats(partial), 1f);
        ReduceKernels.LongRows.For(type).Run(this, rows * args.Parts, args);
        SumRows(DType.F32, partial.View.Cast<ushort>(), y, rows, args.Parts, false, scale, aligned: true);
        partial.Release();
    }

    /// <summary>
    /// a[o, i] and b[o, i] = scale * sum over rows of the source's two values; b is left alone if the source has one. Many rows in
    /// parts, whose sums are added in order.
    /// </summary>
    private void SumColumns<TSource>(DType type, in TSource source, ArrayView<float> a, ArrayView<float> b, long outer, long rows, long columns, float scale)
        where TSource : struct, IColumnSource
    {
        long tiles = (columns + GroupSum.Lanes - 1) / GroupSum.Lanes, parts = (rows + ColumnPart - 1) / ColumnPart, count = outer * columns;
        var args = new ReduceKernels.ColumnsArgs<TSource>
        {
            Source = source, A = a, B = b, Outer = outer, Rows = rows, Columns = columns, Tiles = tiles, Part = ColumnPart, Scale = scale,
        };
        if (parts == 1)
        {
            ReduceKernels.ColumnsOf<TSource>.Sum.For(type).Run(this, tiles * outer, args);
            return;
        }
        GpuStorage partial = Workspace(2 * parts * count);
        args.A = Floats(partial);
        args.B = args.A.SubView(parts * count, parts * count);
        args.Scale = 1f;
        ReduceKernels.ColumnsOf<TSource>.Sum.For(type).Run(this, tiles * outer * parts, args);
        ReduceKernels.Parts.RunFlat(this, count, new ReduceKernels.PartsArgs { X = args.A, Y = a, Count = count, Parts = parts, Scale = scale });
        if (TSource.HasB)
            ReduceKernels.Parts.RunFlat(this, count, new ReduceKernels.PartsArgs { X = args.B, Y = b, Count = count, Parts = parts, Scale = scale });
        partial.Release();
    }
}

/// <summary>Two floats.</summary>
internal struct F2(float a, float b)
{
    public float A = a, B = b;
}

/// <summary>What a column sum adds: one or two values for each row and column, computed on the way.</summary>
internal interface IColumnSource
{
    /// <summary>False if there is only one value.</summary>
    static abstract bool HasB { get; }

    /// <summary>The values of an element; <paramref name="i"/> is its index in an array of (outer, rows, columns).</summary>
    F2 At<T>(long i, long row, long column) where T : struct, IStoredFloat;
}

/// <summary>The elements of an array, or their squares.</summary>
internal struct PlainColumns : IColumnSource
{
    public ArrayView<ushort> X;
    public int Squares;

    public static bool HasB => false;

    public readonly F2 At<T>(long i, long row, long column) where T : struct, IStoredFloat
    {
        float x = T.Load(X, i);
        return new F2(Squares != 0 ? x * x : x, 0f);
    }
}

/// <summary>Sums of rows and of columns, float32 and in a fixed order; bound by memory.</summary>
internal static class ReduceKernels
{
    public static readonly FloatKernels<RowsArgs>
        ShortRows = new(SumShortRowsKernel<StoredF32>, SumShortRowsKernel<StoredBF16>, SumShortRowsKernel<StoredF16>),
        LongRows = new(SumLongRowsKernel<StoredF32>, SumLongRowsKernel<StoredBF16>, SumLongRowsKernel<StoredF16>);

    public static readonly Kernel<PartsArgs> Parts = new(SumPartsKernel);

    public static class ColumnsOf<TSource> where TSource : struct, IColumnSource
    {
        public static readonly FloatKernels<ColumnsArgs<TSource>>
            Sum = new(SumColumnsKernel<TSource, StoredF32>, SumColumnsKernel<TSource, StoredBF16>, SumColumnsKernel<TSource, StoredF16>);
    }

    /// <summary>Whole: see <see cref="Octet"/>, of every row.</summary>
    public struct RowsArgs
    {
        public ArrayView<ushort> X;
        public ArrayView<float> Y;
        public long Rows, Length, Parts, Part;
        public int Squares, Whole;
        public float Scale;
    }

    public struct ColumnsArgs<TSource> where TSource : struct
    {
        public TSource Source;
        public ArrayView<float> A, B;
        public long Outer, Rows, Columns, Tiles, Part;
        public float Scale;
    }

    public struct PartsArgs
    {
        public ArrayView<float> X, Y;
        public long Count, Parts;
        public float Scale;
    }

    /// <summary>32 threads a row.</summary>
    [Kernel]
    private static void SumShortRowsKernel<T>(RowsArgs p) where T : struct, IStoredFloat
    {
        ArrayView<F4> shared = GroupSum.Allocate();
        int lane = Group.IdxX % GroupSum.Lanes;
        long row = (long)Grid.IdxX * GroupSum.Rows + Group.IdxX / GroupSum.Lanes;
        float sum = GroupSum.OfRow(shared, Part<T>(p, IntrinsicMath.Min(row, p.Rows - 1), lane * Octet.Size, p.Length, RowPlace.Step));
        if (lane == 0 && row < p.Rows) p.Y[row] = p.Scale * sum;
    }

    /// <summary>256 threads a part of a row.</summary>
    [Kernel]
    private static void SumLongRowsKernel<T>(RowsArgs p) where T : struct, IStoredFloat
    {
        ArrayView<F4> shared = GroupSum.Allocate();
        long block = Grid.IdxX, row = Flat.Divide(block, p.Parts), begin = (block - row * p.Parts) * p.Part;
        long end = IntrinsicMath.Min(p.Length, begin + p.Part);
        float sum = GroupSum.OfGroup(shared, Part<T>(p, row, begin + Group.IdxX * Octet.Size, end, KernelAttribute.DefaultThreads * Octet.Size));
        if (Group.IdxX == 0) p.Y[block] = p.Scale * sum;
    }

    private static float Part<T>(RowsArgs p, long row, long begin, long end, int step) where T : struct, IStoredFloat
    {
        float sum = 0f;
        for (long i = begin; i < end; i += step)
        {
            F8 e = Octet.Load<T>(p.X, row * p.Length, i, end, p.Whole != 0);
            sum += F8.Sum(p.Squares != 0 ? F8.Multiply(e, e) : e, end - i);
        }
        return sum;
    }

    /// <summary>A group takes 32 columns and one part of the rows: 8 rows at a time, then the 8 sums of each column.</summary>
    [Kernel]
    private static void SumColumnsKernel<TSource, T>(ColumnsArgs<TSource> p)
        where TSource : struct, IColumnSource where T : struct, IStoredFloat
    {
        ArrayView<float> a = SharedMemory.Allocate<float>(256), b = SharedMemory.Allocate<float>(256);
        int t = Group.IdxX, lane = t % GroupSum.Lanes;
        long block = Grid.IdxX, rest = Flat.Divide(block, p.Tiles), part = Flat.Divide(rest, p.Outer), o = rest - part * p.Outer;
        long column = (block - rest * p.Tiles) * GroupSum.Lanes + lane, safe = IntrinsicMath.Min(column, p.Columns - 1);
        long end = IntrinsicMath.Min(p.Rows, (part + 1) * p.Part);
        float sumA = 0f, sumB = 0f;
        for (long row = part * p.Part + t / GroupSum.Lanes; row < end; row += GroupSum.Rows)
        {
            F2 value = p.Source.At<T>((o * p.Rows + row) * p.Columns + safe, row, safe);
            sumA += value.A;
            sumB += value.B;
        }
        a[t] = sumA;
        b[t] = sumB;
        Group.Barrier();
        if (t >= GroupSum.Lanes || column >= p.Columns) return;
        sumA = 0f;
        sumB = 0f;
        for (int i = 0; i < GroupSum.Rows; i++)
        {
            sumA += a[i * GroupSum.Lanes + lane];
            sumB += b[i * GroupSum.Lanes + lane];
        }
        long at = (part * p.Outer + o) * p.Columns + column;
        p.A[at] = p.Scale * sumA;
        if (TSource.HasB) p.B[at] = p.Scale * sumB;
    }

    /// <summary>y = scale * (sum of parts), in order.</summary>
    [Kernel]
    private static void SumPartsKernel(PartsArgs p)
    {
        long i = Flat.Index;
        if (i >= p.Count) return;
        float sum = 0f;
        for (long part = 0; part < p.Parts; part++) sum += p.X[part * p.Count + i];
        p.Y[i] = p.Scale * sum;
    }
}
