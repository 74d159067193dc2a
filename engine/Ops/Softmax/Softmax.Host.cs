namespace SeLoRA.Engine;

public sealed unsafe partial class HostBackend
{
    /// <inheritdoc/>
    public void Softmax(Tensor x, Tensor y)
    {
        int c = x.Shape[-1];
        VectorFor.Range(x.Shape.Rows, ParallelFor.Grain(ElementGrain, c), new SoftmaxBody(Ptr(x), Ptr(y), c));
    }

    /// <inheritdoc/>
    public void SoftmaxBackward(Tensor y, Tensor dy, Tensor dx)
    {
        int c = y.Shape[-1];
        VectorFor.Range(y.Shape.Rows, ParallelFor.Grain(ElementGrain, c), new SoftmaxBackwardBody(Ptr(y), Ptr(dy), Ptr(dx), c));
    }

    private readonly struct SoftmaxBody(float* x, float* y, int c) : IVectorBody
    {
        private readonly float* x = x, y = y;
        private readonly int c = c;

        public void Run<T>(long begin, long end) where T : struct, IVectorLane<T>
        {
            for (long r = begin; r < end; r++)
            {
                float* px = x + r * c, py = y + r * c;
                T top = T.Of(float.NegativeInfinity);
                for (int j = 0; j < c; j += T.Width)
                    top = T.Max(VectorMath.Load<T>(px + j, c - j, float.NegativeInfinity), top);
                T max = T.Of(VectorMath.MaxAcross(top));
                for (int j = 0; j < c; j += T.Width) VectorMath.Store(py + j, T.Exp(VectorMath.Load<T>(px + j, c - j) - max), c - j);
                T scale = T.Of((float)(1 / RowSum<T, PlainSummand>(py, c)));
                for (int j = 0; j < c; j += T.Width) VectorMath.Store(py + j, VectorMath.Load<T>(py + j, c - j) * scale, c - j);
            }
        }
    }

    private readonly struct SoftmaxBackwardBody(float* y, float* dy, float* dx, int c) : IVectorBody
    {
        private readonly float* y = y, dy = dy, dx = dx;
        private readonly int c = c;

        public void Run<T>(long begin, long end) where T : struct, IVectorLane<T>
        {
            for (long r = begin; r < end; r++)
            {
                float* py = y + r * c, pdy = dy + r * c, pdx = dx + r * c;
                double dot = 0;
                for (int first = 0; first < c; first += (int)RowBlock)
                {
                    int stop = Math.Min(c, first + (int)RowBlock);
                    T sum = T.Of(0f);
                    for (int j = first; j < stop; j += T.Width)
                        sum = T.MulAdd(VectorMath.Load<T>(py + j, stop - j), VectorMath.Load<T>(pdy + j, stop - j), sum);
                    dot += T.Sum(sum);
                }
                T mean = T.Of((float)dot);
                for (int j = 0; j < c; j += T.Width)
                {
                    T d = VectorMath.Load<T>(pdy + j, c - j) - mean;
                    VectorMath.Store(pdx + j, VectorMath.Load<T>(py + j, c - j) * d, c - j);
                }
            }
        }
    }
}
