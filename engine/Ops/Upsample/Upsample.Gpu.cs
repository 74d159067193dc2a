using ILGPU;

namespace SeLoRA.Engine;

public sealed partial class GpuBackend
{
    /// <inheritdoc/>
    public void UpsampleNearest(Tensor x, Tensor y)
    {
        using Lock.Scope turn = Enter();
        UpsampleKernels.Forward.RunFlat(this, y.Count, UpsampleArgs(x, y));
    }

    /// <inheritdoc/>
    public void UpsampleNearestBackward(Tensor dy, Tensor dx)
    {
        using Lock.Scope turn = Enter();
        UpsampleKernels.Backward.RunFlat(this, dx.Count, UpsampleArgs(dx, dy));
    }

    private UpsampleKernels.Args UpsampleArgs(Tensor small, Tensor large) => new()
    {
        Small = Floats(small), Large = Floats(large), SmallCount = small.Count, LargeCount = large.Count, C = small.Shape[3],
        H = small.Shape[1], W = small.Shape[2], OutH = large.Shape[1], OutW = large.Shape[2],
    };
}

/// <summary>Nearest-neighbour resize, one thread an element of the result.</summary>
internal static class UpsampleKernels
{
    public static readonly Kernel<Args> Forward = new(UpsampleKernel), Backward = new(UpsampleBackwardKernel);

    public struct Args
    {
        public ArrayView<float> Small, Large;
        public long SmallCount, LargeCount, C;
        public int H, W, OutH, OutW;
    }

    [Kernel]
    private static void UpsampleKernel(Args p)
    {
        long i = Flat.Index;
        if (i >= p.LargeCount) return;
        long pixel = Flat.Divide(i, p.C), line = Flat.Divide(pixel, p.OutW), n = Flat.Divide(line, p.OutH);
        long row = Flat.Divide((line - n * p.OutH) * p.H, p.OutH), column = Flat.Divide((pixel - line * p.OutW) * p.W, p.OutW);
        p.Large[i] = p.Small[((n * p.H + row) * p.W + column) * p.C + (i - pixel * p.C)];
    }

    /// <summary>Each source pixel gathers the run of pixels that were copied from it.</summary>
    [Kernel]
    private static void UpsampleBackwardKernel(Args p)
    {
        long i = Flat.Index;
        if (i >= p.SmallCount) return;
        long pixel = Flat.Divide(i, p.C), line = Flat.Divide(pixel, p.W), n = Flat.Divide(line, p.H);
        long row = line - n * p.H, column = pixel - line * p.W, channel = i - pixel * p.C;
        long top = First(row, p.H, p.OutH), bottom = First(row + 1, p.H, p.OutH);
        long left = First(column, p.W, p.OutW), right = First(column + 1, p.W, p.OutW);
        float sum = 0f;
        for (long y = top; y < bottom; y++)
            for (long x = left; x < right; x++) sum += p.Large[((n * p.OutH + y) * p.OutW + x) * p.C + channel];
        p.Small[i] = sum;
    }

    // Smallest d with floor(d size / outSize) >= i.
    private static long First(long i, long size, long outSize) => Flat.Divide(i * outSize + size - 1, size);
}
