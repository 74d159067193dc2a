using ILGPU;

namespace SeLoRA.Engine;

public sealed partial class GpuBackend
{
    /// <inheritdoc/>
    public void UpsampleNearest(Tensor x, Tensor y)
    {
        using Turn turn = Enter();
        int size = x.DType.SizeInBytes(), quad = 16 / size;
        if (x.Shape[3] % quad == 0 && Whole(x, y) != 0) Run<I4>(quad);
        else if (size == 4) Run<int>(1);
        else Run<ushort>(1);

        void Run<T>(int pack) where T : unmanaged => UpsampleKernels.ForwardOf<T>.Kernel.RunFlat(this, y.Count / pack,
            new UpsampleKernels.ForwardArgs<T> { Small = View<T>(x), Large = View<T>(y), Sizes = UpsampleSizes(x, y, pack) });
    }

    /// <inheritdoc/>
    public void UpsampleNearestBackward(Tensor dy, Tensor dx)
    {
        using Turn turn = Enter();
        UpsampleKernels.Backward.For(dx).RunFlat(this, dx.Count,
            new UpsampleKernels.BackwardArgs { Small = Words(dx), Large = Words(dy), Sizes = UpsampleSizes(dx, dy, 1) });
    }

    private static UpsampleKernels.Sizes UpsampleSizes(Tensor small, Tensor large, int pack) => new()
    {
        SmallCount = small.Count / pack, LargeCount = large.Count / pack, C = small.Shape[3] / pack,
        H = small.Shape[1], W = small.Shape[2], OutH = large.Shape[1], OutW = large.Shape[2],
    };
}

/// <summary>Nearest-neighbour resize, one thread an element of the result, or 16 bytes of it.</summary>
internal static class UpsampleKernels
{
    public static readonly FloatKernels<BackwardArgs>
        Backward = new(UpsampleBackwardKernel<StoredF32>, UpsampleBackwardKernel<StoredBF16>, UpsampleBackwardKernel<StoredF16>);

    public static class ForwardOf<T> where T : unmanaged
    {
        public static readonly Kernel<ForwardArgs<T>> Kernel = new(UpsampleKernel<T>);
    }

    public struct ForwardArgs<T> where T : unmanaged
    {
        public ArrayView<T> Small, Large;
        public Sizes Sizes;
    }

    public struct BackwardArgs
    {
        public ArrayView<ushort> Small, Large;
        public Sizes Sizes;
    }

    /// <summary>Counts and channels in what a thread moves.</summary>
    public struct Sizes
    {
        public long SmallCount, LargeCount, C;
        public int H, W, OutH, OutW;
    }

    [Kernel]
    private static void UpsampleKernel<T>(ForwardArgs<T> args) where T : unmanaged
    {
        Sizes p = args.Sizes;
        long i = Flat.Index;
        if (i >= p.LargeCount) return;
        long pixel = Flat.Divide(i, p.C), line = Flat.Divide(pixel, p.OutW), n = Flat.Divide(line, p.OutH);
        long row = Flat.Divide((line - n * p.OutH) * p.H, p.OutH), column = Flat.Divide((pixel - line * p.OutW) * p.W, p.OutW);
        args.Large[i] = args.Small[((n * p.H + row) * p.W + column) * p.C + (i - pixel * p.C)];
    }

    /// <summary>Each source pixel gathers the run of pixels that were copied from it.</summary>
    [Kernel]
    private static void UpsampleBackwardKernel<T>(BackwardArgs args) where T : struct, IStoredFloat
    {
        Sizes p = args.Sizes;
        long i = Flat.Index;
        if (i >= p.SmallCount) return;
        long pixel = Flat.Divide(i, p.C), line = Flat.Divide(pixel, p.W), n = Flat.Divide(line, p.H);
        long row = line - n * p.H, column = pixel - line * p.W, channel = i - pixel * p.C;
        long top = First(row, p.H, p.OutH), bottom = First(row + 1, p.H, p.OutH);
        long left = First(column, p.W, p.OutW), right = First(column + 1, p.W, p.OutW);
        float sum = 0f;
        for (long y = top; y < bottom; y++)
            for (long x = left; x < right; x++) sum += T.Load(args.Large, ((n * p.OutH + y) * p.OutW + x) * p.C + channel);
        T.Store(args.Small, i, sum);
    }

    // Smallest d with floor(d size / outSize) >= i.
    private static long First(long i, long size, long outSize) => Flat.Divide(i * outSize + size - 1, size);
}
