using System.Runtime.CompilerServices;

namespace SeLoRA.Engine;

/// <summary>A product's destination and what is done to it: C = act(alpha AB + bias [+ C]) + residual.</summary>
internal unsafe struct GemmResult
{
    public float* C, Bias, Residual;

    /// <summary>Elements between rows.</summary>
    public nint Ld;

    /// <summary>Elements between the batch's matrices.</summary>
    public long BatchStride;

    public float Alpha;
    public bool Accumulate;
    public Activation Activation;

    /// <summary>If set, rows are the pixels of a sub-grid of an image, as a strided convolution's gradient writes them.</summary>
    public bool Scatter;

    /// <summary>The sub-grid's size and where it lies in the image: pixel (gy, gx) at (Y + gy Step, X + gx Step).</summary>
    public int GridHeight, GridWidth, Height, Width, Step, Y, X;

    /// <summary>The residual lies in C's own memory.</summary>
    public bool ResidualInC;

    /// <summary>Kernels may sum in C itself: rows follow each other, nothing scales the sum, and nothing in C is still needed.</summary>
    public readonly bool SumsInC => !Scatter && Alpha == 1f && !ResidualInC;

    /// <summary>Something is left to do with a sum.</summary>
    public readonly bool HasEpilogue => Bias != null || Residual != null || Activation != Activation.None;

    /// <summary>Elements from C to row <paramref name="row"/>.</summary>
    public readonly long RowOffset(long row)
    {
        if (!Scatter) return row * Ld;
        long x = row % GridWidth, ny = row / GridWidth, y = ny % GridHeight, n = ny / GridHeight;
        return ((n * Height + Y + y * Step) * Width + X + x * Step) * Ld;
    }

    /// <summary>
    /// Stores a computed tile (rows, ld) at (row, column), where it may lie already. <paramref name="add"/>: to what C holds;
    /// <paramref name="last"/>: no later block of K follows, so the rest of the epilogue is due.
    /// </summary>
    public readonly void Store<T>(float* tile, nint ld, int rows, int columns, long batchOffset, long row, long column,
        bool add, bool last)
        where T : struct, IVectorLane<T>
    {
        float* bias = last && Bias != null ? Bias + column : null;
        for (int r = 0; r < rows; r++, tile += ld)
        {
            long offset = batchOffset + RowOffset(row + r) + column;
            float* c = C + offset, old = add ? c : null, residual = last && Residual != null ? Residual + offset : null;
            if (!last || Activation == Activation.None)
            {
                Combine<T>(tile, Alpha, old, bias, residual, columns, c);
                continue;
            }
            Combine<T>(tile, Alpha, old, bias, null, columns, tile);
            GemmActivation.Apply<T>(Activation, tile, columns);
            Combine<T>(tile, 1f, null, null, residual, columns, c);
        }
    }

    /// <summary>y = alpha x [+ a] [+ b] [+ c], each step rounded: the same bits in the vector part and the tail.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Combine<T>(float* x, float alpha, float* a, float* b, float* c, int count, float* y)
        where T : struct, IVectorLane<T>
    {
        T factor = T.Of(alpha);
        int j = 0;
        for (; j + T.Width <= count; j += T.Width)
        {
            T v = T.Load(x + j) * factor;
            if (a != null) v = v + T.Load(a + j);
            if (b != null) v = v + T.Load(b + j);
            if (c != null) v = v + T.Load(c + j);
            T.Store(y + j, v);
        }
        for (; j < count; j++)
        {
            float v = x[j] * alpha;
            if (a != null) v += a[j];
            if (b != null) v += b[j];
            if (c != null) v += c[j];
            y[j] = v;
        }
    }
}
