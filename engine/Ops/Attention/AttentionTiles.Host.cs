namespace SeLoRA.Engine;

/// <summary>The small matrix products that attention is made of, on the register kernels of <see cref="GemmMicroKernel{T}"/>.</summary>
internal readonly unsafe struct AttentionTiles<T>(int d) where T : struct, IVectorLane<T>
{
    // Of the exponential. Fields, because the compiler reads constants from memory again for every vector, and that bounds the loop.
    private readonly float lowest = -126f, shift = VectorMath.Shift, c0 = 1f, c1 = 6.931472028550421e-1f, c2 = 2.402264791363012e-1f,
        c3 = 5.550332471162809e-2f, c4 = 9.618437357674640e-3f, c5 = 1.339887440266574e-3f, c6 = 1.535336188319500e-4f;

    /// <summary>log2(e): scores are multiplied by it, so that their exponentials are powers of two.</summary>
    public const float Log2E = 1.44269504f;

    /// <summary>ln 2.</summary>
    public const float Ln2 = 0.693147181f;

    /// <summary>Columns of a full kernel tile: packed panels are that wide.</summary>
    public static int Width => 2 * T.Width;

    /// <summary>D rounded up to whole panels.</summary>
    public int PaddedD => Padded(d);

    /// <summary>Rows lie too far apart for the processor to see which comes next: it is told so many ahead.</summary>
    public const int FetchAhead = 8;

    /// <summary>Rows that one product may have at most.</summary>
    public const int MostRows = 192;

    /// <summary>A count rounded up to whole panels.</summary>
    public static int Padded(int count) => (count + Width - 1) / Width * Width;

    /// <summary>Size of the blocks that cut <paramref name="count"/> into the fewest of at most <paramref name="most"/>, about equal.</summary>
    public static int Even(int count, int most)
    {
        int blocks = (count + most - 1) / most;
        return (count + blocks - 1) / blocks;
    }

    /// <summary>
    /// Packs <paramref name="count"/> rows of D values, times <paramref name="factor"/>, as panels (D, Width) of a product with their transpose.
    /// </summary>
    public void PackLines(float* x, nint ld, int count, float factor, float* y)
    {
        float** lines = stackalloc float*[GemmPack.MaxWidth];
        T scale = T.Of(factor);
        for (int first = 0; first < count; first += Width, y += d * Width)
        {
            // Lines past the end repeat the last one; nobody looks at their columns.
            for (int i = 0; i < Width; i++) lines[i] = x + Math.Min(first + i, count - 1) * ld;
            GemmPack.Transpose(lines, Width, d, y);
            if (factor == 1f) continue;
            for (nint i = 0; i < d * Width; i += T.Width) T.Store(y + i, T.Load(y + i) * scale);
        }
    }

    /// <summary>Packs <paramref name="count"/> rows of D values as panels (count, Width) of columns, zeros beyond D.</summary>
    public void PackSteps(float* x, nint ld, int count, float* y)
    {
        nint panel = (nint)count * Width;
        for (int i = 0; i < count; i++, x += ld, y += Width)
        {
            CacheHint.Fetch(x + FetchAhead * ld, d);
            float* to = y;
            int first = 0;
            for (; first + Width <= d; first += Width, to += panel) GemmOperand.PackLine(x + first, Width, Width, to);
            if (first < d) GemmOperand.PackLine(x + first, d - first, Width, to);
        }
    }

    /// <summary>Asks for <paramref name="count"/> rows of D values that are used after other work.</summary>
    public void Fetch(float* x, nint ld, int count)
    {
        for (int i = 0; i < count; i++, x += ld) CacheHint.FetchFar(x, d);
    }

    /// <summary>
    /// y (rows, ldy) [+]= A B over <paramref name="length"/> steps: row i's step p lies at a + i rowStride + p step; B is packed in panels
    /// (length, Width) of <paramref name="columns"/> columns. At most <see cref="MostRows"/> rows; columns are filled up to whole vectors.
    /// </summary>
    public void Multiply(float* a, nint rowStride, nint step, int rows, int length, float* b, int columns, float* y, nint ldy,
        bool add = false)
    {
        float** pointers = stackalloc float*[MostRows];
        for (int i = 0; i < rows; i++) pointers[i] = a + i * rowStride;
        Multiply(pointers, step, rows, length, b, (nint)length * Width, columns, y, ldy, add);
    }

    /// <summary>
    /// y (rows, PaddedD) [+]= A B: row i's step p lies at a + (i / Width) stride Width + i % Width + p Width, that is, A consists of
    /// transposed panels of (stride, Width); B is packed in panels (steps, Width) of D columns, whose first <paramref name="length"/> steps count.
    /// </summary>
    public void MultiplyPanels(float* a, int stride, int rows, int length, float* b, int steps, float* y, bool add)
    {
        float** pointers = stackalloc float*[MostRows];
        for (int i = 0; i < rows; i++) pointers[i] = a + (nint)(i / Width) * stride * Width + i % Width;
        Multiply(pointers, Width, rows, length, b, (nint)steps * Width, d, y, PaddedD, add);
    }

    // Panels outside, rows inside: a panel comes from the second-level cache once for all rows.
    private static void Multiply(float** a, nint step, int rows, int length, float* b, nint panel, int columns, float* y, nint ldy, bool add)
    {
        var tile = new GemmTile { Rows = a, Segments = 1, Length = length, Step = step, BStep = Width, LdY = ldy, Continue = add };
        for (int c = 0; c < columns; c += Width, b += panel)
        {
            tile.B = b;
            tile.Y = y + c;
            GemmMicroKernel<T>.Run(rows, columns - c, tile);
        }
    }

    /// <summary>y = factor x.</summary>
    public static void Scaled(float* x, float factor, int count, float* y)
    {
        T scale = T.Of(factor);
        int i = 0;
        for (; i + T.Width <= count; i += T.Width) T.Store(y + i, T.Load(x + i) * scale);
        for (; i < count; i++) y[i] = x[i] * factor;
    }

    /// <summary>
    /// Every value x from p to end, a vector every <paramref name="step"/> floats, becomes 2^(x - top), at least 2^-126; x is at most top. Returns
    /// their sum. n = round(x - top) goes into the exponent; 2^f of the rest is Cephes' polynomial for exp2f (S. Moshier), in pairs
    /// (Estrin), since the chain of dependent steps is what takes the time. Half the work of a general e^x: scores come in units of ln 2,
    /// so nothing is divided and nothing overflows.
    /// </summary>
    public T Exponentials(float* p, float* end, nint step, T top)
    {
        T low = T.Of(lowest), round = T.Of(shift), a0 = T.Of(c0), a1 = T.Of(c1), a2 = T.Of(c2), a3 = T.Of(c3), a4 = T.Of(c4), a5 = T.Of(c5),
            a6 = T.Of(c6), sum = T.Of(0f);
        for (; p < end; p += step)
        {
            T x = T.Max(T.Load(p) - top, low), n = x + round, f = x - (n - round), f2 = f * f;
            T high = T.MulAdd(T.MulAdd(a6, f, a5), f2, T.MulAdd(a4, f, a3));
            T y = T.MulAdd(T.MulAdd(high, f2, T.MulAdd(a2, f, a1)), f, a0) * T.PowerOfTwo(n);
            T.Store(p, y);
            sum += y;
        }
        return sum;
    }
}
