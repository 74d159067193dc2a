using ILGPU;

namespace SeLoRA.Engine;

public sealed partial class GpuBackend
{
    // Elements that one group of threads sums.
    private const int GroupNormPart = 8192;

    /// <inheritdoc/>
    public void GroupNorm(Tensor x, Tensor w, Tensor b, Tensor y, Tensor stats, in GroupNormShape shape)
    {
        using Turn turn = Enter();
        GroupNormKernels.Args p = GroupNormArgs(x, w, b, stats, shape, shape.C % Octet.Size == 0 && Whole(x, w, b, y) != 0);
        p.Y = Words(y);
        long groups = (long)shape.N * shape.Groups;
        GpuStorage partial = Workspace(2 * groups * p.Parts);
        p.Partial = Floats(partial);
        if (p.SlabOctets > 0) GroupNormSlabKernels.Stats.For(x).Run(this, groups / p.SlabGroups * p.Parts, p);
        else GroupNormKernels.Stats.For(x).Run(this, groups * p.Parts, p);
        GroupNormKernels.CombineStats.RunFlat(this, groups, p);
        GroupNormKernels.Apply.For(x).RunFlat(this, Octets(y.Count), p);
        partial.Release();
    }

    /// <inheritdoc/>
    public void GroupNormBackward(Tensor x, Tensor w, Tensor b, Tensor stats, Tensor dy, Tensor? dx, Tensor? dw, Tensor? db,
        in GroupNormShape shape)
    {
        using Turn turn = Enter();
        bool whole = shape.C % Octet.Size == 0 && Whole(x, w, b, dy, dx ?? x) != 0;
        GroupNormKernels.Args p = GroupNormArgs(x, w, b, stats, shape, whole);
        p.Dy = Words(dy);
        if (dx is not null)
        {
            p.Y = Words(dx);
            long groups = (long)shape.N * shape.Groups;
            GpuStorage partial = Workspace(2 * groups * (p.Parts + 1));
            p.Partial = Floats(partial);
            if (p.SlabOctets > 0) GroupNormSlabKernels.BackwardStats.For(x).Run(this, groups / p.SlabGroups * p.Parts, p);
            else GroupNormKernels.BackwardStats.For(x).Run(this, groups * p.Parts, p);
            GroupNormKernels.CombineBackwardStats.RunFlat(this, groups, p);
            GroupNormKernels.BackwardApply.For(x).RunFlat(this, Octets(dx.Count), p);
            partial.Release();
        }
        if (dw is null || db is null) return;
        SumColumns(x.DType, new GroupNormColumns { P = p }, Floats(dw), Floats(db), 1, (long)shape.N * shape.P, shape.C, 1f);
    }

    private GroupNormKernels.Args GroupNormArgs(Tensor x, Tensor w, Tensor b, Tensor stats, in GroupNormShape s, bool whole)
    {
        int channels = s.C / s.Groups, octets = GroupNormSlabKernels.Octets(channels);
        if (!whole || octets > GroupNormSlabKernels.OctetsMax) octets = 0;
        int partPixels = Math.Max(1, GroupNormPart / (octets > 0 ? octets * Octet.Size : channels));
        ArrayView<ushort> view = Words(x);
        ArrayView<float> scales = Floats(w);
        return new GroupNormKernels.Args
        {
            X = view, W = scales, B = Floats(b), Stats = Floats(stats), Dy = view, Y = view, Partial = scales, Count = x.Count,
            Pixels = s.P, Channels = s.C, Groups = s.Groups, GroupChannels = channels, PartPixels = partPixels,
            Parts = (s.P + partPixels - 1) / partPixels, Silu = s.Silu ? 1 : 0, Eps = s.Eps, StatsCount = s.N * s.Groups,
            Whole = whole ? 1 : 0, SlabOctets = octets, SlabGroups = GroupNormSlabKernels.Groups(channels),
        };
    }
}

/// <summary>Terms of the gradients of scale and shift: dz xhat and dz, dz the gradient before the activation.</summary>
internal struct GroupNormColumns : IColumnSource
{
    public GroupNormKernels.Args P;

