using ILGPU;

namespace SeLoRA.Engine;

/// <summary>
/// What a thread of an attention kernel accumulates: 4 rows of its own, and 4 columns out of every 64 of the head. Named fields, so that
/// they stay in registers.
/// </summary>
internal interface IAttentionColumns<TSelf> where TSelf : struct, IAttentionColumns<TSelf>
{
    /// <summary>Blocks of 64 columns.</summary>
    static abstract int Blocks { get; }

    /// <summary>c + a b^T, b the quads at <paramref name="b"/>, <paramref name="b"/> + 16, .. of shared memory.</summary>
    static abstract TSelf MulAdd(TSelf c, F4 a, ArrayView<F4> shared, int b);

    /// <summary>Row i of c times factor i.</summary>
    static abstract TSelf ScaleRows(TSelf c, F4 factor);

    /// <summary>The 4x4 part in a block of columns.</summary>
    static abstract Tile4x4 Block(TSelf c, int block);
}

/// <summary>Up to 64 columns.</summary>
internal struct AttentionColumns64 : IAttentionColumns<AttentionColumns64>
{
    private Tile4x4 c0;

    public static int Blocks => 1;

    public static AttentionColumns64 MulAdd(AttentionColumns64 c, F4 a, ArrayView<F4> shared, int b) =>
        new() { c0 = Tile4x4.MulAdd(c.c0, a, shared[b]) };

    public static AttentionColumns64 ScaleRows(AttentionColumns64 c, F4 factor) => new() { c0 = Tile4x4.ScaleRows(c.c0, factor) };

    public static Tile4x4 Block(AttentionColumns64 c, int block) => c.c0;
}

/// <summary>Up to 128 columns.</summary>
internal struct AttentionColumns128 : IAttentionColumns<AttentionColumns128>
{
    private Tile4x4 c0, c1;

    public static int Blocks => 2;

    public static AttentionColumns128 MulAdd(AttentionColumns128 c, F4 a, ArrayView<F4> shared, int b) =>
        new() { c0 = Tile4x4.MulAdd(c.c0, a, shared[b]), c1 = Tile4x4.MulAdd(c.c1, a, shared[b + 16]) };

    public static AttentionColumns128 ScaleRows(AttentionColumns128 c, F4 factor) =>
        new() { c0 = Tile4x4.ScaleRows(c.c0, factor), c1 = Tile4x4.ScaleRows(c.c1, factor) };

    public static Tile4x4 Block(AttentionColumns128 c, int block) => block == 0 ? c.c0 : c.c1;
}

/// <summary>Up to 192 columns.</summary>
internal struct AttentionColumns192 : IAttentionColumns<AttentionColumns192>
{
    private Tile4x4 c0, c1, c2;

    public static int Blocks => 3;

    public static AttentionColumns192 MulAdd(AttentionColumns192 c, F4 a, ArrayView<F4> shared, int b) => new()
    {
        c0 = Tile4x4.MulAdd(c.c0, a, shared[b]), c1 = Tile4x4.MulAdd(c.c1, a, shared[b + 16]), c2 = Tile4x4.MulAdd(c.c2, a, shared[b + 32]),
    };

    public static AttentionColumns192 ScaleRows(AttentionColumns192 c, F4 factor) => new()
    {
        c0 = Tile4x4.ScaleRows(c.c0, factor), c1 = Tile4x4.ScaleRows(c.c1, factor), c2 = Tile4x4.ScaleRows(c.c2, factor),
    };

    public static Tile4x4 Block(AttentionColumns192 c, int block) => block == 0 ? c.c0 : block == 1 ? c.c1 : c.c2;
}
