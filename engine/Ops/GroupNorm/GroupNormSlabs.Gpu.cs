using ILGPU;

namespace SeLoRA.Engine;

/// <summary>
/// Sums of group norm by slabs: the fewest neighbouring groups of channels that are whole octets (4 groups of 10 channels are 5), over one
/// part of the pixels. A thread stays on its octet of channels and goes from pixel to pixel, so that arrays are read 16 bytes at a time
/// although a group's channels are no multiple of that. Needs <see cref="GroupNormKernels.Args.Whole"/>.
/// </summary>
internal static class GroupNormSlabKernels
{
    /// <summary>Octets of a slab, at most: its channels are summed by one thread each.</summary>
    public const int OctetsMax = 32;

    // Behind the threads' sums of 256 channels.
    private const int GroupSums = 8 * OctetsMax;

    public static readonly FloatKernels<GroupNormKernels.Args>
        Stats = new(GroupNormSlabStatsKernel<StoredF32>, GroupNormSlabStatsKernel<StoredBF16>, GroupNormSlabStatsKernel<StoredF16>),
        BackwardStats = new(GroupNormSlabBackwardStatsKernel<StoredF32>, GroupNormSlabBackwardStatsKernel<StoredBF16>, GroupNormSlabBackwardStatsKernel<StoredF16>);

    /// <summary>Octets of the slabs that groups of so many channels make.</summary>
    public static int Octets(int groupChannels) => groupChannels / Common(groupChannels);

    /// <summary>Groups of a slab.</summary>
    public static int Groups(int groupChannels) => Octet.Size / Common(groupChannels);

    /// <summary>Mean of each group's part and sum of squared distances from it.</summary>
    [Kernel]
    private static void GroupNormSlabStatsKernel<T>(GroupNormKernels.Args p) where T : struct, IStoredFloat
    {
        ArrayView<F4> shared = SharedMemory.Allocate<F4>(2 * KernelAttribute.DefaultThreads);
        var at = new Slab(p);
        float scale = 1f / (at.Pixels * p.GroupChannels);
        F8 sum = default;
        for (int pixel = at.Pixel; pixel < at.Pixels; pixel += at.Step) sum = F8.Add(sum, T.LoadOctet(p.X, at.First + pixel * at.Stride));
        SumGroups(shared, p, sum);
        F8 shift = F8.Scale(new F8(OfGroups(shared, p, at.Channel), OfGroups(shared, p, at.Channel + 4)), -scale);
        float mean = shared.Cast<float>()[GroupSums + Group.IdxX % Octet.Size] * scale;
        sum = default;
        for (int pixel = at.Pixel; pixel < at.Pixels; pixel += at.Step)
        {
            F8 d = F8.Add(T.LoadOctet(p.X, at.First + pixel * at.Stride), shift);
            sum = F8.Add(sum, F8.Multiply(d, d));
        }
        SumGroups(shared, p, sum);
        Store(shared, p, at, mean);
    }

    /// <summary>Sums of g and g xhat over each group's part, g = dz w.</summary>
    [Kernel]
    private static void GroupNormSlabBackwardStatsKernel<T>(GroupNormKernels.Args p) where T : struct, IStoredFloat
    {
        ArrayView<F4> shared = SharedMemory.Allocate<F4>(2 * KernelAttribute.DefaultThreads);
        var at = new Slab(p);
        var low = new Channels(p, at.Stats0, at.Channel0 + at.Channel, at.Channel);
        var high = new Channels(p, at.Stats0, at.Channel0 + at.Channel + 4, at.Channel + 4);
        F8 sum = default, dot = default;
        for (int pixel = at.Pixel; pixel < at.Pixels; pixel += at.Step)
        {
            long i = at.First + pixel * at.Stride;
            F8 x = T.LoadOctet(p.X, i), dy = T.LoadOctet(p.Dy, i);
            F8 xhat = new F8(low.Normalized(x.Low), high.Normalized(x.High));
            F8 g = new F8(low.Gradient(p, dy.Low, xhat.Low), high.Gradient(p, dy.High, xhat.High));
            sum = F8.Add(sum, g);
            dot = F8.Add(dot, F8.Multiply(g, xhat));
        }
        SumGroups(shared, p, sum);
        float own = shared.Cast<float>()[GroupSums + Group.IdxX % Octet.Size];
        SumGroups(shared, p, dot);
        Store(shared, p, at, own);
    }

    /// <summary>Where a thread works.</summary>
    private struct Slab
    {
        /// <summary>Pixels of the part; the thread's first one, and from one to its next.</summary>
        public int Pixels, Pixel, Step;

        /// <summary>First channel of the slab, and of the thread's octet within the slab.</summary>
        public int Channel0, Channel;

        /// <summary>First group of the slab, counted over all samples, and which part of the pixels.</summary>
        public int Stats0, Part;

        /// <summary>The octet at the part's first pixel, and octets from pixel to pixel.</summary>
        public long First, Stride;

