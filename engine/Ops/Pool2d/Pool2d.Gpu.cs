using ILGPU;

namespace SeLoRA.Engine;

public sealed partial class GpuBackend
{
    /// <inheritdoc/>
    public void Pool2d(PoolKind kind, Tensor x, Tensor y, in Conv2dShape shape)
    {
        using Turn turn = Enter();
        PoolKernels.Args args = PoolArgs(x, y, y, shape);
        (kind == PoolKind.Max ? PoolKernels.Max : PoolKernels.Average).For(x).RunFlat(this, y.Count, args);
    }

    /// <inheritdoc/>
    public void Pool2dBackward(PoolKind kind, Tensor x, Tensor dy, Tensor dx, in Conv2dShape shape)
    {
        using Turn turn = Enter();
        PoolKernels.Args args = PoolArgs(x, dy, dx, shape);
        (kind == PoolKind.Max ? PoolKernels.MaxBackward : PoolKernels.AverageBackward).For(x).RunFlat(this, dx.Count, args);
    }

    private PoolKernels.Args PoolArgs(Tensor x, Tensor dy, Tensor y, in Conv2dShape s) => new()
    {
        X = Words(x), Dy = Words(dy), Y = Words(y), Count = y.Count, C = s.C, H = s.H, W = s.W, KH = s.KH, KW = s.KW,
        Stride = s.Stride, PadTop = s.PadTop, PadLeft = s.PadLeft, OutH = s.OutH, OutW = s.OutW,
    };
}

/// <summary>Pooling, one thread an element of the result; backward gathers from every window that covers the element.</summary>
internal static class PoolKernels
{
    public static readonly FloatKernels<Args>
        Max = new(MaxPoolKernel<StoredF32>, MaxPoolKernel<StoredBF16>, MaxPoolKernel<StoredF16>),
        Average = new(AveragePoolKernel<StoredF32>, AveragePoolKernel<StoredBF16>, AveragePoolKernel<StoredF16>),
        MaxBackward = new(MaxPoolBackwardKernel<StoredF32>, MaxPoolBackwardKernel<StoredBF16>, MaxPoolBackwardKernel<StoredF16>),
        AverageBackward = new(AveragePoolBackwardKernel<StoredF32>, AveragePoolBackwardKernel<StoredBF16>, AveragePoolBackwardKernel<StoredF16>);

    public struct Args
    {
        public ArrayView<ushort> X, Dy, Y;
        public long Count;
        public int C, H, W, KH, KW, Stride, PadTop, PadLeft, OutH, OutW;
    }

    /// <summary>An element's sample, row, column and channel.</summary>
    private struct Position
    {
        public long N;
        public int Y, X, C;

        public Position(long i, int height, int width, int channels)
        {
            long pixel = Flat.Divide(i, channels), line = Flat.Divide(pixel, width);
            N = Flat.Divide(line, height);
            Y = (int)(line - N * height);
            X = (int)(pixel - line * width);
            C = (int)(i - pixel * channels);
        }
    }

    /// <summary>The part of a window that lies inside the image.</summary>
    private struct Window
    {
        public int Top, Bottom, Left, Right;

        public Window(Args p, int y, int x)
        {
            int top = y * p.Stride - p.PadTop, left = x * p.Stride - p.PadLeft;
            Top = IntrinsicMath.Max(0, top);
            Bottom = IntrinsicMath.Min(p.H, top + p.KH);
            Left = IntrinsicMath.Max(0, left);
            Right = IntrinsicMath.Min(p.W, left + p.KW);
        }

        public readonly float Share => 1f / ((Bottom - Top) * (Right - Left));
    }

    [Kernel]
    private static void MaxPoolKernel<T>(Args p) where T : struct, IStoredFloat
    {
        long i = Flat.Index;
        if (i >= p.Count) return;
        var at = new Position(i, p.OutH, p.OutW, p.C);
        T.Store(p.Y, i, T.Load(p.X, Largest<T>(p, at.N, at.C, new Window(p, at.Y, at.X))));
    }

    [Kernel]
    private static void AveragePoolKernel<T>(Args p) where T : struct, IStoredFloat
    {
        long i = Flat.Index;
        if (i >= p.Count) return;
        var at = new Position(i, p.OutH, p.OutW, p.C);
        var window = new Window(p, at.Y, at.X);
        float sum = 0f;
        for (int y = window.Top; y < window.Bottom; y++)
            for (int x = window.Left; x < window.Right; x++) sum += T.Load(p.X, ((at.N * p.H + y) * p.W + x) * p.C + at.C);
        T.Store(p.Y, i, sum * window.Share);
    }

    [Kernel]
    private static void MaxPoolBackwardKernel<T>(Args p) where T : struct, IStoredFloat
    {
        long i = Flat.Index;
        if (i >= p.Count) return;
        var at = new Position(i, p.H, p.W, p.C);
        float sum = 0f;
        for (int y = First(at.Y + p.PadTop, p.KH, p.Stride); y < p.OutH && y * p.Stride - p.PadTop <= at.Y; y++)
        {
            for (int x = First(at.X + p.PadLeft, p.KW, p.Stride); x < p.OutW && x * p.Stride - p.PadLeft <= at.X; x++)
            {
                if (Largest<T>(p, at.N, at.C, new Window(p, y, x)) == i) sum += T.Load(p.Dy, ((at.N * p.OutH + y) * p.OutW + x) * p.C + at.C);
            }
        }
        T.Store(p.Y, i, sum);
    }

    [Kernel]
    private static void AveragePoolBackwardKernel<T>(Args p) where T : struct, IStoredFloat
    {
        long i = Flat.Index;
        if (i >= p.Count) return;
        var at = new Position(i, p.H, p.W, p.C);
        float sum = 0f;
        for (int y = First(at.Y + p.PadTop, p.KH, p.Stride); y < p.OutH && y * p.Stride - p.PadTop <= at.Y; y++)
        {
            for (int x = First(at.X + p.PadLeft, p.KW, p.Stride); x < p.OutW && x * p.Stride - p.PadLeft <= at.X; x++)
                sum += T.Load(p.Dy, ((at.N * p.OutH + y) * p.OutW + x) * p.C + at.C) * new Window(p, y, x).Share;
        }
        T.Store(p.Y, i, sum);
    }

    /// <summary>First window that reaches a padded coordinate.</summary>
    private static int First(int padded, int window, int stride) => IntrinsicMath.Max(0, (padded - window + stride) / stride);

    /// <summary>Index of the window's first largest element.</summary>
    private static long Largest<T>(Args p, long n, int c, Window window) where T : struct, IStoredFloat
    {
        long best = ((n * p.H + window.Top) * p.W + window.Left) * p.C + c;
        float value = T.Load(p.X, best);
        for (int y = window.Top; y < window.Bottom; y++)
        {
            for (int x = window.Left; x < window.Right; x++)
            {
                long at = ((n * p.H + y) * p.W + x) * p.C + c;
                float other = T.Load(p.X, at);
                best = other > value ? at : best;
                value = other > value ? other : value;
            }
        }
        return best;
    }
}
