using ILGPU;

namespace SeLoRA.Engine;

public sealed partial class GpuBackend
{
    // Elements of a group of channels that one group of threads sums.
    private const int GroupNormPart = 8192;

    /// <inheritdoc/>
    public void GroupNorm(Tensor x, Tensor w, Tensor b, Tensor y, Tensor stats, in GroupNormShape shape)
    {
        using Lock.Scope turn = Enter();
        GroupNormKernels.Args p = GroupNormArgs(x, w, b, stats, shape);
        (p.Dy, p.Y) = (p.X, Floats(y));
        long groups = (long)shape.N * shape.Groups;
        GpuStorage partial = Workspace(2 * groups * p.Parts);
        p.Partial = Floats(partial);
        GroupNormKernels.Stats.Run(this, groups * p.Parts, p);
        GroupNormKernels.CombineStats.RunFlat(this, groups, p);
        GroupNormKernels.Apply.RunFlat(this, y.Count, p);
        partial.Release();
    }

    /// <inheritdoc/>
    public void GroupNormBackward(Tensor x, Tensor w, Tensor b, Tensor stats, Tensor dy, Tensor? dx, Tensor? dw, Tensor? db,
        in GroupNormShape shape)
    {
        using Lock.Scope turn = Enter();
        GroupNormKernels.Args p = GroupNormArgs(x, w, b, stats, shape);
        p.Dy = Floats(dy);
        if (dx is not null)
        {
            p.Y = Floats(dx);
            long groups = (long)shape.N * shape.Groups;
            GpuStorage partial = Workspace(2 * groups * (p.Parts + 1));
            p.Partial = Floats(partial);
            GroupNormKernels.BackwardStats.Run(this, groups * p.Parts, p);
            GroupNormKernels.CombineBackwardStats.RunFlat(this, groups, p);
            GroupNormKernels.BackwardApply.RunFlat(this, dx.Count, p);
            partial.Release();
        }
        if (dw is null || db is null) return;
        SumColumns(new GroupNormColumns { P = p }, Floats(dw), Floats(db), 1, (long)shape.N * shape.P, shape.C, 1f);
    }

    private GroupNormKernels.Args GroupNormArgs(Tensor x, Tensor w, Tensor b, Tensor stats, in GroupNormShape s)
    {
        int channels = s.C / s.Groups, partPixels = Math.Max(1, GroupNormPart / channels);
        ArrayView<float> view = Floats(x);
        return new GroupNormKernels.Args
        {
            X = view, W = Floats(w), B = Floats(b), Stats = Floats(stats), Dy = view, Y = view, Partial = view, Count = x.Count,
            Pixels = s.P, Channels = s.C, Groups = s.Groups, GroupChannels = channels, PartPixels = partPixels,
            Parts = (s.P + partPixels - 1) / partPixels, Silu = s.Silu ? 1 : 0, Eps = s.Eps, StatsCount = s.N * s.Groups,
        };
    }
}

/// <summary>Terms of the gradients of scale and shift: dz xhat and dz, dz the gradient before the activation.</summary>
internal struct GroupNormColumns : IColumnSource
{
    public GroupNormKernels.Args P;

    public static bool HasB => true;

    public readonly F2 At(long i, long row, long column)
    {
        long stats = Flat.Divide(row, P.Pixels) * P.Groups + (int)column / P.GroupChannels;
        float xhat = (P.X[i] - P.Stats[2 * stats]) * P.Stats[2 * stats + 1];
        float dz = GroupNormKernels.BeforeActivation(P, i, (int)column, xhat);
        return new F2(dz * xhat, dz);
    }
}

/// <summary>
/// Group norm, channels last. A group of threads sums one part of the pixels of one group of channels; a thread adds the parts in
/// order; the result is one more pass. Bound by memory: x is read three times, twice from cache when it fits.
/// </summary>
internal static class GroupNormKernels
{
    public static readonly Kernel<Args> Stats = new(GroupNormStatsKernel), CombineStats = new(GroupNormCombineStatsKernel),
        Apply = new(GroupNormApplyKernel), BackwardStats = new(GroupNormBackwardStatsKernel),
        CombineBackwardStats = new(GroupNormCombineBackwardStatsKernel), BackwardApply = new(GroupNormBackwardApplyKernel);

    /// <summary>Partial is (N groups, parts, 2), behind it backward's (N groups, 2).</summary>
    public struct Args
    {
        public ArrayView<float> X, W, B, Dy, Y, Stats, Partial;
        public long Count;
        public int Pixels, Channels, Groups, GroupChannels, PartPixels, Parts, Silu, StatsCount;
        public float Eps;
    }

    /// <summary>The elements of one part of one group of channels: element e of count lies at Start + pixel C + channel.</summary>
    private struct Part
    {
        public long Start;
        public int Index, Stats, Channel0, Count;

        public Part(Args p)
        {
            Index = Grid.IdxX;
            Stats = Index / p.Parts;
            int part = Index - Stats * p.Parts, n = Stats / p.Groups;
            Channel0 = (Stats - n * p.Groups) * p.GroupChannels;
            int pixel0 = part * p.PartPixels;
            Count = IntrinsicMath.Min(p.PartPixels, p.Pixels - pixel0) * p.GroupChannels;
            Start = ((long)n * p.Pixels + pixel0) * p.Channels + Channel0;
        }

        public readonly long At(Args p, int e) => Start + (long)(e / p.GroupChannels) * p.Channels + e % p.GroupChannels;
    }

