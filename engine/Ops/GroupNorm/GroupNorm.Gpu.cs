using ILGPU;

namespace SeLoRA.Engine;

public sealed partial class GpuBackend
{
    /// <inheritdoc/>
    public void GroupNorm(Tensor x, Tensor w, Tensor b, Tensor y, Tensor stats, in GroupNormShape shape)
    {
        using Lock.Scope turn = Enter();
        GroupNormKernels.Forward.Run(this, (long)shape.N * shape.Groups, Args(x, w, b, stats, x, shape) with { Out = Floats(y), Out2 = Floats(y) });
    }

    /// <inheritdoc/>
    public void GroupNormBackward(Tensor x, Tensor w, Tensor b, Tensor stats, Tensor dy, Tensor? dx, Tensor? dw, Tensor? db,
        in GroupNormShape shape)
    {
        using Lock.Scope turn = Enter();
        GroupNormKernels.NormArgs args = Args(x, w, b, stats, dy, shape);
        if (dx is not null)
            GroupNormKernels.BackwardData.Run(this, (long)shape.N * shape.Groups, args with { Out = Floats(dx), Out2 = Floats(dx) });
        if (dw is not null && db is not null)
            GroupNormKernels.BackwardAffine.Run(this, shape.C, args with { Out = Floats(dw), Out2 = Floats(db) });
    }

    private static GroupNormKernels.NormArgs Args(Tensor x, Tensor w, Tensor b, Tensor stats, Tensor dy, in GroupNormShape s) => new()
    {
        X = Floats(x), W = Floats(w), B = Floats(b), Stats = Floats(stats), Dy = Floats(dy), N = s.N, P = s.P, C = s.C, Groups = s.Groups,
        Width = s.C / s.Groups, Eps = s.Eps, Silu = s.Silu ? 1 : 0,
    };
}

/// <summary>
/// Group norm over channels-last pixels, one group of threads for each image and group (gradients of scale and shift: one a channel):
/// bound by memory.
/// </summary>
internal static class GroupNormKernels
{
    public static readonly Kernel<NormArgs> Forward = new(GroupNormKernel), BackwardData = new(GroupNormBackwardDataKernel),
        BackwardAffine = new(GroupNormBackwardAffineKernel);

    public struct NormArgs
    {
        public ArrayView<float> X, W, B, Stats, Dy, Out, Out2;
        public int N, P, C, Groups, Width, Silu;
        public float Eps;
    }

    [Kernel]
    private static void GroupNormKernel(NormArgs a)
    {
        ArrayView<float> shared = SharedMemory.Allocate<float>(GroupReduction.Threads);
        int image = Grid.IdxX / a.Groups, group = Grid.IdxX % a.Groups;
        long first = (long)image * a.P * a.C + group * a.Width;
        int count = a.P * a.Width;
        float sum = 0f;
        for (int i = Group.IdxX; i < count; i += GroupReduction.Threads) sum += a.X[first + Pixel(i, a)];
        float mean = GroupReduction.Sum(shared, sum) / count;
        float squares = 0f, rest = 0f;
        for (int i = Group.IdxX; i < count; i += GroupReduction.Threads)
        {
            float d = a.X[first + Pixel(i, a)] - mean;
            squares += d * d;
            rest += d;
        }
        // What rounding the mean lost comes back as the mean of the differences.
        float correction = GroupReduction.Sum(shared, rest) / count;
        float variance = GroupReduction.Sum(shared, squares) / count - correction * correction;
        float rstd = 1f / MathF.Sqrt(variance + a.Eps);
        if (Group.IdxX == 0)
        {
            a.Stats[2 * (long)Grid.IdxX] = mean + correction;
            a.Stats[2 * (long)Grid.IdxX + 1] = rstd;
        }
        for (int i = Group.IdxX; i < count; i += GroupReduction.Threads)
        {
            long at = first + Pixel(i, a);
            int c = group * a.Width + i % a.Width;
            var z = new F32((a.X[at] - mean - correction) * rstd * a.W[c] + a.B[c]);
            a.Out[at] = a.Silu != 0 ? SiluOp.Value(z).Value : z.Value;
        }
    }

    [Kernel]
    private static void GroupNormBackwardDataKernel(NormArgs a)
    {
        ArrayView<float> shared = SharedMemory.Allocate<float>(GroupReduction.Threads);
        int image = Grid.IdxX / a.Groups, group = Grid.IdxX % a.Groups;
        long first = (long)image * a.P * a.C + group * a.Width;
        int count = a.P * a.Width;
        float mean = a.Stats[2 * (long)Grid.IdxX], rstd = a.Stats[2 * (long)Grid.IdxX + 1];
        float sum = 0f, product = 0f;
        for (int i = Group.IdxX; i < count; i += GroupReduction.Threads)
        {
            long at = first + Pixel(i, a);
            int c = group * a.Width + i % a.Width;
            float xhat = (a.X[at] - mean) * rstd, g = Inner(a, at, c, xhat) * a.W[c];
            sum += g;
            product += g * xhat;
        }
        sum = GroupReduction.Sum(shared, sum) / count;
        product = GroupReduction.Sum(shared, product) / count;
        for (int i = Group.IdxX; i < count; i += GroupReduction.Threads)
        {
            long at = first + Pixel(i, a);
            int c = group * a.Width + i % a.Width;
            float xhat = (a.X[at] - mean) * rstd;
            a.Out[at] = rstd * (Inner(a, at, c, xhat) * a.W[c] - sum - xhat * product);
        }
    }

    [Kernel]
    private static void GroupNormBackwardAffineKernel(NormArgs a)
    {
        ArrayView<float> shared = SharedMemory.Allocate<float>(GroupReduction.Threads);
        int c = Grid.IdxX, group = c / a.Width;
        long rows = (long)a.N * a.P;
        float dw = 0f, db = 0f;
        for (long row = Group.IdxX; row < rows; row += GroupReduction.Threads)
        {
            long at = row * a.C + c, stat = 2 * (Flat.Divide(row, a.P) * a.Groups + group);
            float xhat = (a.X[at] - a.Stats[stat]) * a.Stats[stat + 1];
            float g = Inner(a, at, c, xhat);
            dw += g * xhat;
            db += g;
        }
        dw = GroupReduction.Sum(shared, dw);
        db = GroupReduction.Sum(shared, db);
        if (Group.IdxX != 0) return;
        a.Out[c] = dw;
        a.Out2[c] = db;
    }

    /// <summary>Offset of element i of a group within its image.</summary>
    private static long Pixel(int i, NormArgs a) => (long)(i / a.Width) * a.C + i % a.Width;

    /// <summary>Gradient before the SiLU.</summary>
    private static float Inner(NormArgs a, long at, int c, float xhat) =>
        a.Silu != 0 ? SiluOp.Grad(new F32(xhat * a.W[c] + a.B[c]), new F32(a.Dy[at])).Value : a.Dy[at];
}
