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

    private SoftmaxKernels.Args SoftmaxArgs(Tensor x, Tensor dy, Tensor y) => new()
    {
        X = Words(x), Dy = Words(dy), Y = Words(y), Rows = x.Shape.Rows, Columns = x.Shape[-1],
        Whole = x.Shape[-1] % Octet.Size == 0 ? Whole(x, dy, y) : 0,
    };
}

/// <summary>Softmax over rows, 32 threads a row, which take octets: bound by memory, three passes over a row that stays in cache.</summary>
internal static class SoftmaxKernels
{
    public static readonly FloatKernels<Args>
        Forward = new(SoftmaxKernel<StoredF32>, SoftmaxKernel<StoredBF16>, SoftmaxKernel<StoredF16>),
        Backward = new(SoftmaxBackwardKernel<StoredF32>, SoftmaxBackwardKernel<StoredBF16>, SoftmaxBackwardKernel<StoredF16>);

    /// <summary>Whole: see <see cref="Octet"/>, of every row.</summary>
    public struct Args
    {
        public ArrayView<ushort> X, Dy, Y;
        public long Rows;
        public int Columns, Whole;
    }

    [Kernel]
    private static void SoftmaxKernel<T>(Args p) where T : struct, IStoredFloat
    {
        ArrayView<F4> shared = GroupSum.Allocate();
        var at = new RowPlace(p.Rows, p.Columns);
        bool whole = p.Whole != 0;
        float max = float.NegativeInfinity;
        for (int c = at.Column; c < p.Columns; c += RowPlace.Step)
        {
            // What a last octet lacks repeats the row's last element.
            F8 e = Octet.Load<T>(p.X, at.Start, c, p.Columns, whole);
            F4 m = F4.Max(e.Low, e.High);
            max = Math.Max(max, Math.Max(Math.Max(m.X, m.Y), Math.Max(m.Z, m.W)));
        }
        max = GroupSum.MaxOfRow(shared, max);
        float sum = 0f;
        for (int c = at.Column; c < p.Columns; c += RowPlace.Step) sum += F8.Sum(Exp(Octet.Load<T>(p.X, at.Start, c, p.Columns, whole), max), p.Columns - c);
        float scale = 1f / GroupSum.OfRow(shared, sum);
        for (int c = at.Column; c < at.StoreEnd; c += RowPlace.Step)
            Octet.Store<T>(p.Y, at.Start, c, F8.Scale(Exp(Octet.Load<T>(p.X, at.Start, c, p.Columns, whole), max), scale), p.Columns, whole);
    }

    private static F8 Exp(F8 x, float max) => new(Exp(x.Low, max), Exp(x.High, max));

    private static F4 Exp(F4 x, float max) =>
        new(KernelMath.Exp(x.X - max), KernelMath.Exp(x.Y - max), KernelMath.Exp(x.Z - max), KernelMath.Exp(x.W - max));

    [Kernel]
    private static void SoftmaxBackwardKernel<T>(Args p) where T : struct, IStoredFloat
    {
        ArrayView<F4> shared = GroupSum.Allocate();
        var at = new RowPlace(p.Rows, p.Columns);
        bool whole = p.Whole != 0;
        float sum = 0f;
        for (int c = at.Column; c < p.Columns; c += RowPlace.Step)
            sum += F8.Sum(F8.Multiply(Octet.Load<T>(p.X, at.Start, c, p.Columns, whole), Octet.Load<T>(p.Dy, at.Start, c, p.Columns, whole)), p.Columns - c);
        sum = GroupSum.OfRow(shared, sum);
        for (int c = at.Column; c < at.StoreEnd; c += RowPlace.Step)
        {
            F8 dx = F8.Multiply(Octet.Load<T>(p.X, at.Start, c, p.Columns, whole), F8.Shift(Octet.Load<T>(p.Dy, at.Start, c, p.Columns, whole), -sum));
            Octet.Store<T>(p.Y, at.Start, c, dx, p.Columns, whole);
        }
    }
}
