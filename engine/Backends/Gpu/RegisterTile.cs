using System.Runtime.InteropServices;
using ILGPU;

namespace SeLoRA.Engine;

/// <summary>Four floats that kernels move through memory at once.</summary>
[StructLayout(LayoutKind.Sequential, Size = 16)]
internal struct F4(float x, float y, float z, float w)
{
    public float X = x, Y = y, Z = z, W = w;

    /// <summary>this + a b.</summary>
    public static F4 MulAdd(F4 c, float a, F4 b) => new(c.X + a * b.X, c.Y + a * b.Y, c.Z + a * b.Z, c.W + a * b.W);

    public static F4 Scale(F4 a, float b) => new(a.X * b, a.Y * b, a.Z * b, a.W * b);

    /// <summary>a + b for every element.</summary>
    public static F4 Shift(F4 a, float b) => new(a.X + b, a.Y + b, a.Z + b, a.W + b);

    public static float Sum(F4 a) => (a.X + a.Y) + (a.Z + a.W);

    public static F4 Add(F4 a, F4 b) => new(a.X + b.X, a.Y + b.Y, a.Z + b.Z, a.W + b.W);

    public static F4 Multiply(F4 a, F4 b) => new(a.X * b.X, a.Y * b.Y, a.Z * b.Z, a.W * b.W);

    public static F4 Max(F4 a, F4 b) => new(Math.Max(a.X, b.X), Math.Max(a.Y, b.Y), Math.Max(a.Z, b.Z), Math.Max(a.W, b.W));
}

/// <summary>A thread's 4x4 part of a product. Named fields, never arrays: fields are registers on every device, arrays may be stack.</summary>
internal struct Tile4x4
{
    public F4 R0, R1, R2, R3;

    /// <summary>c + a b^T.</summary>
    public static Tile4x4 MulAdd(Tile4x4 c, F4 a, F4 b) => new()
    {
        R0 = F4.MulAdd(c.R0, a.X, b), R1 = F4.MulAdd(c.R1, a.Y, b), R2 = F4.MulAdd(c.R2, a.Z, b), R3 = F4.MulAdd(c.R3, a.W, b),
    };

    /// <summary>Row i of c times factor i.</summary>
    public static Tile4x4 ScaleRows(Tile4x4 c, F4 factor) => new()
    {
        R0 = F4.Scale(c.R0, factor.X), R1 = F4.Scale(c.R1, factor.Y), R2 = F4.Scale(c.R2, factor.Z), R3 = F4.Scale(c.R3, factor.W),
    };
}

/// <summary>
/// The part of a product's tile that one thread holds: rows row..row+3 and, where a tile repeats, those 16 quads further on; columns alike.
/// </summary>
internal interface IRegisterTile<TSelf> where TSelf : struct, IRegisterTile<TSelf>
{
    /// <summary>How often a thread's 4 rows, and its 4 columns, repeat.</summary>
    static abstract int Repeat { get; }

    /// <summary>c + a b^T, a and b quads at the given places of shared memory.</summary>
    static abstract TSelf MulAdd(TSelf c, ArrayView<F4> shared, int a, int b);

    /// <summary>The 4x4 block at one repeat of the rows and one of the columns.</summary>
    static abstract Tile4x4 Block(TSelf c, int repeatRow, int repeatColumn);
}

/// <summary>4x4 elements a thread.</summary>
internal struct RegisterTile4 : IRegisterTile<RegisterTile4>
{
    private Tile4x4 tile;

    public static int Repeat => 1;

    public static RegisterTile4 MulAdd(RegisterTile4 c, ArrayView<F4> shared, int a, int b) =>
        new() { tile = Tile4x4.MulAdd(c.tile, shared[a], shared[b]) };

    public static Tile4x4 Block(RegisterTile4 c, int repeatRow, int repeatColumn) => c.tile;
}

/// <summary>8x8 elements a thread: half the shared-memory traffic per multiplication of 4x4; for large products.</summary>
internal struct RegisterTile8 : IRegisterTile<RegisterTile8>
{
    private Tile4x4 t00, t01, t10, t11;

    public static int Repeat => 2;

    public static RegisterTile8 MulAdd(RegisterTile8 c, ArrayView<F4> shared, int a, int b)
    {
        F4 a0 = shared[a], a1 = shared[a + 16], b0 = shared[b], b1 = shared[b + 16];
        return new()
        {
            t00 = Tile4x4.MulAdd(c.t00, a0, b0), t01 = Tile4x4.MulAdd(c.t01, a0, b1),
            t10 = Tile4x4.MulAdd(c.t10, a1, b0), t11 = Tile4x4.MulAdd(c.t11, a1, b1),
        };
    }

    public static Tile4x4 Block(RegisterTile8 c, int repeatRow, int repeatColumn) =>
        repeatRow == 0 ? (repeatColumn == 0 ? c.t00 : c.t01) : (repeatColumn == 0 ? c.t10 : c.t11);
}
