using ILGPU;

namespace SeLoRA.Engine;

public sealed partial class GpuBackend
{
    /// <inheritdoc/>
    public void LayerNorm(Tensor x, Tensor w, Tensor b, Tensor y, Tensor stats, float eps)
    {
        using Turn turn = Enter();
        long rows = x.Shape.Rows;
        LayerNormKernels.Forward.For(x).Run(this, (rows + GroupSum.Rows - 1) / GroupSum.Rows, new LayerNormKernels.Args
        {
            X = Words(x), W = Floats(w), B = Floats(b), Dy = Words(x), Y = Words(y), Stats = Floats(stats), Rows = rows, Columns = x.Shape[-1], Eps = eps,
            Whole = x.Shape[-1] % Octet.Size == 0 ? Whole(x, w, b, y) : 0,
        });
    }

    /// <inheritdoc/>
    public void LayerNormBackward(Tensor x, Tensor w, Tensor stats, Tensor dy, Tensor? dx, Tensor? dw, Tensor? db)
    {
        using Turn turn = Enter();
        long rows = x.Shape.Rows;
        int columns = x.Shape[-1];
        if (dx is not null)
        {
            LayerNormKernels.Backward.For(x).Run(this, (rows + GroupSum.Rows - 1) / GroupSum.Rows, new LayerNormKernels.Args
            {
                X = Words(x), W = Floats(w), B = Floats(w), Dy = Words(dy), Y = Words(dx), Stats = Floats(stats), Rows = rows, Columns = columns,
                Whole = columns % Octet.Size == 0 ? Whole(x, w, dy, dx) : 0,
            });
        }
        if (dw is null || db is null) return;
        var source = new LayerNormColumns { X = Words(x), Dy = Words(dy), Stats = Floats(stats) };
        SumColumns(x.DType, source, Floats(dw), Floats(db), 1, rows, columns, 1f);
    }
}

/// <summary>Terms of the gradients of scale and shift: dy xhat and dy.</summary>
internal struct LayerNormColumns : IColumnSource
{
    public ArrayView<ushort> X, Dy;
    public ArrayView<float> Stats;

    public static bool HasB => true;

    public readonly F2 At<T>(long i, long row, long column) where T : struct, IStoredFloat
    {
        float dy = T.Load(Dy, i);
        return new F2(dy * (T.Load(X, i) - Stats[2 * row]) * Stats[2 * row + 1], dy);
    }
}

/// <summary>Layer norm, 32 threads a row, which take octets: bound by memory; the passes after the first read from cache.</summary>
internal static class LayerNormKernels
{
    public static readonly FloatKernels<Args>
        Forward = new(LayerNormKernel<StoredF32>, LayerNormKernel<StoredBF16>, LayerNormKernel<StoredF16>),
        Backward = new(LayerNormBackwardKernel<StoredF32>, LayerNormBackwardKernel<StoredBF16>, LayerNormBackwardKernel<StoredF16>);

    /// <summary>Backward: Y is dx. Whole: see <see cref="Octet"/>, of every row.</summary>
    public struct Args
    {
        public ArrayView<ushort> X, Dy, Y;
        public ArrayView<float> W, B, Stats;
        public long Rows;
        public int Columns, Whole;
        public float Eps;
    }

    /// <summary>Mean first, then the mean of squared distances: no cancellation.</summary>
    [Kernel]
    private static void LayerNormKernel<T>(Args p) where T : struct, IStoredFloat
    {
        ArrayView<F4> shared = GroupSum.Allocate();
        var at = new RowPlace(p.Rows, p.Columns);
        bool whole = p.Whole != 0;
        float scale = 1f / p.Columns, sum = 0f;
        for (int c = at.Column; c < p.Columns; c += RowPlace.Step) sum += F8.Sum(Octet.Load<T>(p.X, at.Start, c, p.Columns, whole), p.Columns - c);
        float mean = GroupSum.OfRow(shared, sum) * scale;
        sum = 0f;
        for (int c = at.Column; c < p.Columns; c += RowPlace.Step)
        {
            F8 d = F8.Shift(Octet.Load<T>(p.X, at.Start, c, p.Columns, whole), -mean);
            sum += F8.Sum(F8.Multiply(d, d), p.Columns - c);
        }
        float inverse = 1f / MathF.Sqrt(GroupSum.OfRow(shared, sum) * scale + p.Eps);
        for (int c = at.Column; c < at.StoreEnd; c += RowPlace.Step)
        {
            F8 xhat = F8.Scale(F8.Shift(Octet.Load<T>(p.X, at.Start, c, p.Columns, whole), -mean), inverse);
            F8 w = Octet.LoadF32(p.W, c, p.Columns, whole), b = Octet.LoadF32(p.B, c, p.Columns, whole);
            Octet.Store<T>(p.Y, at.Start, c, F8.Add(F8.Multiply(xhat, w), b), p.Columns, whole);
        }
        if (at.Column == 0 && at.StoreEnd > 0)
        {
            p.Stats[2 * at.Row] = mean;
            p.Stats[2 * at.Row + 1] = inverse;
        }
    }

    /// <summary>dx = (g - mean(g) - xhat mean(g xhat)) / sigma, g = dy w.</summary>
    [Kernel]
    private static void LayerNormBackwardKernel<T>(Args p) where T : struct, IStoredFloat
    {
        ArrayView<F4> shared = GroupSum.Allocate();
        var at = new RowPlace(p.Rows, p.Columns);
        bool whole = p.Whole != 0;
        float mean = p.Stats[2 * at.Row], inverse = p.Stats[2 * at.Row + 1], scale = 1f / p.Columns;
        float sum = 0f, dot = 0f;
        for (int c = at.Column; c < p.Columns; c += RowPlace.Step)
        {
            F8 g = F8.Multiply(Octet.Load<T>(p.Dy, at.Start, c, p.Columns, whole), Octet.LoadF32(p.W, c, p.Columns, whole));
            F8 xhat = F8.Scale(F8.Shift(Octet.Load<T>(p.X, at.Start, c, p.Columns, whole), -mean), inverse);
            sum += F8.Sum(g, p.Columns - c);
            dot += F8.Sum(F8.Multiply(g, xhat), p.Columns - c);
        }
        sum = GroupSum.OfRow(shared, sum) * scale;
        dot = GroupSum.OfRow(shared, dot) * scale;
        for (int c = at.Column; c < at.StoreEnd; c += RowPlace.Step)
        {
            F8 g = F8.Multiply(Octet.Load<T>(p.Dy, at.Start, c, p.Columns, whole), Octet.LoadF32(p.W, c, p.Columns, whole));
            F8 xhat = F8.Scale(F8.Shift(Octet.Load<T>(p.X, at.Start, c, p.Columns, whole), -mean), inverse);
            Octet.Store<T>(p.Y, at.Start, c, F8.Scale(F8.MulAdd(F8.Shift(g, -sum), -dot, xhat), inverse), p.Columns, whole);
        }
    }
}
