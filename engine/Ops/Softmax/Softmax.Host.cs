namespace SeLoRA.Engine;

// From the first-level cache after the first read. Forward is bound by the exponentials, backward by memory. Short rows go through
// maximum, exponentials and division together: a row's own three steps wait for one another.
public sealed unsafe partial class HostBackend
{
    // Rows that go together at most, and their elements: not two of 1024, which fall on one another in the first-level cache.
    private const int RowsTogether = 8, RowsBlock = 1600;

    /// <inheritdoc/>
    public void Softmax(Tensor x, Tensor y)
    {
        using Operands.Scope operands = Enter();
        int c = x.Shape[-1];
        VectorFor.Range(x.Shape.Rows, ParallelFor.Grain(ElementGrain, c), new SoftmaxBody(Ptr(x), Ptr(y), c));
    }

    /// <inheritdoc/>
    public void SoftmaxBackward(Tensor y, Tensor dy, Tensor dx)
    {
        using Operands.Scope operands = Enter();
        int c = y.Shape[-1];
        VectorFor.Range(y.Shape.Rows, ParallelFor.Grain(ElementGrain, c),
            new SoftmaxBackwardBody(Ptr(y), Ptr(dy), Ptr(dx), c, y.Shape.Rows));
    }

    private readonly struct SoftmaxBody(float* x, float* y, int c) : IVectorBody
    {
        private readonly float* x = x, y = y;
        private readonly int c = c;

        public void Run<T>(long begin, long end) where T : struct, IVectorLane<T>
        {
            int width = c, together = Math.Clamp(RowsBlock / width, 1, RowsTogether);
            float* factors = stackalloc float[RowsTogether];
            for (long r = begin; r < end; r += together)
            {
                int rows = (int)Math.Min(together, end - r);
                float* px = x + r * width, py = y + r * width;
                for (int i = 0; i < rows; i++) factors[i] = RowMax<T>(px + i * width, width);
                for (int i = 0; i < rows; i++) factors[i] = (float)(1 / Exponentials<T>(px + i * width, py + i * width, T.Of(factors[i]), width));
                for (int i = 0; i < rows; i++) Scale(py + i * width, T.Of(factors[i]), width);
            }
        }

        private static void Scale<T>(float* y, T factor, int n) where T : struct, IVectorLane<T>
        {
            int j = 0;
            for (; j <= n - T.Width; j += T.Width) T.Store(y + j, T.Load(y + j) * factor);
            if (j < n) VectorMath.StorePart(y + j, VectorMath.LoadPart<T>(y + j, n - j) * factor, n - j);
        }

        private static double Exponentials<T>(float* x, float* y, T max, int n) where T : struct, IVectorLane<T>
        {
            int whole = n - n % T.Width;
            T tail = T.Of(0f);
            if (whole < n)
            {
                // e^-infinity = 0 in the lanes beyond the row.
                tail = T.Exp(VectorMath.LoadPart<T>(x + whole, n - whole, float.NegativeInfinity) - max);
                VectorMath.StorePart(y + whole, tail, n - whole);
            }
            double total = Exponentials<T>(x, y, max, 0, Math.Min(whole, (int)RowBlock), tail);
            for (int first = (int)RowBlock; first < whole; first += (int)RowBlock)
                total += Exponentials<T>(x, y, max, first, Math.Min(whole, first + (int)RowBlock), T.Of(0f));
            return total;
        }

        // y = e^(x - max) and its sum on top of s0, four vectors at a time: sums of few terms, and exponentials that do not wait for one another.
        private static double Exponentials<T>(float* x, float* y, T max, int first, int stop, T s0) where T : struct, IVectorLane<T>
        {
            int j = first;
            T s1 = T.Of(0f), s2 = s1, s3 = s1;
            for (; j <= stop - 4 * T.Width; j += 4 * T.Width)
            {
                T e0 = T.Exp(T.Load(x + j) - max), e1 = T.Exp(T.Load(x + j + T.Width) - max);
                T.Store(y + j, e0);
                T.Store(y + j + T.Width, e1);
                s0 += e0;
                s1 += e1;
                T e2 = T.Exp(T.Load(x + j + 2 * T.Width) - max), e3 = T.Exp(T.Load(x + j + 3 * T.Width) - max);
                T.Store(y + j + 2 * T.Width, e2);
                T.Store(y + j + 3 * T.Width, e3);
                s2 += e2;
                s3 += e3;
            }
            for (; j < stop; j += T.Width)
            {
                T e = T.Exp(T.Load(x + j) - max);
                T.Store(y + j, e);
                s0 += e;
            }
            return T.Sum(s0 + s1 + (s2 + s3));
        }

        private static float RowMax<T>(float* x, int n) where T : struct, IVectorLane<T>
        {
            T t0 = T.Of(float.NegativeInfinity), t1 = t0;
            int i = 0;
            for (; i <= n - 2 * T.Width; i += 2 * T.Width)
            {
                t0 = T.Max(T.Load(x + i), t0);
                t1 = T.Max(T.Load(x + i + T.Width), t1);
            }
            for (; i < n; i += T.Width) t0 = T.Max(VectorMath.Load<T>(x + i, n - i, float.NegativeInfinity), t0);
            return VectorMath.MaxAcross(T.Max(t0, t1));
        }
    }

