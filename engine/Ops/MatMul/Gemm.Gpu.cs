using ILGPU;

namespace SeLoRA.Engine;

public sealed partial class GpuBackend
{
    /// <summary>
    /// K is summed in chunks of this length, side by side, where the result is too small to fill a GPU. The rule depends on K and on
    /// the smaller side only, as that of skinny products depends on K and the larger one: a low-rank factor that grows, in N or in K, keeps the
    /// bits of its old columns up to <see cref="SkinnySide"/> ranks, and from there on up to 256.
    /// </summary>
    private const int ChunkK = 2048;

    private const int SmallSide = 256;

    /// <inheritdoc/>
    public void Gemm(Tensor a, Tensor b, Tensor c, in GemmShape shape, in GemmEpilogue epilogue)
    {
        using Turn turn = Enter();
        if (UsesTensorCores(a, b, c, shape, epilogue))
        {
            GemmTensorCore(a, b, c, shape, epilogue);
            return;
        }
        GpuStorage? sums = null;
        ProductOutput output = Output(c, shape.M, shape.N, shape.Ldc, shape.Batch, shape.StrideC, epilogue);
        if (epilogue.LowRank is { } term)
        {
            // The same rule of summation whatever the rank, and no tile has to know of a second pair of operands. On its way to a 16-bit
            // result the first sum stays float32, in memory of its own.
            ProductOutput first = Output(c, shape.M, shape.N, shape.Ldc, 1, 0,
                new GemmEpilogue { Alpha = epilogue.Alpha, Accumulate = epilogue.Accumulate });
            output.Flags |= ProductOutput.Accumulates;
            if (c.DType != DType.F32)
            {
                sums = Workspace((long)shape.M * shape.Ldc);
                first.C = output.Initial = sums.View.Cast<ushort>();
                first.Flags &= ~ProductOutput.Stores16;
                output.Flags &= ~ProductOutput.Initial16;
            }
            RunGemm(term.U, term.V, new GemmShape(shape.M, shape.N, term.Rank, TransB: term.TransV) { Lda = term.U.Shape[-1], Ldb = term.V.Shape[1] }, first);
        }
        RunGemm(a, b, shape, output);
        sums?.Release();
    }

    private void RunGemm(Tensor a, Tensor b, in GemmShape shape, ProductOutput output)
    {
        Matrix rows = new(Words(a), shape.Lda, shape.TransA, shape.StrideA), columns = new(Words(b), shape.Ldb, !shape.TransB, shape.StrideB);
        if (!IsSkinny(shape)) RunProduct(a.DType, new MatrixProduct { A = rows, B = columns }, output, shape.K);
        // Of operands of different types the narrow one is float32.
        else if (a.DType == b.DType ? shape.N <= shape.M : b.DType == DType.F32) RunSkinny(a, rows, shape.M, b, columns, shape.N, ranksInRows: false, output, shape.K);
        else RunSkinny(b, columns, shape.N, a, rows, shape.M, ranksInRows: true, output, shape.K);
    }

    private ProductOutput Output(Tensor c, int m, int n, int ldc, int batch, long strideC, in GemmEpilogue epilogue)
    {
        ArrayView<ushort> view = Words(c);
        ArrayView<float> floats = view.Cast<float>();
        int flags = (epilogue.Bias is null ? 0 : ProductOutput.HasBias) | (epilogue.Accumulate ? ProductOutput.Accumulates : 0)
            | (epilogue.Residual is null ? 0 : ProductOutput.HasResidual);
        if (c.DType != DType.F32) flags |= ProductOutput.Stores16 | ProductOutput.Initial16;
        if (epilogue.Residual is { } residual && residual.DType != DType.F32) flags |= ProductOutput.Residual16;
        return new ProductOutput
        {
            C = view, Initial = view, Residual = epilogue.Residual is null ? view : Words(epilogue.Residual),
            Bias = Floats(epilogue.Bias, floats), Partial = floats, M = m, N = n, Ldc = ldc, Batch = batch, StrideC = strideC, Chunks = 1,
            Alpha = epilogue.Alpha, Activation = (int)epilogue.Activation, Flags = flags,
        };
    }

    /// <summary>Picks the tile by the result's shape and by what the device has room for, and splits K where the result is small and K long.</summary>
    private void RunProduct<TProduct>(DType type, in TProduct product, ProductOutput output, int k) where TProduct : struct, IProduct<TProduct>
    {
        int m = output.M, n = output.N;
        (FloatKernels<ProductKernels.Args<TProduct>> kernels, int rows, int columns) =
            n <= 16 ? (ProductKernels.Of<TProduct>.Tall, 256, 16)
            : m <= 16 ? (ProductKernels.Of<TProduct>.Wide, 16, 256)
            : IsLarge(m, n, output.Batch) && ProductKernels.Of<TProduct>.Large.For(type).Fits(this) ? (ProductKernels.Of<TProduct>.Large, 128, 128)
            : (ProductKernels.Of<TProduct>.Square, 64, 64);
        int tilesM = (m + rows - 1) / rows, tilesN = (n + columns - 1) / columns;
        GpuStorage? partial = Split(ref output, Math.Min(m, n) <= SmallSide ? Math.Max(1, (k + ChunkK - 1) / ChunkK) : 1);
        kernels.For(type).Run(this, (long)tilesM * tilesN * output.Chunks * output.Batch, new ProductKernels.Args<TProduct>
        {
            Product = product, Output = output, K = k, ChunkK = output.Chunks > 1 ? ChunkK : k, TilesM = tilesM, TilesN = tilesN,
        });
        AddChunks(type, partial, output);
    }

