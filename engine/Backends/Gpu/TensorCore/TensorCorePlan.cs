namespace SeLoRA.Engine;

/// <summary>How a product is cut into groups: by tiles of C, and along K into slices and splits.</summary>
internal readonly record struct TensorCorePlan(TensorCoreTile Tile, int TilesM, int TilesN, int Batch, int SlicesOfFirst, int Slices, int Splits)
{
    /// <summary>Slices of one split.</summary>
    public int SlicesOfSplit => Math.Max(1, (Slices + Splits - 1) / Splits);

    /// <summary>Groups to launch.</summary>
    public long Groups => (long)TilesM * TilesN * Splits * Batch;

    /// <summary>The plan for a shape with <paramref name="rank"/> more k appended, on a device with some multiprocessors.</summary>
    public static TensorCorePlan For(in GemmShape shape, int rank, int multiprocessors) =>
        For(shape, rank, TensorCoreTable.Choose(shape.M, shape.N, shape.Batch, multiprocessors), multiprocessors);

    /// <summary>The plan with a given tile.</summary>
    public static TensorCorePlan For(in GemmShape shape, int rank, TensorCoreRow row, int multiprocessors)
    {
        int first = SlicesOf(shape.K), slices = first + SlicesOf(rank);
        long tiles = TensorCoreTable.Tiles(row, shape.M, shape.N) * shape.Batch, wanted = (long)TensorCoreTable.GroupsEach * multiprocessors;
        long splits = Math.Min(Math.Min(wanted / tiles, slices / TensorCoreTable.MinSlices), TensorCoreTable.MaxSplits);
        return new TensorCorePlan(row.Tile, (shape.M + row.Rows - 1) / row.Rows, (shape.N + row.Columns - 1) / row.Columns, shape.Batch,
            first, slices, 1).Split((int)Math.Max(1, splits));
    }

    /// <summary>The same with K split; no split is left empty.</summary>
    public TensorCorePlan Split(int splits)
    {
        int each = Math.Max(1, (Slices + splits - 1) / splits);
        return this with { Splits = Math.Max(1, (Slices + each - 1) / each) };
    }

    private static int SlicesOf(int k) => (k + TensorCoreLayout.Depth - 1) / TensorCoreLayout.Depth;
}