        public Slab(GroupNormKernels.Args p)
        {
            int slabs = p.Groups / p.SlabGroups, rest = Grid.IdxX / p.Parts, n = rest / slabs;
            Part = Grid.IdxX - rest * p.Parts;
            Stats0 = rest * p.SlabGroups;
            Channel0 = (rest - n * slabs) * p.SlabGroups * p.GroupChannels;
            int pixel0 = Part * p.PartPixels;
            Pixels = IntrinsicMath.Min(p.PartPixels, p.Pixels - pixel0);
            Step = KernelAttribute.DefaultThreads / p.SlabOctets;
            Pixel = Group.IdxX / p.SlabOctets;
            int octet = Group.IdxX - Pixel * p.SlabOctets;
            Channel = octet * Octet.Size;
            // The threads that are left over take no pixel.
            if (Pixel >= Step) Pixel = Pixels;
            Stride = p.Channels / Octet.Size;
            First = ((long)n * p.Pixels + pixel0) * Stride + Channel0 / Octet.Size + octet;
        }
    }

    /// <summary>Statistics, scale and shift of four channels.</summary>
    private struct Channels
    {
        private F4 shift, inverse, w, b;

        /// <param name="p">The kernel's argument.</param>
        /// <param name="stats0">First group of the slab.</param>
        /// <param name="c">First channel.</param>
        /// <param name="local">The same, counted from the slab's first.</param>
        public Channels(GroupNormKernels.Args p, int stats0, int c, int local)
        {
            w = p.W.Cast<F4>()[c >> 2];
            b = p.B.Cast<F4>()[c >> 2];
            ArrayView<float> stats = p.Stats;
            long g0 = 2L * (stats0 + local / p.GroupChannels), g1 = 2L * (stats0 + (local + 1) / p.GroupChannels);
            long g2 = 2L * (stats0 + (local + 2) / p.GroupChannels), g3 = 2L * (stats0 + (local + 3) / p.GroupChannels);
            shift = new F4(-stats[g0], -stats[g1], -stats[g2], -stats[g3]);
            inverse = new F4(stats[g0 + 1], stats[g1 + 1], stats[g2 + 1], stats[g3 + 1]);
        }

        public readonly F4 Normalized(F4 x) => F4.Multiply(F4.Add(x, shift), inverse);

        public readonly F4 Gradient(GroupNormKernels.Args p, F4 dy, F4 xhat)
        {
            F4 dz = dy;
            if (p.Silu != 0)
            {
                F4 z = F4.Add(F4.Multiply(xhat, w), b);
                dz = new F4(Silu(z.X, dy.X), Silu(z.Y, dy.Y), Silu(z.Z, dy.Z), Silu(z.W, dy.W));
            }
            return F4.Multiply(dz, w);
        }

        private static float Silu(float z, float dy) => SiluOp.Grad(new F32(z), new F32(dy)).Value;
    }

    /// <summary>Leaves the slab's sums over each group, in a fixed order, behind <see cref="GroupSums"/>.</summary>
    private static void SumGroups(ArrayView<F4> shared, GroupNormKernels.Args p, F8 value)
    {
        ArrayView<float> floats = shared.Cast<float>();
        int t = Group.IdxX, channels = p.SlabOctets * Octet.Size, pixels = KernelAttribute.DefaultThreads / p.SlabOctets;
        Group.Barrier();
        shared[2 * t] = value.Low;
        shared[2 * t + 1] = value.High;
        Group.Barrier();
        float sum = 0f;
        if (t < channels)
            for (int pixel = 0; pixel < pixels; pixel++) sum += floats[pixel * channels + t];
        Group.Barrier();
        if (t < channels) floats[t] = sum;
        Group.Barrier();
        if (t < p.SlabGroups)
        {
            sum = 0f;
            for (int c = 0; c < p.GroupChannels; c++) sum += floats[t * p.GroupChannels + c];
            floats[GroupSums + t] = sum;
        }
        Group.Barrier();
    }

    /// <summary>The sums of the groups that four channels of the slab are of.</summary>
    private static F4 OfGroups(ArrayView<F4> shared, GroupNormKernels.Args p, int c)
    {
        ArrayView<float> sums = shared.Cast<float>().SubView(GroupSums, Octet.Size);
        return new F4(sums[c / p.GroupChannels], sums[(c + 1) / p.GroupChannels], sums[(c + 2) / p.GroupChannels], sums[(c + 3) / p.GroupChannels]);
    }

    /// <summary>A group's two numbers: one of the thread of that number, and the group's sum.</summary>
    private static void Store(ArrayView<F4> shared, GroupNormKernels.Args p, Slab at, float first)
    {
        if (Group.IdxX >= p.SlabGroups) return;
        long i = 2 * ((long)(at.Stats0 + Group.IdxX) * p.Parts + at.Part);
        p.Partial[i] = first;
        p.Partial[i + 1] = shared.Cast<float>()[GroupSums + Group.IdxX];
    }

    /// <summary>Greatest power of two, at most 8, that divides a number.</summary>
    private static int Common(int x) => Math.Min(Octet.Size, x & -x);
}