    /// <summary>A product of a wide operand, which has many places, and a narrow one, which has few, either of which may be A.</summary>
    private void RunSkinny(Tensor wide, in Matrix wideMatrix, int places, Tensor narrow, in Matrix narrowMatrix, int ranks, bool ranksInRows, ProductOutput output, int k)
    {
        (FloatKernels<SkinnyKernels.Args> kernels, int ranksOfTile) = SkinnyKernels.For(ranks, wideMatrix.AlongK);
        int tilesOfPlaces = (places + SkinnyKernels.Places - 1) / SkinnyKernels.Places, tilesOfRanks = (ranks + ranksOfTile - 1) / ranksOfTile;
        int chunkK = SkinnyKernels.ChunkOf(k, (long)tilesOfPlaces * output.Batch);
        output.Chunks = Math.Max(1, (k + chunkK - 1) / chunkK);
        (int across, int length) = wideMatrix.AlongK ? (wideMatrix.RowStride, k) : (wideMatrix.DepthStride, places);
        int unit = wideMatrix.AlongK ? Octet.Size : Octet.Size / 2;
        bool isWhole = Whole(wide) != 0 && across % unit == 0 && length % unit == 0 && wideMatrix.StrideBatch % unit == 0;
        GpuStorage? partial = Split(ref output, Math.Max(1, (k + chunkK - 1) / chunkK));
        kernels.For(wide.DType).Run(this, (long)tilesOfPlaces * tilesOfRanks * output.Chunks * output.Batch, new SkinnyKernels.Args
        {
            Wide = wideMatrix, Narrow = narrowMatrix, Output = output, Places = places, Ranks = ranks, K = k, ChunkK = chunkK,
            TilesOfPlaces = tilesOfPlaces, TilesOfRanks = tilesOfRanks,
            Whole = isWhole ? 1 : 0, SameType = narrow.DType == wide.DType ? 1 : 0, RanksInRows = ranksInRows ? 1 : 0,
        });
        AddChunks(wide.DType, partial, output);
    }

    /// <summary>Asks for memory for the sums of chunks of K, if there are several.</summary>
    private GpuStorage? Split(ref ProductOutput output, int chunks)
    {
        output.Chunks = chunks;
        if (chunks == 1) return null;
        GpuStorage partial = Workspace((long)chunks * output.Batch * output.M * output.N);
        output.Partial = Floats(partial);
        return partial;
    }

    private void AddChunks(DType type, GpuStorage? partial, in ProductOutput output)
    {
        if (partial is null) return;
        long count = (long)output.Batch * output.M * output.N;
        ProductKernels.Combine.For(type).RunFlat(this, count, new ProductKernels.CombineArgs { Output = output, Count = count });
        partial.Release();
    }

    // 128x128 tiles pay when there are enough of them to occupy every multiprocessor.
    private bool IsLarge(int m, int n, int batch) =>
        m >= 128 && n >= 128 && ((m + 127L) / 128) * ((n + 127) / 128) * batch >= 2L * accelerator.NumMultiprocessors;
}

/// <summary>A stored matrix as one operand: rows are m of A, or n of B.</summary>
internal struct Matrix(ArrayView<ushort> view, int ld, bool transposed, long strideBatch)
{
    public ArrayView<ushort> View = view;
    public long StrideBatch = strideBatch, Offset = 0;
    public int RowStride = transposed ? 1 : ld, DepthStride = transposed ? ld : 1;

    public readonly bool AlongK => DepthStride == 1;

    public readonly Matrix ForBatch(int batch) =>
        new() { View = View, StrideBatch = StrideBatch, Offset = batch * StrideBatch, RowStride = RowStride, DepthStride = DepthStride };

    public readonly Place Row(int row) => new() { Base = Offset + (long)row * RowStride };

    public readonly Place Depth(int k) => new() { Base = (long)k * DepthStride };

    public readonly float At<T>(Place row, Place k) where T : struct, IStoredFloat => T.Load(View, row.Base + k.Base);
}

/// <summary>A plain matrix product.</summary>
internal struct MatrixProduct : IProduct<MatrixProduct>
{
    public Matrix A, B;

    public static bool Tabled => false;

    public readonly bool AlongKOfA => A.AlongK;

    public readonly bool AlongKOfB => B.AlongK;

    public readonly MatrixProduct ForBatch(int batch) => new() { A = A.ForBatch(batch), B = B.ForBatch(batch) };

    public readonly Place RowOfA(int m) => A.Row(m);

    public readonly Place DepthOfA(int k) => A.Depth(k);

    readonly float IProduct<MatrixProduct>.A<T>(Place row, Place k) => A.At<T>(row, k);

    public readonly Place RowOfB(int n) => B.Row(n);

    public readonly Place DepthOfB(int k) => B.Depth(k);

    readonly float IProduct<MatrixProduct>.B<T>(Place row, Place k) => B.At<T>(row, k);
}
