using ILGPU;

namespace SeLoRA.Engine;

public sealed partial class GpuBackend
{
    private readonly AdamWTables adamWTables = new();

    /// <inheritdoc/>
    public void AdamWStep(ReadOnlySpan<AdamWTensors> tensors, in AdamWFactors factors)
    {
        using Turn turn = Enter();
        Launch(AdamWKernels.Step, tensors, new AdamWKernels.Args { Factors = factors });
    }

    /// <inheritdoc/>
    public void AdamWStep(ReadOnlySpan<AdamWTensors> tensors, Tensor factors, Tensor verdict)
    {
        using Turn turn = Enter();
        Launch(AdamWKernels.GuardedStep, tensors, new AdamWKernels.Args { Numbers = Floats(factors), Verdict = Floats(verdict) });
    }

    private void Launch(Kernel<AdamWKernels.Args> kernel, ReadOnlySpan<AdamWTensors> tensors, AdamWKernels.Args args)
    {
        ReadOnlySpan<AdamWTensors> left = tensors;
        while (!left.IsEmpty)
        {
            AdamWTables.Table table = TableOf(ref left);
            (args.Segments, args.Chunks) = (table.Segments, table.Storage.View.Cast<long>());
            if (!args.Numbers.IsValid) args.Numbers = args.Verdict = table.Storage.View.Cast<float>();
            kernel.Run(this, table.Chunks, args);
        }
    }

    /// <summary>The table of the first tensors, as many as one launch can reach, and the rest of them.</summary>
    private AdamWTables.Table TableOf(ref ReadOnlySpan<AdamWTensors> tensors)
    {
        adamWTables.Begin();
        int taken = 0;
        while (taken < tensors.Length && adamWTables.Add(Floats(tensors[taken].P), Floats(tensors[taken].G), Floats(tensors[taken].M), Floats(tensors[taken].V)))
            taken++;
        tensors = tensors[taken..];
        if (adamWTables.Find() is not { } table)
        {
            Recorder?.Refuse("uploads");
            table = adamWTables.Keep((GpuStorage)Allocate(adamWTables.Bytes));
            Upload(table.Bytes, table.Storage.View);
        }
        Recorder?.Uses(table.Storage);
        return table;
    }
}

/// <summary>
/// The optimiser's update of all tensors in one launch: bound by memory (28 bytes an element). A group of threads takes one row of the table
/// of chunks, a thread four elements at a time.
/// </summary>
internal static class AdamWKernels
{
    /// <summary>Elements of a chunk, at most.</summary>
    public const int Chunk = 2048;

    /// <summary>Driver's allocations that one launch can reach.</summary>
    public const int SegmentsMax = 16;

    /// <summary>Numbers of a row: the places of p, g, m and v, then how many elements.</summary>
    public const int RowLength = 5;

    public static readonly Kernel<Args> Step = new(AdamWStepKernel), GuardedStep = new(AdamWGuardedStepKernel);

    /// <summary>The plain step is given Factors; the guarded one Numbers, which are the factors, and Verdict.</summary>
    public struct Args
    {
        public AdamWSegments Segments;
        public ArrayView<long> Chunks;
        public ArrayView<float> Numbers, Verdict;
        public AdamWFactors Factors;
    }

    /// <summary>Where a chunk of a tensor lies, as one number: index of its first float in a segment, and the segment.</summary>
    public static long Place(long index, int segment) => index * SegmentsMax + segment;

    [Kernel]
    private static void AdamWStepKernel(Args a) => Update(a, a.Factors, 1f);

    [Kernel]
    private static void AdamWGuardedStepKernel(Args a)
    {
        float factor = a.Verdict[1];
        if (factor == 0f) return;
        ArrayView<float> n = a.Numbers;
        Update(a, new AdamWFactors(n[0], n[1], n[2], n[3], n[4], n[5]), factor);
    }

    /// <summary>Updates a chunk; gradients that are shortened are stored.</summary>
    private static void Update(Args a, AdamWFactors f, float factor)
    {
        long row = (long)Grid.IdxX * RowLength, p = a.Chunks[row], g = a.Chunks[row + 1], m = a.Chunks[row + 2], v = a.Chunks[row + 3];
        int count = (int)a.Chunks[row + 4];
        // All four begin at multiples of 16 bytes.
        bool isWhole = ((p | g | m | v) & (3 * SegmentsMax)) == 0;
        ArrayView<float> ps = Segment(a.Segments, p), gs = Segment(a.Segments, g), ms = Segment(a.Segments, m), vs = Segment(a.Segments, v);
        (p, g, m, v) = (p / SegmentsMax, g / SegmentsMax, m / SegmentsMax, v / SegmentsMax);
        for (int i = 4 * Group.IdxX; i < count; i += 4 * KernelAttribute.DefaultThreads)
        {
            int valid = count - i;
            bool whole = isWhole && valid >= 4;
            F4 grad = Quad.LoadF32(gs, g + i, valid, whole);
            if (factor < 1f)
            {
                grad = F4.Scale(grad, factor);
                Quad.StoreF32(gs, g + i, grad, valid, whole);
            }
            F4 first = F4.MulAdd(F4.Scale(grad, 1f - f.Beta1), f.Beta1, Quad.LoadF32(ms, m + i, valid, whole));
            F4 second = F4.MulAdd(F4.Multiply(F4.Scale(grad, 1f - f.Beta2), grad), f.Beta2, Quad.LoadF32(vs, v + i, valid, whole));
            F4 old = Quad.LoadF32(ps, p + i, valid, whole);
            Quad.StoreF32(ms, m + i, first, valid, whole);
            Quad.StoreF32(vs, v + i, second, valid, whole);
            Quad.StoreF32(ps, p + i, new F4(Updated(f, old.X, first.X, second.X), Updated(f, old.Y, first.Y, second.Y),
                Updated(f, old.Z, first.Z, second.Z), Updated(f, old.W, first.W, second.W)), valid, whole);
        }
    }

    private static float Updated(AdamWFactors f, float p, float m, float v) => p * f.Decay - f.StepSize * m / (MathF.Sqrt(v) * f.RootScale + f.Eps);

    private static ArrayView<float> Segment(AdamWSegments segments, long place) => segments.Of((int)place & (SegmentsMax - 1));
}
