using System.Runtime.CompilerServices;

namespace SeLoRA.Engine;

/// <summary>The small matrix products that attention is made of, on the register kernels of <see cref="GemmMicroKernel{T}"/>.</summary>
internal readonly unsafe struct AttentionTiles<T>(int d) where T : struct, IVectorLane<T>
{
    /// <summary>log2(e): scores are multiplied by it, so that their exponentials are powers of two.</summary>
    public const float Log2E = 1.44269504f;

    /// <summary>ln 2.</summary>
    public const float Ln2 = 0.693147181f;

    /// <summary>Columns of a full kernel tile: packed panels are that wide.</summary>
    public static int Width => 2 * T.Width;

    /// <summary>Rows of a full kernel tile.</summary>
    public static int Rows => GemmMicroKernel<T>.MaxRows;

    /// <summary>D rounded up to whole panels.</summary>
    public int PaddedD => Padded(d);

    /// <summary>Keys of one block: as many as keep it, packed, in half of a second-level cache of 1 MB.</summary>
    public static int KeyBlock(int d) => d <= 64 ? 256 : 128;

    /// <summary>A count rounded up to whole panels.</summary>
    public static int Padded(int count) => (count + Width - 1) / Width * Width;

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
        for (int first = 0; first < d; first += Width)
        {
            int columns = Math.Min(Width, d - first);
            for (int i = 0; i < count; i++, y += Width) GemmOperand.PackLine(x + i * ld + first, columns, Width, y);
        }
    }

    /// <summary>
    /// y (rows, ldy) = A B over <paramref name="length"/> steps: row i's step p lies at a + i rowStride + p step; B is packed in panels
    /// (length, Width) of <paramref name="columns"/> columns. Any number of rows; columns are filled up to whole vectors.
    /// </summary>
    public void Multiply(float* a, nint rowStride, nint step, int rows, int length, float* b, int columns, float* y, nint ldy)
    {
        float** pointers = stackalloc float*[12];
        var tile = new GemmTile { Rows = pointers, Segments = 1, Length = length, Step = step, BStep = Width, LdY = ldy };
        for (int r = 0; r < rows; r += Rows)
        {
            int some = Math.Min(Rows, rows - r);
            for (int i = 0; i < some; i++) pointers[i] = a + (r + i) * rowStride;
            for (int c = 0; c < columns; c += Width)
            {
                tile.B = b + (nint)c * length;
                tile.Y = y + r * ldy + c;
                GemmMicroKernel<T>.Run(some, columns - c, tile);
            }
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
    /// 2^x for x of at most 0; not below 2^-126. n = round(x) goes into the exponent, 2^(x - n) is Cephes' polynomial for exp2f (S. Moshier).
    /// Half the work of a general e^x: scores come in units of ln 2, so nothing is divided and nothing overflows.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Exp2(T x)
    {
        x = T.Max(x, T.Of(-126f));
        T shifted = x + T.Of(VectorMath.Shift);
        T f = x - (shifted - T.Of(VectorMath.Shift));
        T p = T.MulAdd(T.Of(1.535336188319500e-4f), f, T.Of(1.339887440266574e-3f));
        p = T.MulAdd(p, f, T.Of(9.618437357674640e-3f));
        p = T.MulAdd(p, f, T.Of(5.550332471162809e-2f));
        p = T.MulAdd(p, f, T.Of(2.402264791363012e-1f));
        p = T.MulAdd(p, f, T.Of(6.931472028550421e-1f));
        p = T.MulAdd(p, f, T.Of(1f));
        return p * T.PowerOfTwo(shifted);
    }
}
