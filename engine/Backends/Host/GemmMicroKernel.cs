using System.Runtime.Intrinsics.Arm;

namespace SeLoRA.Engine;

/// <summary>
/// The register kernels of every matrix product, convolution and attention on the host. A kernel keeps a tile of rows x (1 or 2 vectors)
/// in registers over all of K: each step loads one or two vectors of B and multiplies them by one float of each row of A.
/// Each element is one chain of fused multiply-adds in the order of K, at every width and tile size, so a result's bits depend
/// neither on how work is cut nor on which kernel an edge gets, and a zero appended to K changes none.
/// <para>
/// A is read where it lies, through one pointer a row and segment: K is a number of segments of equal length. A plain matrix is one
/// segment; a convolution has one a tap, whose pointers lead to image rows or to zeros.
/// Twelve rows fill AVX-512's 32 registers (24 accumulators); six rows AVX2's 16. Both are bound by the multiply-add units.
/// </para>
/// </summary>
internal static unsafe partial class GemmMicroKernel<T>
    where T : struct, IVectorLane<T>
{
    /// <summary>Rows of the largest tile, by the number of vector registers.</summary>
    public static int MaxRows => T.Width == 16 || (T.Width == 4 && AdvSimd.IsSupported) ? 12 : 6;

    /// <summary>
    /// Computes a tile of any number of rows and at most two vectors of columns, in vectors no wider than the columns need; those that
    /// are filled up hold what the panel does. Eight rows of one vector are enough to hide the latency of a multiply-add; with twelve, row
    /// pointers no longer fit the registers and it is a third slower.
    /// </summary>
    public static void Run(int rows, int columns, in GemmTile t)
    {
        if (columns <= 4 && T.Width > 4) GemmMicroKernel<F32x4>.RunNarrow(rows, t);
        else if (columns <= 8 && T.Width > 8) GemmMicroKernel<F32x8>.RunNarrow(rows, t);
        else if (columns <= T.Width) RunNarrow(rows, t);
        else RunWide(rows, t);
    }

    private static void RunWide(int rows, in GemmTile t)
    {
        float** a = t.Rows;
        float* y = t.Y;
        while (rows > 0)
        {
            int done;
            if (rows >= 12 && MaxRows >= 12) { done = 12; Rows12x2(a, t, y); }
            else if (rows >= 6) { done = 6; Rows6x2(a, t, y); }
            else if (rows >= 4) { done = 4; Rows4x2(a, t, y); }
            else if (rows >= 2) { done = 2; Rows2x2(a, t, y); }
            else { done = 1; Rows1x2(a, t, y); }
            rows -= done;
            a += done;
            y += done * t.LdY;
        }
    }

    private static void Rows12x2(float** a, in GemmTile t, float* y)
    {
        int w = T.Width;
        nint step = t.Step, end = t.Length * step, bStep = t.BStep, ldy = t.LdY;
        float* b = t.B;
        T c0a = default, c0b = default, c1a = default, c1b = default, c2a = default, c2b = default, c3a = default,
            c3b = default, c4a = default, c4b = default, c5a = default, c5b = default, c6a = default, c6b = default,
            c7a = default, c7b = default, c8a = default, c8b = default, c9a = default, c9b = default, c10a = default,
            c10b = default, c11a = default, c11b = default;
        if (t.Continue)
        {
            c0a = T.Load(y);
            c0b = T.Load(y + w);
            c1a = T.Load(y + ldy);
            c1b = T.Load(y + ldy + w);
            c2a = T.Load(y + 2 * ldy);
            c2b = T.Load(y + 2 * ldy + w);
            c3a = T.Load(y + 3 * ldy);
            c3b = T.Load(y + 3 * ldy + w);
            c4a = T.Load(y + 4 * ldy);
            c4b = T.Load(y + 4 * ldy + w);
            c5a = T.Load(y + 5 * ldy);
            c5b = T.Load(y + 5 * ldy + w);
            c6a = T.Load(y + 6 * ldy);
            c6b = T.Load(y + 6 * ldy + w);
            c7a = T.Load(y + 7 * ldy);
            c7b = T.Load(y + 7 * ldy + w);
            c8a = T.Load(y + 8 * ldy);
            c8b = T.Load(y + 8 * ldy + w);
            c9a = T.Load(y + 9 * ldy);
            c9b = T.Load(y + 9 * ldy + w);
            c10a = T.Load(y + 10 * ldy);
            c10b = T.Load(y + 10 * ldy + w);
            c11a = T.Load(y + 11 * ldy);
            c11b = T.Load(y + 11 * ldy + w);
        }
        for (int s = t.Segments; s > 0; s--, a += t.SegmentStride)
        {
            float* a0 = a[0], a1 = a[1], a2 = a[2], a3 = a[3], a4 = a[4], a5 = a[5], a6 = a[6], a7 = a[7], a8 = a[8],
                a9 = a[9], a10 = a[10], a11 = a[11];
            for (nint i = 0; i != end; i += step, b += bStep)
            {
                T b0 = T.Load(b), b1 = T.Load(b + w), x;
                x = T.Of(a0[i]);
                c0a = T.MulAdd(x, b0, c0a);
                c0b = T.MulAdd(x, b1, c0b);
                x = T.Of(a1[i]);
                c1a = T.MulAdd(x, b0, c1a);
                c1b = T.MulAdd(x, b1, c1b);
                x = T.Of(a2[i]);
                c2a = T.MulAdd(x, b0, c2a);
                c2b = T.MulAdd(x, b1, c2b);
                x = T.Of(a3[i]);
                c3a = T.MulAdd(x, b0, c3a);
                c3b = T.MulAdd(x, b1, c3b);
                x = T.Of(a4[i]);
                c4a = T.MulAdd(x, b0, c4a);
                c4b = T.MulAdd(x, b1, c4b);
                x = T.Of(a5[i]);
                c5a = T.MulAdd(x, b0, c5a);
                c5b = T.MulAdd(x, b1, c5b);
                x = T.Of(a6[i]);
                c6a = T.MulAdd(x, b0, c6a);
                c6b = T.MulAdd(x, b1, c6b);
                x = T.Of(a7[i]);
                c7a = T.MulAdd(x, b0, c7a);
                c7b = T.MulAdd(x, b1, c7b);
                x = T.Of(a8[i]);
                c8a = T.MulAdd(x, b0, c8a);
                c8b = T.MulAdd(x, b1, c8b);
                x = T.Of(a9[i]);
                c9a = T.MulAdd(x, b0, c9a);
                c9b = T.MulAdd(x, b1, c9b);
                x = T.Of(a10[i]);
                c10a = T.MulAdd(x, b0, c10a);
                c10b = T.MulAdd(x, b1, c10b);
                x = T.Of(a11[i]);
                c11a = T.MulAdd(x, b0, c11a);
                c11b = T.MulAdd(x, b1, c11b);
            }
        }
        T.Store(y, c0a);
        T.Store(y + w, c0b);
        T.Store(y + ldy, c1a);
        T.Store(y + ldy + w, c1b);
        T.Store(y + 2 * ldy, c2a);
        T.Store(y + 2 * ldy + w, c2b);
        T.Store(y + 3 * ldy, c3a);
        T.Store(y + 3 * ldy + w, c3b);
        T.Store(y + 4 * ldy, c4a);
        T.Store(y + 4 * ldy + w, c4b);
        T.Store(y + 5 * ldy, c5a);
        T.Store(y + 5 * ldy + w, c5b);
        T.Store(y + 6 * ldy, c6a);
        T.Store(y + 6 * ldy + w, c6b);
        T.Store(y + 7 * ldy, c7a);
        T.Store(y + 7 * ldy + w, c7b);
        T.Store(y + 8 * ldy, c8a);
        T.Store(y + 8 * ldy + w, c8b);
        T.Store(y + 9 * ldy, c9a);
        T.Store(y + 9 * ldy + w, c9b);
        T.Store(y + 10 * ldy, c10a);
        T.Store(y + 10 * ldy + w, c10b);
        T.Store(y + 11 * ldy, c11a);
        T.Store(y + 11 * ldy + w, c11b);
    }

    private static void Rows6x2(float** a, in GemmTile t, float* y)
    {
        int w = T.Width;
        nint step = t.Step, end = t.Length * step, bStep = t.BStep, ldy = t.LdY;
        float* b = t.B;
        T c0a = default, c0b = default, c1a = default, c1b = default, c2a = default, c2b = default, c3a = default,
            c3b = default, c4a = default, c4b = default, c5a = default, c5b = default;
        if (t.Continue)
        {
            c0a = T.Load(y);
            c0b = T.Load(y + w);
            c1a = T.Load(y + ldy);
            c1b = T.Load(y + ldy + w);
            c2a = T.Load(y + 2 * ldy);
            c2b = T.Load(y + 2 * ldy + w);
            c3a = T.Load(y + 3 * ldy);
            c3b = T.Load(y + 3 * ldy + w);
            c4a = T.Load(y + 4 * ldy);
            c4b = T.Load(y + 4 * ldy + w);
            c5a = T.Load(y + 5 * ldy);
            c5b = T.Load(y + 5 * ldy + w);
        }
        for (int s = t.Segments; s > 0; s--, a += t.SegmentStride)
        {
            float* a0 = a[0], a1 = a[1], a2 = a[2], a3 = a[3], a4 = a[4], a5 = a[5];
            for (nint i = 0; i != end; i += step, b += bStep)
            {
                T b0 = T.Load(b), b1 = T.Load(b + w), x;
                x = T.Of(a0[i]);
                c0a = T.MulAdd(x, b0, c0a);
                c0b = T.MulAdd(x, b1, c0b);
                x = T.Of(a1[i]);
                c1a = T.MulAdd(x, b0, c1a);
                c1b = T.MulAdd(x, b1, c1b);
                x = T.Of(a2[i]);
                c2a = T.MulAdd(x, b0, c2a);
                c2b = T.MulAdd(x, b1, c2b);
                x = T.Of(a3[i]);
                c3a = T.MulAdd(x, b0, c3a);
                c3b = T.MulAdd(x, b1, c3b);
                x = T.Of(a4[i]);
                c4a = T.MulAdd(x, b0, c4a);
                c4b = T.MulAdd(x, b1, c4b);
                x = T.Of(a5[i]);
                c5a = T.MulAdd(x, b0, c5a);
                c5b = T.MulAdd(x, b1, c5b);
            }
        }
        T.Store(y, c0a);
        T.Store(y + w, c0b);
        T.Store(y + ldy, c1a);
        T.Store(y + ldy + w, c1b);
        T.Store(y + 2 * ldy, c2a);
        T.Store(y + 2 * ldy + w, c2b);
        T.Store(y + 3 * ldy, c3a);
        T.Store(y + 3 * ldy + w, c3b);
        T.Store(y + 4 * ldy, c4a);
        T.Store(y + 4 * ldy + w, c4b);
        T.Store(y + 5 * ldy, c5a);
        T.Store(y + 5 * ldy + w, c5b);
    }

    private static void Rows4x2(float** a, in GemmTile t, float* y)
    {
        int w = T.Width;
        nint step = t.Step, end = t.Length * step, bStep = t.BStep, ldy = t.LdY;
        float* b = t.B;
        T c0a = default, c0b = default, c1a = default, c1b = default, c2a = default, c2b = default, c3a = default,
            c3b = default;
        if (t.Continue)
        {
            c0a = T.Load(y);
            c0b = T.Load(y + w);
            c1a = T.Load(y + ldy);
            c1b = T.Load(y + ldy + w);
            c2a = T.Load(y + 2 * ldy);
            c2b = T.Load(y + 2 * ldy + w);
            c3a = T.Load(y + 3 * ldy);
            c3b = T.Load(y + 3 * ldy + w);
        }
        for (int s = t.Segments; s > 0; s--, a += t.SegmentStride)
        {
            float* a0 = a[0], a1 = a[1], a2 = a[2], a3 = a[3];
            for (nint i = 0; i != end; i += step, b += bStep)
            {
                T b0 = T.Load(b), b1 = T.Load(b + w), x;
                x = T.Of(a0[i]);
                c0a = T.MulAdd(x, b0, c0a);
                c0b = T.MulAdd(x, b1, c0b);
                x = T.Of(a1[i]);
                c1a = T.MulAdd(x, b0, c1a);
                c1b = T.MulAdd(x, b1, c1b);
                x = T.Of(a2[i]);
                c2a = T.MulAdd(x, b0, c2a);
                c2b = T.MulAdd(x, b1, c2b);
                x = T.Of(a3[i]);
                c3a = T.MulAdd(x, b0, c3a);
                c3b = T.MulAdd(x, b1, c3b);
            }
        }
        T.Store(y, c0a);
        T.Store(y + w, c0b);
        T.Store(y + ldy, c1a);
        T.Store(y + ldy + w, c1b);
        T.Store(y + 2 * ldy, c2a);
        T.Store(y + 2 * ldy + w, c2b);
        T.Store(y + 3 * ldy, c3a);
        T.Store(y + 3 * ldy + w, c3b);
    }

    private static void Rows2x2(float** a, in GemmTile t, float* y)
    {
        int w = T.Width;
        nint step = t.Step, end = t.Length * step, bStep = t.BStep, ldy = t.LdY;
        float* b = t.B;
        T c0a = default, c0b = default, c1a = default, c1b = default;
        if (t.Continue)
        {
            c0a = T.Load(y);
            c0b = T.Load(y + w);
            c1a = T.Load(y + ldy);
            c1b = T.Load(y + ldy + w);
        }
        for (int s = t.Segments; s > 0; s--, a += t.SegmentStride)
        {
            float* a0 = a[0], a1 = a[1];
            for (nint i = 0; i != end; i += step, b += bStep)
            {
                T b0 = T.Load(b), b1 = T.Load(b + w), x;
                x = T.Of(a0[i]);
                c0a = T.MulAdd(x, b0, c0a);
                c0b = T.MulAdd(x, b1, c0b);
                x = T.Of(a1[i]);
                c1a = T.MulAdd(x, b0, c1a);
                c1b = T.MulAdd(x, b1, c1b);
            }
        }
        T.Store(y, c0a);
        T.Store(y + w, c0b);
        T.Store(y + ldy, c1a);
        T.Store(y + ldy + w, c1b);
    }

    private static void Rows1x2(float** a, in GemmTile t, float* y)
    {
        int w = T.Width;
        nint step = t.Step, end = t.Length * step, bStep = t.BStep, ldy = t.LdY;
        float* b = t.B;
        T c0a = default, c0b = default;
        if (t.Continue)
        {
            c0a = T.Load(y);
            c0b = T.Load(y + w);
        }
        for (int s = t.Segments; s > 0; s--, a += t.SegmentStride)
        {
            float* a0 = a[0];
            for (nint i = 0; i != end; i += step, b += bStep)
            {
                T b0 = T.Load(b), b1 = T.Load(b + w), x;
                x = T.Of(a0[i]);
                c0a = T.MulAdd(x, b0, c0a);
                c0b = T.MulAdd(x, b1, c0b);
            }
        }
        T.Store(y, c0a);
        T.Store(y + w, c0b);
    }
}
