using ILGPU;

namespace SeLoRA.Engine;

public sealed partial class GpuBackend
{
    /// <inheritdoc/>
    public void Softmax(Tensor x, Tensor y)
    {
        using Lock.Scope turn = Enter();
        SoftmaxKernels.Forward.Run(this, (x.Shape.Rows + GroupSum.Rows - 1) / GroupSum.Rows, SoftmaxArgs(x, x, y));
    }

    /// <inheritdoc/>
    public void SoftmaxBackward(Tensor y, Tensor dy, Tensor dx)
    {
        using Lock.Scope turn = Enter();
        SoftmaxKernels.Backward.Run(this, (y.Shape.Rows + GroupSum.Rows - 1) / GroupSum.Rows, SoftmaxArgs(y, dy, dx));
    }

    private SoftmaxKernels.Args SoftmaxArgs(Tensor x, Tensor dy, Tensor y) =>
        new() { X = Floats(x), Dy = Floats(dy), Y = Floats(y), Rows = x.Shape.Rows, Columns = x.Shape[-1] };
}

/// <summary>Softmax over rows, 32 threads a row: bound by memory, three passes over a row that stays in cache.</summary>
internal static class SoftmaxKernels
{
    public static readonly Kernel<Args> Forward = new(SoftmaxKernel), Backward = new(SoftmaxBackwardKernel);

    public struct Args
    {
        public ArrayView<float> X, Dy, Y;
        public long Rows;
        public int Columns;
    }

    [Kernel]
    private static void SoftmaxKernel(Args p)
    {
        ArrayView<F4> shared = GroupSum.Allocate();
        var at = new RowPlace(p.Rows, p.Columns);
        float max = float.NegativeInfinity;
        for (int c = at.Lane; c < p.Columns; c += GroupSum.Lanes) max = Math.Max(max, p.X[at.Start + c]);
        max = GroupSum.MaxOfRow(shared, max);
        float sum = 0f;
        for (int c = at.Lane; c < p.Columns; c += GroupSum.Lanes) sum += KernelMath.Exp(p.X[at.Start + c] - max);
        float scale = 1f / GroupSum.OfRow(shared, sum);
        for (int c = at.Lane; c < at.StoreEnd; c += GroupSum.Lanes) p.Y[at.Start + c] = KernelMath.Exp(p.X[at.Start + c] - max) * scale;
    }

    [Kernel]
    private static void SoftmaxBackwardKernel(Args p)
    {
        ArrayView<F4> shared = GroupSum.Allocate();
        var at = new RowPlace(p.Rows, p.Columns);
        float sum = 0f;
        for (int c = at.Lane; c < p.Columns; c += GroupSum.Lanes) sum += p.X[at.Start + c] * p.Dy[at.Start + c];
        sum = GroupSum.OfRow(shared, sum);
        for (int c = at.Lane; c < at.StoreEnd; c += GroupSum.Lanes)
            p.Y[at.Start + c] = p.X[at.Start + c] * (p.Dy[at.Start + c] - sum);
    }
}
