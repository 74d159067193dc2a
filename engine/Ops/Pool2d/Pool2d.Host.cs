namespace SeLoRA.Engine;

public sealed unsafe partial class HostBackend
{
    /// <inheritdoc/>
    public void Pool2d(PoolKind kind, Tensor x, Tensor y, in Conv2dShape shape)
    {
        using Operands.Scope operands = Enter();
        VectorFor.Range((long)shape.N * shape.OutH, ParallelFor.Grain(ElementGrain, (long)shape.OutW * shape.C * shape.KH * shape.KW),
            new Pool2dBody(kind, Ptr(x), Ptr(y), shape));
    }

    /// <inheritdoc/>
    public void Pool2dBackward(PoolKind kind, Tensor x, Tensor dy, Tensor dx, in Conv2dShape shape)
    {
        using Operands.Scope operands = Enter();
        Zero(dx);
        // Windows overlap: an image belongs to one thread, which adds in the order of the windows.
        VectorFor.Range(shape.N, 1, new Pool2dBackwardBody(kind, Ptr(x), Ptr(dy), Ptr(dx), shape));
    }

    /// <summary>The part of one window that lies inside the image.</summary>
    private readonly ref struct PoolWindow(in Conv2dShape s, int oy, int ox)
    {
        public readonly int Top = Math.Max(0, oy * s.Stride - s.PadTop), Bottom = Math.Min(s.H, oy * s.Stride - s.PadTop + s.KH);
        public readonly int Left = Math.Max(0, ox * s.Stride - s.PadLeft), Right = Math.Min(s.W, ox * s.Stride - s.PadLeft + s.KW);

        public float Share => 1f / ((Bottom - Top) * (Right - Left));
    }

    private readonly struct Pool2dBody(PoolKind kind, float* x, float* y, in Conv2dShape shape) : IVectorBody
    {
        private readonly PoolKind kind = kind;
        private readonly float* x = x, y = y;
        private readonly Conv2dShape s = shape;

        public void Run<T>(long begin, long end) where T : struct, IVectorLane<T>
        {
            for (long r = begin; r < end; r++)
            {
                float* image = x + r / s.OutH * s.H * s.W * s.C;
                for (int ox = 0; ox < s.OutW; ox++) Window<T>(image, new PoolWindow(s, (int)(r % s.OutH), ox), y + (r * s.OutW + ox) * s.C);
            }
        }

        private void Window<T>(float* image, PoolWindow at, float* result) where T : struct, IVectorLane<T>
        {
            bool max = kind == PoolKind.Max;
            for (int j = 0; j < s.C; j += T.Width)
            {
                T sum = T.Of(max ? float.NegativeInfinity : 0f);
                for (int i = at.Top; i < at.Bottom; i++)
                {
                    for (int k = at.Left; k < at.Right; k++)
                    {
                        T v = VectorMath.Load<T>(image + ((long)i * s.W + k) * s.C + j, s.C - j);
                        sum = max ? T.Max(v, sum) : sum + v;
                    }
                }
                VectorMath.Store(result + j, max ? sum : sum * T.Of(at.Share), s.C - j);
            }
        }
    }

    private readonly struct Pool2dBackwardBody(PoolKind kind, float* x, float* dy, float* dx, in Conv2dShape shape) : IVectorBody
    {
        private readonly PoolKind kind = kind;
        private readonly float* x = x, dy = dy, dx = dx;
        private readonly Conv2dShape s = shape;

        public void Run<T>(long begin, long end) where T : struct, IVectorLane<T>
        {
            for (long n = begin; n < end; n++)
            {
                long image = n * s.H * s.W * s.C;
                for (int oy = 0; oy < s.OutH; oy++)
                {
                    for (int ox = 0; ox < s.OutW; ox++)
                    {
                        var at = new PoolWindow(s, oy, ox);
                        float* d = dy + ((n * s.OutH + oy) * s.OutW + ox) * s.C;
                        if (kind == PoolKind.Max) ToLargest(x + image, dx + image, d, at);
                        else ToAll<T>(dx + image, d, at);
                    }
                }
            }
        }

        private void ToAll<T>(float* image, float* d, PoolWindow at) where T : struct, IVectorLane<T>
        {
            T share = T.Of(at.Share);
            for (int i = at.Top; i < at.Bottom; i++)
            {
                for (int k = at.Left; k < at.Right; k++)
                {
                    float* pixel = image + ((long)i * s.W + k) * s.C;
                    for (int j = 0; j < s.C; j += T.Width)
                    {
                        T sum = T.MulAdd(VectorMath.Load<T>(d + j, s.C - j), share, VectorMath.Load<T>(pixel + j, s.C - j));
                        VectorMath.Store(pixel + j, sum, s.C - j);
                    }
                }
            }
        }

        private void ToLargest(float* source, float* image, float* d, PoolWindow at)
        {
            for (int j = 0; j < s.C; j++)
            {
                long best = ((long)at.Top * s.W + at.Left) * s.C + j;
                for (int i = at.Top; i < at.Bottom; i++)
                {
                    for (int k = at.Left; k < at.Right; k++)
                    {
                        long pixel = ((long)i * s.W + k) * s.C + j;
                        if (source[pixel] > source[best]) best = pixel;
                    }
                }
                image[best] += d[j];
            }
        }
    }
}