    public static bool HasB => true;

    public readonly F2 At<T>(long i, long row, long column) where T : struct, IStoredFloat
    {
        long stats = Flat.Divide(row, P.Pixels) * P.Groups + (int)column / P.GroupChannels;
        float xhat = (T.Load(P.X, i) - P.Stats[2 * stats]) * P.Stats[2 * stats + 1];
        float dz = GroupNormKernels.BeforeActivation(P, T.Load(P.Dy, i), (int)column, xhat);
        return new F2(dz * xhat, dz);
    }
}

/// <summary>
/// Group norm, channels last. A group of threads sums one part of the pixels of one group of channels, or of a slab of them
/// (<see cref="GroupNormSlabKernels"/>); a thread adds the parts in order; the result is one more pass. Bound by memory: x is read three times, twice from cache when it fits.
/// </summary>
internal static class GroupNormKernels
{
    public static readonly FloatKernels<Args>
        Stats = new(GroupNormStatsKernel<StoredF32>, GroupNormStatsKernel<StoredBF16>, GroupNormStatsKernel<StoredF16>),
        Apply = new(GroupNormApplyKernel<StoredF32>, GroupNormApplyKernel<StoredBF16>, GroupNormApplyKernel<StoredF16>),
        BackwardStats = new(GroupNormBackwardStatsKernel<StoredF32>, GroupNormBackwardStatsKernel<StoredBF16>, GroupNormBackwardStatsKernel<StoredF16>),
        BackwardApply = new(GroupNormBackwardApplyKernel<StoredF32>, GroupNormBackwardApplyKernel<StoredBF16>, GroupNormBackwardApplyKernel<StoredF16>);

    public static readonly Kernel<Args> CombineStats = new(GroupNormCombineStatsKernel),
        CombineBackwardStats = new(GroupNormCombineBackwardStatsKernel);

