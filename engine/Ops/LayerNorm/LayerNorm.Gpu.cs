using ILGPU;

namespace SeLoRA.Engine;

public sealed partial class GpuBackend
{
    /// <inheritdoc/>
    public void LayerNorm(Tensor x, Tensor w, Tensor b, Tensor y, Tensor stats, float eps)
    {
        using Lock.Scope turn = Enter();
        long rows = x.Shape.Rows;
        LayerNormKernels.Forward.Run(this, (rows + GroupSum.Rows - 1) / GroupSum.Rows, new LayerNormKernels.Args
        {
            X = Floats(x), W = Floats(w), B = Floats(b), Y = Floats(y), Stats = Floats(stats), Rows = rows, Columns = x.Shape[-1], Eps = eps,
        });
    }

    /// <inheritdoc/>
    public void LayerNormBackward(Tensor x, Tensor w, Tensor stats, Tensor dy, Tensor? dx, Tensor? dw, Tensor? db)
    {
        using Lock.Scope turn = Enter();
        long rows = x.Shape.Rows;
        int columns = x.Shape[-1];
        if (dx is not null)
        {
            LayerNormKernels.Backward.Run(this, (rows + GroupSum.Rows - 1) / GroupSum.Rows, new LayerNormKernels.Args
            {
                X = Floats(x), W = Floats(w), B = Floats(dy), Y = Floats(dx), Stats = Floats(stats), Rows = rows, Columns = columns,
            });
        }
        if (dw is null || db is null) return;
        var source = new LayerNormColumns { X = Floats(x), Dy = Floats(dy), Stats = Floats(stats) };
        SumColumns(source, Floats(dw), Floats(db), 1, rows, columns, 1f);
    }
}

/// <summary>Terms of the gradients of scale and shift: dy xhat and dy.</summary>
internal struct LayerNormColumns : IColumnSource
{
    public ArrayView<float> X, Dy, Stats;

    public static bool HasB => true;

    public readonly F2 At(long i, long row, long column)
    {
        float dy = Dy[i];
        return new F2(dy * (X[i] - Stats[2 * row]) * Stats[2 * row + 1], dy);
    }
}

/// <summary>Layer norm, 32 threads a row: bound by memory; the passes after the first read from cache.</summary>
internal static class LayerNormKernels
{
    public static readonly Kernel<Args> Forward = new(LayerNormKernel), Backward = new(LayerNormBackwardKernel);

    /// <summary>Backward: B is dy, Y is dx.</summary>
    public struct Args
    {
        public ArrayView<float> X, W, B, Y, Stats;
        public long Rows;
        public int Columns;
        public float Eps;
    }

    /// <summary>Mean first, then the mean of squared distances: no cancellation.</summary>
    [Kernel]
    private static void LayerNormKernel(Args p)
    {
        ArrayView<F4> shared = GroupSum.Allocate();
        var at = new RowPlace(p.Rows, p.Columns);
        float scale = 1f / p.Columns, sum = 0f;
        for (int c = at.Lane; c < p.Columns; c += GroupSum.Lanes) sum += p.X[at.Start + c];
        float mean = GroupSum.OfRow(shared, sum) * scale;
        sum = 0f;
        for (int c = at.Lane; c < p.Columns; c += GroupSum.Lanes)
        {
            float d = p.X[at.Start + c] - mean;
            sum += d * d;
        }
        float inverse = 1f / MathF.Sqrt(GroupSum.OfRow(shared, sum) * scale + p.Eps);
        for (int c = at.Lane; c < at.StoreEnd; c += GroupSum.Lanes)
            p.Y[at.Start + c] = (p.X[at.Start + c] - mean) * inverse * p.W[c] + p.B[c];
        if (at.Lane == 0 && at.StoreEnd > 0)
        {
            p.Stats[2 * at.Row] = mean;
            p.Stats[2 * at.Row + 1] = inverse;
        }
    }

    /// <summary>dx = (g - mean(g) - xhat mean(g xhat)) / sigma, g = dy w.</summary>
    [Kernel]
    private static void LayerNormBackwardKernel(Args p)
    {
        ArrayView<F4> shared = GroupSum.Allocate();
        var at = new RowPlace(p.Rows, p.Columns);
        float mean = p.Stats[2 * at.Row], inverse = p.Stats[2 * at.Row + 1], scale = 1f / p.Columns;
        float sum = 0f, dot = 0f;
        for (int c = at.Lane; c < p.Columns; c += GroupSum.Lanes)
        {
            float g = p.B[at.Start + c] * p.W[c];
            sum += g;
            dot += g * (p.X[at.Start + c] - mean) * inverse;
        }
        sum = GroupSum.OfRow(shared, sum) * scale;
        dot = GroupSum.OfRow(shared, dot) * scale;
        for (int c = at.Lane; c < at.StoreEnd; c += GroupSum.Lanes)
        {
            float g = p.B[at.Start + c] * p.W[c], xhat = (p.X[at.Start + c] - mean) * inverse;
            p.Y[at.Start + c] = (g - sum - xhat * dot) * inverse;
        }
    }
}
