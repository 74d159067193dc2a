using ILGPU;

namespace SeLoRA.Engine;

public sealed partial class GpuBackend
{
    /// <inheritdoc/>
    public void Softmax(Tensor x, Tensor y)
    {
        using Lock.Scope turn = Enter();
        SoftmaxKernels.Forward.Run(this, x.Shape.Rows,
            new SoftmaxKernels.SoftmaxArgs { X = Floats(x), Dy = Floats(x), Y = Floats(y), Columns = x.Shape[-1] });
    }

    /// <inheritdoc/>
    public void SoftmaxBackward(Tensor y, Tensor dy, Tensor dx)
    {
        using Lock.Scope turn = Enter();
        SoftmaxKernels.Backward.Run(this, y.Shape.Rows,
            new SoftmaxKernels.SoftmaxArgs { X = Floats(y), Dy = Floats(dy), Y = Floats(dx), Columns = y.Shape[-1] });
    }
}

/// <summary>Softmax over rows, one group a row: bound by memory.</summary>
internal static class SoftmaxKernels
{
    public static readonly Kernel<SoftmaxArgs> Forward = new(SoftmaxKernel), Backward = new(SoftmaxBackwardKernel);

    public struct SoftmaxArgs
    {
        public ArrayView<float> X, Dy, Y;
        public int Columns;
    }

    [Kernel]
    private static void SoftmaxKernel(SoftmaxArgs a)
    {
        ArrayView<float> shared = SharedMemory.Allocate<float>(GroupReduction.Threads);
        long row = (long)Grid.IdxX * a.Columns;
        float max = float.NegativeInfinity;
        for (int c = Group.IdxX; c < a.Columns; c += GroupReduction.Threads) max = Math.Max(max, a.X[row + c]);
        max = GroupReduction.Max(shared, max);
        float sum = 0f;
        for (int c = Group.IdxX; c < a.Columns; c += GroupReduction.Threads) sum += KernelMath.Exp(a.X[row + c] - max);
        float scale = 1f / GroupReduction.Sum(shared, sum);
        for (int c = Group.IdxX; c < a.Columns; c += GroupReduction.Threads) a.Y[row + c] = KernelMath.Exp(a.X[row + c] - max) * scale;
    }

    [Kernel]
    private static void SoftmaxBackwardKernel(SoftmaxArgs a)
    {
        ArrayView<float> shared = SharedMemory.Allocate<float>(GroupReduction.Threads);
        long row = (long)Grid.IdxX * a.Columns;
        float sum = 0f;
        for (int c = Group.IdxX; c < a.Columns; c += GroupReduction.Threads) sum += a.X[row + c] * a.Dy[row + c];
        sum = GroupReduction.Sum(shared, sum);
        for (int c = Group.IdxX; c < a.Columns; c += GroupReduction.Threads) a.Y[row + c] = a.X[row + c] * (a.Dy[row + c] - sum);
    }
}