    /// <summary>
    /// Partial is (N groups, parts, 2), behind it backward's (N groups, 2). Whole: eight neighbouring elements are of one pixel and lie at a
    /// multiple of 16 bytes, scales and shifts too. SlabOctets: 0 where no slabs are made.
    /// </summary>
    public struct Args
    {
        public ArrayView<ushort> X, Dy, Y;
        public ArrayView<float> W, B, Stats, Partial;
        public long Count;
        public int Pixels, Channels, Groups, GroupChannels, PartPixels, Parts, Silu, StatsCount, Whole, SlabOctets, SlabGroups;
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
    private static void GroupNormStatsKernel<T>(Args p) where T : struct, IStoredFloat
    {
        ArrayView<F4> shared = GroupSum.Allocate();
        var part = new Part(p);
        float sum = 0f;
        for (int e = Group.IdxX; e < part.Count; e += 256) sum += T.Load(p.X, part.At(p, e));
        float mean = GroupSum.OfGroup(shared, sum) / part.Count;
        sum = 0f;
        for (int e = Group.IdxX; e < part.Count; e += 256)
        {
            float d = T.Load(p.X, part.At(p, e)) - mean;
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
    private static void GroupNormApplyKernel<T>(Args p) where T : struct, IStoredFloat
    {
        long i = Flat.Index * Octet.Size;
        if (i >= p.Count) return;
        if (p.Whole != 0)
        {
            var at = new Position(p, i);
            F8 x = T.LoadOctet(p.X, i >> 3);
            T.StoreOctet(p.Y, i >> 3, new F8(Result(p, x.Low, at.Group0, at.Channel), Result(p, x.High, at.Group0, at.Channel + 4)));
            return;
        }
        long end = IntrinsicMath.Min(i + Octet.Size, p.Count);
        for (; i < end; i++)
        {
            var at = new Position(p, i);
            T.Store(p.Y, i, Result(p, T.Load(p.X, i), at.Group0, at.Channel, p.W[at.Channel], p.B[at.Channel]));
        }
    }

    /// <summary>An element's channel, and the first group of its sample.</summary>
    private struct Position
    {
        public long Group0;
        public int Channel;

        public Position(Args p, long i)
        {
            long pixel = Flat.Divide(i, p.Channels);
            Channel = (int)(i - pixel * p.Channels);
            Group0 = Flat.Divide(pixel, p.Pixels) * p.Groups;
        }
    }

    /// <summary>Of four channels, whose scales and shifts lie at a multiple of 16 bytes.</summary>
    private static F4 Result(Args p, F4 x, long group0, int c)
    {
        F4 w = p.W.Cast<F4>()[c >> 2], b = p.B.Cast<F4>()[c >> 2];
        return new F4(Result(p, x.X, group0, c, w.X, b.X), Result(p, x.Y, group0, c + 1, w.Y, b.Y),
            Result(p, x.Z, group0, c + 2, w.Z, b.Z), Result(p, x.W, group0, c + 3, w.W, b.W));
    }

    private static float Result(Args p, float x, long group0, int c, float w, float b)
    {
        long stats = 2 * (group0 + c / p.GroupChannels);
        float y = (x - p.Stats[stats]) * p.Stats[stats + 1] * w + b;
        return p.Silu != 0 ? SiluOp.Value(new F32(y)).Value : y;
    }

    /// <summary>Gradient before the activation of an element in channel c.</summary>
    public static float BeforeActivation(Args p, float dy, int c, float xhat) =>
        p.Silu != 0 ? SiluOp.Grad(new F32(xhat * p.W[c] + p.B[c]), new F32(dy)).Value : dy;

    /// <summary>Sums of g and g xhat over a part, g = dz w.</summary>
    [Kernel]
    private static void GroupNormBackwardStatsKernel<T>(Args p) where T : struct, IStoredFloat
    {
        ArrayView<F4> shared = GroupSum.Allocate();
        var part = new Part(p);
        float mean = p.Stats[2L * part.Stats], inverse = p.Stats[2L * part.Stats + 1], sum = 0f, dot = 0f;
        for (int e = Group.IdxX; e < part.Count; e += 256)
        {
            long i = part.At(p, e);
            int c = part.Channel0 + e % p.GroupChannels;
            float xhat = (T.Load(p.X, i) - mean) * inverse, g = BeforeActivation(p, T.Load(p.Dy, i), c, xhat) * p.W[c];
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
    private static void GroupNormBackwardApplyKernel<T>(Args p) where T : struct, IStoredFloat
    {
        long i = Flat.Index * Octet.Size;
        if (i >= p.Count) return;
        if (p.Whole != 0)
        {
            var at = new Position(p, i);
            F8 x = T.LoadOctet(p.X, i >> 3), dy = T.LoadOctet(p.Dy, i >> 3);
            T.StoreOctet(p.Y, i >> 3, new F8(Gradient(p, x.Low, dy.Low, at.Group0, at.Channel), Gradient(p, x.High, dy.High, at.Group0, at.Channel + 4)));
            return;
        }
        long end = IntrinsicMath.Min(i + Octet.Size, p.Count);
        for (; i < end; i++)
        {
            var at = new Position(p, i);
            T.Store(p.Y, i, Gradient(p, T.Load(p.X, i), T.Load(p.Dy, i), at.Group0, at.Channel));
        }
    }

    // Scales and shifts one by one: four at once are more than there are registers for.
    private static F4 Gradient(Args p, F4 x, F4 dy, long group0, int c) => new(Gradient(p, x.X, dy.X, group0, c),
        Gradient(p, x.Y, dy.Y, group0, c + 1), Gradient(p, x.Z, dy.Z, group0, c + 2), Gradient(p, x.W, dy.W, group0, c + 3));

    private static float Gradient(Args p, float x, float dy, long group0, int c)
    {
        long group = group0 + c / p.GroupChannels, means = 2 * ((long)p.StatsCount * p.Parts + group);
        float inverse = p.Stats[2 * group + 1], xhat = (x - p.Stats[2 * group]) * inverse;
        float g = BeforeActivation(p, dy, c, xhat) * p.W[c];
        return (g - p.Partial[means] - xhat * p.Partial[means + 1]) * inverse;
    }
}