    private readonly struct SoftmaxBackwardBody(float* y, float* dy, float* dx, int c, long rows) : IVectorBody
    {
        private readonly float* y = y, dy = dy, dx = dx;
        private readonly int c = c;
        private readonly long rows = rows;

        public void Run<T>(long begin, long end) where T : struct, IVectorLane<T>
        {
            if (Streamed.Suits<T>(dx, rows * c, c)) Rows<T, Streamed>(begin, end);
            else Rows<T, Whole>(begin, end);
        }

        private void Rows<T, TExtent>(long begin, long end) where T : struct, IVectorLane<T> where TExtent : struct, IExtent
        {
            int width = c, whole = width - width % T.Width;
            for (long r = begin; r < end; r++)
            {
                float* py = y + r * width, pdy = dy + r * width, pdx = dx + r * width;
                T mean = T.Of((float)Dot<T>(py, pdy, width));
                for (int j = 0; j < whole; j += T.Width) TExtent.Store(pdx + j, T.Load(py + j) * (T.Load(pdy + j) - mean), T.Width);
                if (whole == width) continue;
                int left = width - whole;
                T d = VectorMath.LoadPart<T>(pdy + whole, left) - mean;
                VectorMath.StorePart(pdx + whole, VectorMath.LoadPart<T>(py + whole, left) * d, left);
            }
        }

        // In blocks as RowSum.
        private static double Dot<T>(float* a, float* b, int n) where T : struct, IVectorLane<T>
        {
            double dot = 0;
            for (int first = 0; first < n; first += (int)RowBlock)
            {
                int stop = Math.Min(n, first + (int)RowBlock), i = first;
                T s0 = T.Of(0f), s1 = s0, s2 = s0, s3 = s0;
                for (; i <= stop - 4 * T.Width; i += 4 * T.Width)
                {
                    s0 = T.MulAdd(T.Load(a + i), T.Load(b + i), s0);
                    s1 = T.MulAdd(T.Load(a + i + T.Width), T.Load(b + i + T.Width), s1);
                    s2 = T.MulAdd(T.Load(a + i + 2 * T.Width), T.Load(b + i + 2 * T.Width), s2);
                    s3 = T.MulAdd(T.Load(a + i + 3 * T.Width), T.Load(b + i + 3 * T.Width), s3);
                }
                for (; i < stop; i += T.Width) s0 = T.MulAdd(VectorMath.Load<T>(a + i, stop - i), VectorMath.Load<T>(b + i, stop - i), s0);
                dot += T.Sum(s0 + s1 + (s2 + s3));
            }
            return dot;
        }
    }
}