    /// <summary>Mean of a part and sum of squared distances from it.</summary>
    [Kernel]
    private static void GroupNormStatsKernel(Args p)
    {
        ArrayView<F4> shared = GroupSum.Allocate();
        var part = new Part(p);
        float sum = 0f;
        for (int e = Group.IdxX; e < part.Count; e += 256) sum += p.X[part.At(p, e)];
        float mean = GroupSum.OfGroup(shared, sum) / part.Count;
        sum = 0f;
        for (int e = Group.IdxX; e < part.Count; e += 256)
        {
            float d = p.X[part.At(p, e)] - mean;
            sum += d * d;
        }
        sum = GroupSum.OfGroup(shared, sum);
        if (Group.IdxX == 0)
        {
            p.Partial[2L * part.Index] = mean;
            p.Partial[2L * part.Index + 1] = sum;
        }
    }

    /// <summary>Merges the parts' means and squared distances in order (Chan, Golub and LeVeque, 1979).</summary>
    [Kernel]
    private static void GroupNormCombineStatsKernel(Args p)
    {
        long i = Flat.Index;
        if (i >= p.StatsCount) return;
        float mean = 0f, squares = 0f, count = 0f;
        for (int part = 0; part < p.Parts; part++)
        {
            long at = 2 * (i * p.Parts + part);
            float more = IntrinsicMath.Min(p.PartPixels, p.Pixels - part * p.PartPixels) * p.GroupChannels;
            float all = count + more, difference = p.Partial[at] - mean;
            mean += difference * (more / all);
            squares += p.Partial[at + 1] + difference * difference * (count * (more / all));
            count = all;
        }
        p.Stats[2 * i] = mean;
        p.Stats[2 * i + 1] = 1f / MathF.Sqrt(squares / count + p.Eps);
    }

    [Kernel]
    private static void GroupNormApplyKernel(Args p)
    {
        long i = Flat.Index;
        if (i >= p.Count) return;
        long pixel = Flat.Divide(i, p.Channels);
        int c = (int)(i - pixel * p.Channels);
        long stats = 2 * (Flat.Divide(pixel, p.Pixels) * p.Groups + c / p.GroupChannels);
        float y = (p.X[i] - p.Stats[stats]) * p.Stats[stats + 1] * p.W[c] + p.B[c];
        p.Y[i] = p.Silu != 0 ? SiluOp.Value(new F32(y)).Value : y;
    }

    /// <summary>Gradient before the activation of element i in channel c.</summary>
    public static float BeforeActivation(Args p, long i, int c, float xhat)
    {
        float dy = p.Dy[i];
        return p.Silu != 0 ? SiluOp.Grad(new F32(xhat * p.W[c] + p.B[c]), new F32(dy)).Value : dy;
    }

    /// <summary>Sums of g and g xhat over a part, g = dz w.</summary>
    [Kernel]
    private static void GroupNormBackwardStatsKernel(Args p)
    {
        ArrayView<F4> shared = GroupSum.Allocate();
        var part = new Part(p);
        float mean = p.Stats[2L * part.Stats], inverse = p.Stats[2L * part.Stats + 1], sum = 0f, dot = 0f;
        for (int e = Group.IdxX; e < part.Count; e += 256)
        {
            long i = part.At(p, e);
            int c = part.Channel0 + e % p.GroupChannels;
            float xhat = (p.X[i] - mean) * inverse, g = BeforeActivation(p, i, c, xhat) * p.W[c];
            sum += g;
            dot += g * xhat;
        }
        sum = GroupSum.OfGroup(shared, sum);
        dot = GroupSum.OfGroup(shared, dot);
        if (Group.IdxX == 0)
        {
            p.Partial[2L * part.Index] = sum;
            p.Partial[2L * part.Index + 1] = dot;
        }
    }

    /// <summary>Means of g and g xhat over a group of channels.</summary>
    [Kernel]
    private static void GroupNormCombineBackwardStatsKernel(Args p)
    {
        long i = Flat.Index;
        if (i >= p.StatsCount) return;
        float sum = 0f, dot = 0f;
        for (int part = 0; part < p.Parts; part++)
        {
            long at = 2 * (i * p.Parts + part);
            sum += p.Partial[at];
            dot += p.Partial[at + 1];
        }
        float scale = 1f / ((float)p.Pixels * p.GroupChannels);
        long result = 2 * ((long)p.StatsCount * p.Parts + i);
        p.Partial[result] = sum * scale;
        p.Partial[result + 1] = dot * scale;
    }

    /// <summary>dx = (g - mean(g) - xhat mean(g xhat)) / sigma.</summary>
    [Kernel]
    private static void GroupNormBackwardApplyKernel(Args p)
    {
        long i = Flat.Index;
        if (i >= p.Count) return;
        long pixel = Flat.Divide(i, p.Channels);
        int c = (int)(i - pixel * p.Channels);
        long group = Flat.Divide(pixel, p.Pixels) * p.Groups + c / p.GroupChannels, means = 2 * ((long)p.StatsCount * p.Parts + group);
        float inverse = p.Stats[2 * group + 1], xhat = (p.X[i] - p.Stats[2 * group]) * inverse;
        float g = BeforeActivation(p, i, c, xhat) * p.W[c];
        p.Y[i] = (g - p.Partial[means] - xhat * p.Partial[means + 1]) * inverse;
    }
}
