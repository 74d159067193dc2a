using ILGPU;

namespace SeLoRA.Engine;

public sealed partial class GpuBackend
{
    /// <inheritdoc/>
    public void Softmax(Tensor x, Tensor y)
    {
        using Turn turn = Enter();
        SoftmaxKernels.Forward.For(x).Run(this, (x.Shape.Rows + GroupSum.Rows - 1) / GroupSum.Rows, SoftmaxArgs(x, x, y));
    }

    /// <inheritdoc/>
    public void SoftmaxBackward(Tensor y, Tensor dy, Tensor dx)
    {
        using Turn turn = Enter();
        SoftmaxKernels.Backward.For(y).Run(this, (y.Shape.Rows + GroupSum.Rows - 1) / GroupSum.Rows, SoftmaxArgs(y, dy, dx));
    }

    private SoftmaxKernels.Args SoftmaxArgs(Tensor x, Tensor dy, Tensor y) =>
        new() { X = Words(x), Dy = Words(dy), Y = Words(y), Rows = x.Shape.Rows, Columns = x.Shape[-1] };
}

/// <summary>Softmax over rows, 32 threads a row: bound by memory, three passes over a row that stays in cache.</summary>
internal static class SoftmaxKernels
{
    public static readonly FloatKernels<Args>
        Forward = new(SoftmaxKernel<StoredF32>, SoftmaxKernel<StoredBF16>, SoftmaxKernel<StoredF16>),
        Backward = new(SoftmaxBackwardKernel<StoredF32>, SoftmaxBackwardKernel<StoredBF16>, SoftmaxBackwardKernel<StoredF16>);

    public struct Args
    {
        public ArrayView<ushort> X, Dy, Y;
        public long Rows;
        public int Columns;
    }

    [Kernel]
    private static void SoftmaxKernel<T>(Args p) where T : struct, IStoredFloat
    {
        ArrayView<F4> shared = GroupSum.Allocate();
        var at = new RowPlace(p.Rows, p.Columns);
        float max = float.NegativeInfinity;
        for (int c = at.Lane; c < p.Columns; c += GroupSum.Lanes) max = Math.Max(max, T.Load(p.X, at.Start + c));
        max = GroupSum.MaxOfRow(shared, max);
        float sum = 0f;
        for (int c = at.Lane; c < p.Columns; c += GroupSum.Lanes) sum += KernelMath.Exp(T.Load(p.X, at.Start + c) - max);
        float scale = 1f / GroupSum.OfRow(shared, sum);
        for (int c = at.Lane; c < at.StoreEnd; c += GroupSum.Lanes) T.Store(p.Y, at.Start + c, KernelMath.Exp(T.Load(p.X, at.Start + c) - max) * scale);
    }

    [Kernel]
    private static void SoftmaxBackwardKernel<T>(Args p) where T : struct, IStoredFloat
    {
        ArrayView<F4> shared = GroupSum.Allocate();
        var at = new RowPlace(p.Rows, p.Columns);
        float sum = 0f;
        for (int c = at.Lane; c < p.Columns; c += GroupSum.Lanes) sum += T.Load(p.X, at.Start + c) * T.Load(p.Dy, at.Start + c);
        sum = GroupSum.OfRow(shared, sum);
        for (int c = at.Lane; c < at.StoreEnd; c += GroupSum.Lanes)
            T.Store(p.Y, at.Start + c, T.Load(p.X, at.Start + c) * (T.Load(p.Dy, at.Start + c) - sum));
    }
}
