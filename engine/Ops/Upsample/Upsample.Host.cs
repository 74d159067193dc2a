namespace SeLoRA.Engine;

public sealed unsafe partial class HostBackend
{
    /// <inheritdoc/>
    public void UpsampleNearest(Tensor x, Tensor y)
    {
        using Operands.Scope operands = Enter();
        Shape a = x.Shape, b = y.Shape;
        ParallelFor.Range((long)b[0] * b[1], ParallelFor.Grain(ElementGrain, (long)b[2] * b[3]),
            new UpsampleBody(Ptr(x), Ptr(y), a[1], a[2], b[1], b[2], a[3]));
    }

    /// <inheritdoc/>
    public void UpsampleNearestBackward(Tensor dy, Tensor dx)
    {
        using Operands.Scope operands = Enter();
        Shape a = dx.Shape, b = dy.Shape;
        VectorFor.Range((long)a[0] * a[1], ParallelFor.Grain(ElementGrain, (long)b[2] * b[3] * b[1] / a[1]),
            new UpsampleBackwardBody(Ptr(dy), Ptr(dx), a[1], a[2], b[1], b[2], a[3]));
    }

    private readonly struct UpsampleBody(float* x, float* y, int h, int w, int outH, int outW, int c) : IRangeBody
    {
        private readonly float* x = x, y = y;
        private readonly int h = h, w = w, outH = outH, outW = outW, c = c;

        public void Run(long begin, long end)
        {
            for (long r = begin; r < end; r++)
            {
                long n = r / outH, row = r % outH * h / outH;
                float* source = x + (n * h + row) * w * c, destination = y + r * outW * c;
                for (long j = 0; j < outW; j++) Buffer.MemoryCopy(source + j * w / outW * c, destination + j * c, c * 4L, c * 4L);
            }
        }
    }

    /// <summary>Each source pixel gathers the run of pixels that were copied from it.</summary>
    private readonly struct UpsampleBackwardBody(float* dy, float* dx, int h, int w, int outH, int outW, int c) : IVectorBody
    {
        private readonly float* dy = dy, dx = dx;
        private readonly int h = h, w = w, outH = outH, outW = outW, c = c;

        public void Run<T>(long begin, long end) where T : struct, IVectorLane<T>
        {
            for (long r = begin; r < end; r++)
            {
                long n = r / h, row = r % h;
                for (long column = 0; column < w; column++) Pixel<T>(dx + (r * w + column) * c, n, row, column);
            }
        }

        private void Pixel<T>(float* sum, long n, long row, long column) where T : struct, IVectorLane<T>
        {
            long top = First(row, h, outH), bottom = First(row + 1, h, outH);
            long left = First(column, w, outW), right = First(column + 1, w, outW);
            for (int j = 0; j < c; j += T.Width)
            {
                T s = T.Of(0f);
                for (long i = top; i < bottom; i++)
                {
                    float* source = dy + ((n * outH + i) * outW + left) * c + j;
                    for (long k = left; k < right; k++, source += c) s += VectorMath.Load<T>(source, c - j);
                }
                VectorMath.Store(sum + j, s, c - j);
            }
        }

        // Smallest d with floor(d size / outSize) >= i.
        private static long First(long i, long size, long outSize) => (i * outSize + size - 1) / size;
    }
}
