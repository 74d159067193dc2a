using ILGPU;

namespace SeLoRA.Engine;

/// <summary>A thread's sums of 4 places of the wide operand with the ranks of a tile, in quads of ranks: fields, hence registers.</summary>
internal interface IRankSums<TSelf> where TSelf : struct, IRankSums<TSelf>
{
    /// <summary>log2 of the quads of ranks.</summary>
    static abstract int Log2Quads { get; }

    /// <summary>
    /// c + the product of 8 values of k of four rows with the ranks' at a place of shared memory: rank j's are the quads
    /// <paramref name="at"/> + j <see cref="SkinnyKernels.RankStride"/> and <see cref="SkinnyKernels.LanesOfK"/> further on.
    /// </summary>
    static abstract TSelf AlongK(TSelf c, Octets4 x, ArrayView<F4> shared, int at);

    /// <summary>c + the outer product of four columns at one k with the ranks, neighbouring quads of shared memory.</summary>
    static abstract TSelf AcrossK(TSelf c, F4 x, ArrayView<F4> shared, int at);

    /// <summary>The sums of a quad of ranks.</summary>
    static abstract Tile4x4 Quad(TSelf c, int quad);
}

/// <summary>Eight values of each of four rows.</summary>
internal struct Octets4
{
    public F8 R0, R1, R2, R3;
}

/// <summary>Up to 4 ranks.</summary>
internal struct RankSums4 : IRankSums<RankSums4>
{
    private Tile4x4 q0;

    public static int Log2Quads => 0;

    public static RankSums4 AlongK(RankSums4 c, Octets4 x, ArrayView<F4> shared, int at) => new() { q0 = DotAdd(c.q0, x, shared, at) };

    public static RankSums4 AcrossK(RankSums4 c, F4 x, ArrayView<F4> shared, int at) => new() { q0 = Tile4x4.MulAdd(c.q0, x, shared[at]) };

    public static Tile4x4 Quad(RankSums4 c, int quad) => c.q0;

    /// <summary>c, four rows and four ranks, plus the products of 8 values of k; in the order of k.</summary>
    public static Tile4x4 DotAdd(Tile4x4 c, Octets4 x, ArrayView<F4> shared, int at)
    {
        const int next = SkinnyKernels.RankStride, high = SkinnyKernels.LanesOfK;
        F8 f0 = new(shared[at], shared[at + high]), f1 = new(shared[at + next], shared[at + next + high]);
        F8 f2 = new(shared[at + 2 * next], shared[at + 2 * next + high]), f3 = new(shared[at + 3 * next], shared[at + 3 * next + high]);
        return new Tile4x4
        {
            R0 = DotAdd(c.R0, x.R0, f0, f1, f2, f3), R1 = DotAdd(c.R1, x.R1, f0, f1, f2, f3),
            R2 = DotAdd(c.R2, x.R2, f0, f1, f2, f3), R3 = DotAdd(c.R3, x.R3, f0, f1, f2, f3),
        };
    }

    private static F4 DotAdd(F4 c, F8 x, F8 f0, F8 f1, F8 f2, F8 f3) => new(DotAdd(c.X, x, f0), DotAdd(c.Y, x, f1), DotAdd(c.Z, x, f2), DotAdd(c.W, x, f3));

    private static float DotAdd(float c, F8 x, F8 f) => DotAdd(DotAdd(c, x.Low, f.Low), x.High, f.High);

    private static float DotAdd(float c, F4 x, F4 f)
    {
        c += x.X * f.X;
        c += x.Y * f.Y;
        c += x.Z * f.Z;
        return c + x.W * f.W;
    }
}

/// <summary>Up to 8 ranks.</summary>
internal struct RankSums8 : IRankSums<RankSums8>
{
    private Tile4x4 q0, q1;

    public static int Log2Quads => 1;

    public static RankSums8 AlongK(RankSums8 c, Octets4 x, ArrayView<F4> shared, int at) => new()
    {
        q0 = RankSums4.DotAdd(c.q0, x, shared, at), q1 = RankSums4.DotAdd(c.q1, x, shared, at + 4 * SkinnyKernels.RankStride),
    };

    public static RankSums8 AcrossK(RankSums8 c, F4 x, ArrayView<F4> shared, int at) =>
        new() { q0 = Tile4x4.MulAdd(c.q0, x, shared[at]), q1 = Tile4x4.MulAdd(c.q1, x, shared[at + 1]) };

    public static Tile4x4 Quad(RankSums8 c, int quad) => quad == 0 ? c.q0 : c.q1;
}

/// <summary>Up to 16 ranks.</summary>
internal struct RankSums16 : IRankSums<RankSums16>
{
    private RankSums8 low, high;

    public static int Log2Quads => 2;

    public static RankSums16 AlongK(RankSums16 c, Octets4 x, ArrayView<F4> shared, int at) => new()
    {
        low = RankSums8.AlongK(c.low, x, shared, at), high = RankSums8.AlongK(c.high, x, shared, at + 8 * SkinnyKernels.RankStride),
    };

    public static RankSums16 AcrossK(RankSums16 c, F4 x, ArrayView<F4> shared, int at) =>
        new() { low = RankSums8.AcrossK(c.low, x, shared, at), high = RankSums8.AcrossK(c.high, x, shared, at + 2) };

    public static Tile4x4 Quad(RankSums16 c, int quad) => quad < 2 ? RankSums8.Quad(c.low, quad) : RankSums8.Quad(c.high, quad - 2);
}
