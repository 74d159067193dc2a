using ILGPU;

namespace SeLoRA.Engine;

public sealed partial class GpuBackend
{
    /// <inheritdoc/>
    public void LayerNorm(Tensor x, Tensor w, Tensor b, Tensor y, Tensor stats, float eps)
    {
        using Lock.Scope turn = Enter();
        LayerNormKernels.Forward.Run(this, x.Shape.Rows, new LayerNormKernels.ForwardArgs
        {
            X = Floats(x), W = Floats(w), B = Floats(b), Y = Floats(y), Stats = Floats(stats), Columns = x.Shape[-1], Eps = eps,
        });
    }

    /// <inheritdoc/>
    public void LayerNormBackward(Tensor x, Tensor w, Tensor stats, Tensor dy, Tensor? dx, Tensor? dw, Tensor? db)
    {
        using Lock.Scope turn = Enter();
        var args = new LayerNormKernels.BackwardArgs
        {
            X = Floats(x), W = Floats(w), Stats = Floats(stats), Dy = Floats(dy), Columns = x.Shape[-1], Rows = x.Shape.Rows,
        };
        if (dx is not null) LayerNormKernels.BackwardData.Run(this, x.Shape.Rows, args with { Dx = Floats(dx), Dw = Floats(dx), Db = Floats(dx) });
        if (dw is not null && db is not null)
            LayerNormKernels.BackwardAffine.Run(this, x.Shape[-1], args with { Dx = Floats(dw), Dw = Floats(dw), Db = Floats(db) });
    }
}

/// <summary>Layer norm, one group a row (gradients of scale and shift: one group a column): bound by memory.</summary>
internal static class LayerNormKernels
{
    public static readonly Kernel<ForwardArgs> Forward = new(LayerNormKernel);
    public static readonly Kernel<BackwardArgs> BackwardData = new(LayerNormBackwardDataKernel), BackwardAffine = new(LayerNormBackwardAffineKernel);

    public struct ForwardArgs
    {
        public ArrayView<float> X, W, B, Y, Stats;
        public int Columns;
        public float Eps;
    }

    public struct BackwardArgs
    {
        public ArrayView<float> X, W, Stats, Dy, Dx, Dw, Db;
        public int Columns;
        public long Rows;
    }

    [Kernel]
    private static void LayerNormKernel(ForwardArgs a)
    {
        ArrayView<float> shared = SharedMemory.Allocate<float>(GroupReduction.Threads);
        long row = (long)Grid.IdxX * a.Columns;
        float sum = 0f;
        for (int c = Group.IdxX; c < a.Columns; c += GroupReduction.Threads) sum += a.X[row + c];
        float mean = GroupReduction.Sum(shared, sum) / a.Columns;
        float squares = 0f, rest = 0f;
        for (int c = Group.IdxX; c < a.Columns; c += GroupReduction.Threads)
        {
            float d = a.X[row + c] - mean;
            squares += d * d;
            rest += d;
        }
        // What rounding the mean lost comes back as the mean of the differences.
        float correction = GroupReduction.Sum(shared, rest) / a.Columns;
        float variance = GroupReduction.Sum(shared, squares) / a.Columns - correction * correction;
        float rstd = 1f / MathF.Sqrt(variance + a.Eps);
        if (Group.IdxX == 0)
        {
            a.Stats[2 * (long)Grid.IdxX] = mean + correction;
            a.Stats[2 * (long)Grid.IdxX + 1] = rstd;
        }
        for (int c = Group.IdxX; c < a.Columns; c += GroupReduction.Threads)
            a.Y[row + c] = (a.X[row + c] - mean - correction) * rstd * a.W[c] + a.B[c];
    }

    [Kernel]
    private static void LayerNormBackwardDataKernel(BackwardArgs a)
    {
        ArrayView<float> shared = SharedMemory.Allocate<float>(GroupReduction.Threads);
        long row = (long)Grid.IdxX * a.Columns;
        float mean = a.Stats[2 * (long)Grid.IdxX], rstd = a.Stats[2 * (long)Grid.IdxX + 1];
        float sum = 0f, product = 0f;
        for (int c = Group.IdxX; c < a.Columns; c += GroupReduction.Threads)
        {
            float g = a.Dy[row + c] * a.W[c];
            sum += g;
            product += g * (a.X[row + c] - mean) * rstd;
        }
        sum = GroupReduction.Sum(shared, sum) / a.Columns;
        product = GroupReduction.Sum(shared, product) / a.Columns;
        for (int c = Group.IdxX; c < a.Columns; c += GroupReduction.Threads)
        {
            float xhat = (a.X[row + c] - mean) * rstd;
            a.Dx[row + c] = rstd * (a.Dy[row + c] * a.W[c] - sum - xhat * product);
        }
    }

    [Kernel]
    private static void LayerNormBackwardAffineKernel(BackwardArgs a)
    {
        ArrayView<float> shared = SharedMemory.Allocate<float>(GroupReduction.Threads);
        int c = Grid.IdxX;
        float dw = 0f, db = 0f;
        for (long row = Group.IdxX; row < a.Rows; row += GroupReduction.Threads)
        {
            float dy = a.Dy[row * a.Columns + c];
            dw += dy * (a.X[row * a.Columns + c] - a.Stats[2 * row]) * a.Stats[2 * row + 1];
            db += dy;
        }
        dw = GroupReduction.Sum(shared, dw);
        db = GroupReduction.Sum(shared, db);
        if (Group.IdxX != 0) return;
        a.Dw[c] = dw;
        a.Db[c] = db;
    }
}
