namespace SeLoRA.Engine;

// The kernels of one vector of columns.
internal static unsafe partial class GemmMicroKernel<T>
{
    private static void RunNarrow(int rows, in GemmTile t)
    {
        float** a = t.Rows;
        float* y = t.Y;
        while (rows > 0)
        {
            int done;
            if (rows >= 8) { done = 8; Rows8x1(a, t, y); }
            else if (rows >= 6) { done = 6; Rows6x1(a, t, y); }
            else if (rows >= 4) { done = 4; Rows4x1(a, t, y); }
            else { done = 1; Rows1x1(a, t, y); }
            rows -= done;
            a += done;
            y += done * t.LdY;
        }
    }

    private static void Rows8x1(float** a, in GemmTile t, float* y)
    {
        int w = T.Width;
        nint step = t.Step, end = t.Length * step, bStep = t.BStep, ldy = t.LdY;
        float* b = t.B;
        T c0 = default, c1 = default, c2 = default, c3 = default, c4 = default, c5 = default, c6 = default, c7 = default;
        if (t.Continue)
        {
            c0 = T.Load(y);
            c1 = T.Load(y + ldy);
            c2 = T.Load(y + 2 * ldy);
            c3 = T.Load(y + 3 * ldy);
            c4 = T.Load(y + 4 * ldy);
            c5 = T.Load(y + 5 * ldy);
            c6 = T.Load(y + 6 * ldy);
            c7 = T.Load(y + 7 * ldy);
        }
        for (int s = t.Segments; s > 0; s--, a += t.SegmentStride)
        {
            float* a0 = a[0], a1 = a[1], a2 = a[2], a3 = a[3], a4 = a[4], a5 = a[5], a6 = a[6], a7 = a[7];
            for (nint i = 0; i != end; i += step, b += bStep)
            {
                T b0 = T.Load(b);
                c0 = T.MulAdd(T.Of(a0[i]), b0, c0);
                c1 = T.MulAdd(T.Of(a1[i]), b0, c1);
                c2 = T.MulAdd(T.Of(a2[i]), b0, c2);
                c3 = T.MulAdd(T.Of(a3[i]), b0, c3);
                c4 = T.MulAdd(T.Of(a4[i]), b0, c4);
                c5 = T.MulAdd(T.Of(a5[i]), b0, c5);
                c6 = T.MulAdd(T.Of(a6[i]), b0, c6);
                c7 = T.MulAdd(T.Of(a7[i]), b0, c7);
            }
        }
        T.Store(y, c0);
        T.Store(y + ldy, c1);
        T.Store(y + 2 * ldy, c2);
        T.Store(y + 3 * ldy, c3);
        T.Store(y + 4 * ldy, c4);
        T.Store(y + 5 * ldy, c5);
        T.Store(y + 6 * ldy, c6);
        T.Store(y + 7 * ldy, c7);
    }

    private static void Rows6x1(float** a, in GemmTile t, float* y)
    {
        int w = T.Width;
        nint step = t.Step, end = t.Length * step, bStep = t.BStep, ldy = t.LdY;
        float* b = t.B;
        T c0 = default, c1 = default, c2 = default, c3 = default, c4 = default, c5 = default;
        if (t.Continue)
        {
            c0 = T.Load(y);
            c1 = T.Load(y + ldy);
            c2 = T.Load(y + 2 * ldy);
            c3 = T.Load(y + 3 * ldy);
            c4 = T.Load(y + 4 * ldy);
            c5 = T.Load(y + 5 * ldy);
        }
        for (int s = t.Segments; s > 0; s--, a += t.SegmentStride)
        {
            float* a0 = a[0], a1 = a[1], a2 = a[2], a3 = a[3], a4 = a[4], a5 = a[5];
            for (nint i = 0; i != end; i += step, b += bStep)
            {
                T b0 = T.Load(b);
                c0 = T.MulAdd(T.Of(a0[i]), b0, c0);
                c1 = T.MulAdd(T.Of(a1[i]), b0, c1);
                c2 = T.MulAdd(T.Of(a2[i]), b0, c2);
                c3 = T.MulAdd(T.Of(a3[i]), b0, c3);
                c4 = T.MulAdd(T.Of(a4[i]), b0, c4);
                c5 = T.MulAdd(T.Of(a5[i]), b0, c5);
            }
        }
        T.Store(y, c0);
        T.Store(y + ldy, c1);
        T.Store(y + 2 * ldy, c2);
        T.Store(y + 3 * ldy, c3);
        T.Store(y + 4 * ldy, c4);
        T.Store(y + 5 * ldy, c5);
    }

    private static void Rows4x1(float** a, in GemmTile t, float* y)
    {
        int w = T.Width;
        nint step = t.Step, end = t.Length * step, bStep = t.BStep, ldy = t.LdY;
        float* b = t.B;
        T c0 = default, c1 = default, c2 = default, c3 = default;
        if (t.Continue)
        {
            c0 = T.Load(y);
            c1 = T.Load(y + ldy);
            c2 = T.Load(y + 2 * ldy);
            c3 = T.Load(y + 3 * ldy);
        }
        for (int s = t.Segments; s > 0; s--, a += t.SegmentStride)
        {
            float* a0 = a[0], a1 = a[1], a2 = a[2], a3 = a[3];
            for (nint i = 0; i != end; i += step, b += bStep)
            {
                T b0 = T.Load(b);
                c0 = T.MulAdd(T.Of(a0[i]), b0, c0);
                c1 = T.MulAdd(T.Of(a1[i]), b0, c1);
                c2 = T.MulAdd(T.Of(a2[i]), b0, c2);
                c3 = T.MulAdd(T.Of(a3[i]), b0, c3);
            }
        }
        T.Store(y, c0);
        T.Store(y + ldy, c1);
        T.Store(y + 2 * ldy, c2);
        T.Store(y + 3 * ldy, c3);
    }

    private static void Rows1x1(float** a, in GemmTile t, float* y)
    {
        int w = T.Width;
        nint step = t.Step, end = t.Length * step, bStep = t.BStep, ldy = t.LdY;
        float* b = t.B;
        T c0 = default;
        if (t.Continue)
        {
            c0 = T.Load(y);
        }
        for (int s = t.Segments; s > 0; s--, a += t.SegmentStride)
        {
            float* a0 = a[0];
            for (nint i = 0; i != end; i += step, b += bStep)
            {
                T b0 = T.Load(b);
                c0 = T.MulAdd(T.Of(a0[i]), b0, c0);
            }
        }
        T.Store(y, c0);
    }
}
