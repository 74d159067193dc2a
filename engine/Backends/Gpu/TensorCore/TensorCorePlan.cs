namespace SeLoRA.Engine;

/// <summary>How a product is cut into groups: by tiles of C, and along K into slices and splits.</summary>
internal readonly record struct TensorCorePlan(TensorCoreTile Tile, int TilesM, int TilesN, int Batch, int SlicesOfFirst, int Slices, int Splits)
{
    /// <summary>Slices of one split.</summary>
    public int SlicesOfSplit => Math.Max(1, (Slices + Splits - 1) / Splits);

    /// <summary>Groups to launch.</summary>
    public long Groups => (long)TilesM * TilesN * Splits * Batch;

    /// <summary>The plan for a shape of operands of a type with <paramref name="rank"/> more k appended, on a device with some multiprocessors.</summary>
    public static TensorCorePlan For(in GemmShape shape, int rank, DType type, int multiprocessors)
    {
        // Only 16 bits were tuned.
        if (shape.Batch == 1 && type != DType.F32
            && TensorCoreTuned.Find(TensorCoreShapeClass.Of(false, shape.M, shape.N, shape.K), multiprocessors) is { } tuned)
            return For(shape, rank, type, TensorCoreTable.Of(tuned.Tile), multiprocessors).Split(tuned.Splits);
        return For(shape, rank, type, TensorCoreTable.Choose(shape.M, shape.N, shape.Batch, multiprocessors), multiprocessors);
    }

    /// <summary>The plan with a given tile.</summary>
    public static TensorCorePlan For(in GemmShape shape, int rank, DType type, TensorCoreRow row, int multiprocessors)
    {
        int first = SlicesOf(shape.K, type);
        return For(shape.M, shape.N, shape.Batch, first, first + SlicesOf(rank, type), row, multiprocessors);
    }

    /// <summary>The plan of a convolution, or of its input's gradient.</summary>
    public static TensorCorePlan For(in TensorCoreConv2d conv, DType type, int multiprocessors)
    {
        int k = conv.Shape.KH * conv.Shape.KW * conv.Channels;
        if (type != DType.F32 && TensorCoreTuned.Find(TensorCoreShapeClass.Of(true, conv.Rows, conv.Columns, k), multiprocessors) is { } tuned)
            return For(conv, type, TensorCoreTable.Of(tuned.Tile), multiprocessors).Split(tuned.Splits);
        return For(conv, type, TensorCoreTable.Choose(conv.Rows, conv.Columns, 1, multiprocessors), multiprocessors);
    }

    /// <summary>The plan of a convolution with a given tile. A tap's channels are whole slices, the last filled up with zeros.</summary>
    public static TensorCorePlan For(in TensorCoreConv2d conv, DType type, TensorCoreRow row, int multiprocessors)
    {
        int slices = conv.Shape.KH * conv.Shape.KW * SlicesOf(conv.Channels, type);
        return For(conv.Rows, conv.Columns, 1, slices, slices, row, multiprocessors);
    }

    private static TensorCorePlan For(int m, int n, int batch, int first, int slices, TensorCoreRow row, int multiprocessors)
    {
        long tiles = TensorCoreTable.Tiles(row, m, n) * batch, wanted = (long)TensorCoreTable.GroupsEach * multiprocessors;
        long splits = Math.Min(Math.Min(wanted / tiles, slices / TensorCoreTable.MinSlices), TensorCoreTable.MaxSplits);
        return new TensorCorePlan(row.Tile, (m + row.Rows - 1) / row.Rows, (n + row.Columns - 1) / row.Columns, batch, first, slices, 1)
            .Split((int)Math.Max(1, splits));
    }

    /// <summary>The same with K split; no split is left empty.</summary>
    public TensorCorePlan Split(int splits)
    {
        int each = Math.Max(1, (Slices + splits - 1) / splits);
        return this with { Splits = Math.Max(1, (Slices + each - 1) / each) };
    }

    /// <summary>Slices of some values of k of a type.</summary>
    public static int SlicesOf(int k, DType type) => (int)((((long)k << TensorCoreLayout.Log2BytesOf(type)) + TensorCoreLayout.DepthBytes - 1) / TensorCoreLayout.DepthBytes);
}
