using ILGPU;

namespace SeLoRA.Engine;

public sealed partial class GpuBackend
{
    /// <inheritdoc/>
    public void Fill(Tensor y, float value)
    {
        using Turn turn = Enter();
        CopyKernels.Fill.RunFlat(this, y.Count, new CopyKernels.FillArgs { Y = Floats(y), Value = value, Count = y.Count });
    }

    /// <inheritdoc/>
    public void CopyColumns(Tensor x, long xOffset, long xStride, Tensor y, long yOffset, long yStride, long rows, long columns)
    {
        using Turn turn = Enter();
        int size = x.DType.SizeInBytes(), quad = 16 / size;
        if ((xOffset | xStride | yOffset | yStride | columns) % quad == 0 && Whole(x, y) != 0) Run<I4>(quad);
        else if (size == 4) Run<int>(1);
        else Run<ushort>(1);

        void Run<T>(int pack) where T : unmanaged
        {
            long count = rows * columns / pack;
            CopyKernels.ColumnsOf<T>.Copy.RunFlat(this, count, new CopyKernels.ColumnsArgs<T>
            {
                X = View<T>(x), Y = View<T>(y), XOffset = xOffset / pack, XStride = xStride / pack, YOffset = yOffset / pack, YStride = yStride / pack,
                Columns = columns / pack, Count = count,
            });
        }
    }
}

/// <summary>Copies within the device that are no plain blocks: bound by memory, one thread 16 bytes, or an element where places do not allow that.</summary>
internal static class CopyKernels
{
    public static readonly Kernel<FillArgs> Fill = new(FillKernel);

    public static class ColumnsOf<T> where T : unmanaged
    {
        public static readonly Kernel<ColumnsArgs<T>> Copy = new(CopyColumnsKernel<T>);
    }

    public struct FillArgs
    {
        public ArrayView<float> Y;
        public float Value;
        public long Count;
    }

    public struct ColumnsArgs<T> where T : unmanaged
    {
        public ArrayView<T> X, Y;
        public long XOffset, XStride, YOffset, YStride, Columns, Count;
    }

    [Kernel]
    private static void FillKernel(FillArgs p)
    {
        long i = Flat.Index;
        if (i < p.Count) p.Y[i] = p.Value;
    }

    [Kernel]
    private static void CopyColumnsKernel<T>(ColumnsArgs<T> p) where T : unmanaged
    {
        long i = Flat.Index;
        if (i >= p.Count) return;
        long row = Flat.Divide(i, p.Columns), column = i - row * p.Columns;
        p.Y[p.YOffset + row * p.YStride + column] = p.X[p.XOffset + row * p.XStride + column];
    }
}
