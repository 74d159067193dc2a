namespace SeLoRA.Engine;

/// <summary>The tiles that products can be cut into.</summary>
internal enum TensorCoreTile
{
    /// <summary><see cref="SeLoRA.Engine.Tile128x128"/>.</summary>
    Tile128x128,

    /// <summary><see cref="SeLoRA.Engine.Tile128x64"/>.</summary>
    Tile128x64,

    /// <summary><see cref="SeLoRA.Engine.Tile64x64"/>.</summary>
    Tile64x64,

    /// <summary><see cref="SeLoRA.Engine.Tile128x16"/>.</summary>
    Tile128x16,

    /// <summary><see cref="SeLoRA.Engine.Tile16x128"/>.</summary>
    Tile16x128,
}

/// <summary>A row of the table of tiles: a product takes the first whose conditions it meets.</summary>
/// <param name="Tile">The tile.</param>
/// <param name="Rows">Its rows.</param>
/// <param name="Columns">Its columns.</param>
/// <param name="MaxM">Only where M is at most this.</param>
/// <param name="MaxN">Only where N is at most this.</param>
/// <param name="TilesEach">Only where there are as many tiles for each multiprocessor.</param>
internal readonly record struct TensorCoreRow(TensorCoreTile Tile, int Rows, int Columns, int MaxM, int MaxN, double TilesEach);

/// <summary>
/// Which tile a product gets, and when K is split. Larger tiles read less; smaller ones occupy more multiprocessors. Reckoned, not
/// measured; what was measured to be faster stands in <see cref="TensorCoreTuned"/> and goes before.
/// </summary>
internal static class TensorCoreTable
{
    private const int Any = int.MaxValue;

    /// <summary>In order of preference.</summary>
    public static readonly TensorCoreRow[] Rows =
    [
        new(TensorCoreTile.Tile128x16, 128, 16, Any, 16, 0),
        new(TensorCoreTile.Tile16x128, 16, 128, 16, Any, 0),
        new(TensorCoreTile.Tile128x128, 128, 128, Any, Any, 2),
        new(TensorCoreTile.Tile128x64, 128, 64, Any, Any, 1.5),
        new(TensorCoreTile.Tile64x64, 64, 64, Any, Any, 0),
    ];

    /// <summary>K is split where fewer groups than this would work on each multiprocessor ...</summary>
    public const int GroupsEach = 2;

    /// <summary>... into pieces of at least as many slices (of 32 k, or 16 of float32) ...</summary>
    public const int MinSlices = 8;

    /// <summary>... and at most as many pieces, whose sums are written and read once more.</summary>
    public const int MaxSplits = 32;

    /// <summary>The row of a tile.</summary>
    public static TensorCoreRow Of(TensorCoreTile tile) => Array.Find(Rows, row => row.Tile == tile);

    /// <summary>The row of a product.</summary>
    public static TensorCoreRow Choose(int m, int n, int batch, int multiprocessors)
    {
        foreach (TensorCoreRow row in Rows)
            if (m <= row.MaxM && n <= row.MaxN && Tiles(row, m, n) * batch >= row.TilesEach * multiprocessors) return row;
        return Rows[^1];
    }

    /// <summary>Tiles of one matrix.</summary>
    public static long Tiles(TensorCoreRow row, int m, int n) => ((m + row.Rows - 1L) / row.Rows) * ((n + row.Columns - 1L) / row.Columns);
}
