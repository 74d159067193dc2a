using ILGPU;

namespace SeLoRA.Engine;

/// <summary>
/// Products of 16-bit floats, and of float32 rounded to TF32, on tensor cores (CUDA, sm_80 and up), summed in float32. A group computes one tile
/// of C: cp.async brings slices of 32 k of both operands, 16 of float32, into a ring of stages in shared memory while mma.sync multiplies an
/// earlier one; one barrier a slice.
/// A second pair of operands may be appended to K (the low-rank path of an adapted layer), and K may be split among groups.
/// A convolution is the same product: its A is an image seen through windows (<see cref="TensorCoreWindows"/>), which is never stored; so is the
/// gradient of its weight, whose B is that image (<see cref="TensorCorePixels"/>).
/// Edges: cp.async reads only the valid part of each 16 bytes and fills up with zeros, so M, N and K are arbitrary; but addresses must be
/// multiples of 16 bytes, leading dimensions too.
/// Bound: 2 M N K operations at 128x128; a slice's 16 KB are read from L2 for 1 M operations. Share of peak: not yet run on a GPU.
/// </summary>
internal static class TensorCoreKernels
{
    /// <summary>The kernel for a tile, an element type and operands as they lie.</summary>
    public static Kernel<TensorCoreArgs> Find(TensorCoreTile tile, DType type, bool transA, bool transB) => type switch
    {
        DType.BF16 => Find<TensorCoreBF16>(tile, transA, transB),
        DType.F16 => Find<TensorCoreF16>(tile, transA, transB),
        _ => Find<TensorCoreTF32>(tile, transA, transB),
    };

    private static Kernel<TensorCoreArgs> Find<TElement>(TensorCoreTile tile, bool transA, bool transB) where TElement : struct, ITensorCoreElement =>
        transA ? Find<TElement, OperandsTN>(tile) : transB ? Find<TElement, OperandsNT>(tile) : Find<TElement, OperandsNN>(tile);

    /// <summary>The kernel of a convolution, or of its input's gradient.</summary>
    public static Kernel<TensorCoreArgs> FindConv2d(TensorCoreTile tile, DType type, bool backward) => type switch
    {
        DType.BF16 => FindConv2d<TensorCoreBF16>(tile, backward),
        DType.F16 => FindConv2d<TensorCoreF16>(tile, backward),
        _ => FindConv2d<TensorCoreTF32>(tile, backward),
    };

    private static Kernel<TensorCoreArgs> FindConv2d<TElement>(TensorCoreTile tile, bool backward) where TElement : struct, ITensorCoreElement =>
        backward ? Find<TElement, WindowsNN>(tile) : Find<TElement, WindowsNT>(tile);

    /// <summary>The kernel of the gradient of a convolution's weight.</summary>
    public static Kernel<TensorCoreArgs> FindConv2dWeight(TensorCoreTile tile, DType type) => type switch
    {
        DType.BF16 => Find<TensorCoreBF16, WindowsTN>(tile),
        DType.F16 => Find<TensorCoreF16, WindowsTN>(tile),
        _ => Find<TensorCoreTF32, WindowsTN>(tile),
    };

    /// <summary>The kernel that adds the sums of a split K.</summary>
    public static Kernel<CombineArgs> FindCombine(DType type) => type switch
    {
        DType.BF16 => Combine<TensorCoreBF16>.Kernel,
        DType.F16 => Combine<TensorCoreF16>.Kernel,
        _ => Combine<TensorCoreTF32>.Kernel,
    };

    private static Kernel<TensorCoreArgs> Find<TElement, TOperands>(TensorCoreTile tile)
        where TElement : struct, ITensorCoreElement where TOperands : struct, ITensorCoreOperands => tile switch
        {
            TensorCoreTile.Tile128x128 => EightWarps<Tile128x128, TElement, TOperands>.Product,
            TensorCoreTile.Tile128x64 => FourWarps<Tile128x64, TElement, TOperands>.Product,
            TensorCoreTile.Tile128x16 => FourWarps<Tile128x16, TElement, TOperands>.Product,
            TensorCoreTile.Tile16x128 => FourWarps<Tile16x128, TElement, TOperands>.Product,
            _ => FourWarps<Tile64x64, TElement, TOperands>.Product,
        };

    public static class EightWarps<TTile, TElement, TOperands>
        where TTile : struct, IEightWarpTile where TElement : struct, ITensorCoreElement where TOperands : struct, ITensorCoreOperands
    {
        public static readonly Kernel<TensorCoreArgs> Product = new(ProductEightWarpsKernel<TTile, TElement, TOperands>);
    }

    public static class FourWarps<TTile, TElement, TOperands>
        where TTile : struct, IFourWarpTile where TElement : struct, ITensorCoreElement where TOperands : struct, ITensorCoreOperands
    {
        public static readonly Kernel<TensorCoreArgs> Product = new(ProductFourWarpsKernel<TTile, TElement, TOperands>);
    }

    public static class Combine<TElement> where TElement : struct, ITensorCoreElement
    {
        public static readonly Kernel<CombineArgs> Kernel = new(CombineSplitsKernel<TElement>);
    }

    public struct CombineArgs
    {
        public TensorCoreOutput Output;

        /// <summary>Quads of all rows; a row's last may be part of one.</summary>
        public long Quads;

        public static CombineArgs For(in TensorCoreOutput output) =>
            new() { Output = output, Quads = (long)output.Batch * output.M * ((output.N + 3) / 4) };
    }

    /// <summary>Two groups a multiprocessor: at most 128 registers a thread, and 2 x 48 KB of shared memory.</summary>
    [Kernel(256, groups: 2)]
    private static void ProductEightWarpsKernel<TTile, TElement, TOperands>(TensorCoreArgs p)
        where TTile : struct, IEightWarpTile where TElement : struct, ITensorCoreElement where TOperands : struct, ITensorCoreOperands =>
        Product<TTile, TElement, TOperands>(p);

    /// <summary>Four groups' registers a multiprocessor: at most 128 a thread.</summary>
    [Kernel(128, groups: 4)]
    private static void ProductFourWarpsKernel<TTile, TElement, TOperands>(TensorCoreArgs p)
        where TTile : struct, IFourWarpTile where TElement : struct, ITensorCoreElement where TOperands : struct, ITensorCoreOperands =>
        Product<TTile, TElement, TOperands>(p);

    private static void Product<TTile, TElement, TOperands>(TensorCoreArgs p)
        where TTile : struct, ITensorCoreTile where TElement : struct, ITensorCoreElement where TOperands : struct, ITensorCoreOperands
    {
        int stageBytes = TensorCoreLayout.StageBytes(TTile.Log2Rows, TTile.Log2Columns), ringBytes = TTile.Stages * stageBytes;
        int sliceOfA = TensorCoreLayout.SliceBytes(TTile.Log2Rows);
        ArrayView<F4> shared = SharedMemory.Allocate<F4>(ringBytes / TensorCoreLayout.ChunkBytes);
        TTile.Declare();

        int block = Grid.IdxX;
        int n0 = (block % p.TilesN) << TTile.Log2Columns;
        block /= p.TilesN;
        int m0 = (block % p.TilesM) << TTile.Log2Rows;
        block /= p.TilesM;
        int split = block % p.Output.Splits, batch = block / p.Output.Splits;
        int begin = split * p.SlicesOfSplit, end = IntrinsicMath.Min(p.Slices, begin + p.SlicesOfSplit);

        int lane = Group.IdxX & 31, warp = Group.IdxX >> 5;
        int warpM = warp >> TTile.Log2WarpsN, warpN = warp & ((1 << TTile.Log2WarpsN) - 1);
        int log2WarpRows = TTile.Log2Rows - TTile.Log2WarpsM, log2WarpColumns = TTile.Log2Columns - TTile.Log2WarpsN;
        var chunkOfA = new ChunkPlace(Group.IdxX, TOperands.AlongKOfA, TTile.Log2Rows, TElement.Log2Bytes);
        var chunkOfB = new ChunkPlace(Group.IdxX, TOperands.AlongKOfB, TTile.Log2Columns, TElement.Log2Bytes);
        TTile.PlaceA(TensorCoreLayout.FragmentOfA(lane, warpM << log2WarpRows, TOperands.AlongKOfA, TTile.Log2Rows, TElement.Log2Bytes),
            chunkOfA.Offset, chunkOfA.AlongK, chunkOfA.Existing(p.Output.M - m0));
        TTile.PlaceB(sliceOfA + TensorCoreLayout.FragmentsOfB(lane, warpN << log2WarpColumns, TOperands.AlongKOfB, TTile.Log2Columns, TElement.Log2Bytes),
            sliceOfA + chunkOfB.Offset, chunkOfB.AlongK, chunkOfB.Existing(p.Output.N - n0));
        if (TOperands.WindowsOfA) PlaceWindows<TTile>(p, m0 + chunkOfA.Line);

        SliceSource source = TOperands.WindowsOfA ? LocateTap<TElement, TOperands>(p, begin, chunkOfA, chunkOfB.Of(n0))
            : Locate<TElement, TOperands>(p, begin, chunkOfA.Of(m0), chunkOfB.Of(n0), batch);
        for (int s = 0; s < TTile.Stages - 1; s++)
        {
            if (begin + s < end)
            {
                if (!TOperands.WindowsOfA && begin + s == p.SlicesOfFirst)
                    source = Locate<TElement, TOperands>(p, begin + s, chunkOfA.Of(m0), chunkOfB.Of(n0), batch);
                source = Copy<TTile, TElement, TOperands>(p, source, s * stageBytes);
                if (TOperands.WindowsOfA) source = p.Windows.NextTap(source, p.First.K);
            }
            CpAsync.CommitSlice();
        }
        int stage = 0, free = ringBytes - stageBytes;
        for (int slice = begin; slice < end; slice++)
        {
            TTile.AwaitSlice();
            // Everyone's part of this slice is there, and everyone is done with the stage that is filled next.
            Group.Barrier();
            int next = slice + TTile.Stages - 1;
            if (next < end)
            {
                if (!TOperands.WindowsOfA && next == p.SlicesOfFirst)
                    source = Locate<TElement, TOperands>(p, next, chunkOfA.Of(m0), chunkOfB.Of(n0), batch);
                source = Copy<TTile, TElement, TOperands>(p, source, free);
                if (TOperands.WindowsOfA) source = p.Windows.NextTap(source, p.First.K);
            }
            CpAsync.CommitSlice();
            Multiply<TTile, TElement, TOperands>(stage, 0, 0, 0);
            Multiply<TTile, TElement, TOperands>(stage, TensorCoreLayout.StepAlongK,
                TensorCoreLayout.StepAcrossK(TTile.Log2Rows), TensorCoreLayout.StepAcrossK(TTile.Log2Columns));
            stage = stage + stageBytes == ringBytes ? 0 : stage + stageBytes;
            free = free + stageBytes == ringBytes ? 0 : free + stageBytes;
        }
        CpAsync.AwaitAll();

        // Through shared memory, a slab at a time, so that neighbouring threads store neighbouring columns: each four, always the same.
        int log2Quads = TTile.Log2Columns - 2, stride = TensorCoreLayout.StagedStride(TTile.Log2Columns) / 4;
        int quad = Group.IdxX & ((1 << log2Quads) - 1), column = n0 + quad * 4;
        int stagedRows = TensorCoreLayout.SlabRows << TTile.Log2WarpsM, rowStep = (32 << (TTile.Log2WarpsM + TTile.Log2WarpsN)) >> log2Quads;
        int staged = TensorCoreLayout.StagedOffset(lane, warpM, warpN << log2WarpColumns, TTile.Log2Columns);
        for (int slab = 0; slab < (1 << log2WarpRows) / TensorCoreLayout.SlabRows; slab++)
        {
            Group.Barrier();
            TTile.StoreSlab(slab, staged);
            Group.Barrier();
            for (int row = Group.IdxX >> log2Quads; row < stagedRows; row += rowStep)
                p.Output.Store<TElement>(shared[row * stride + quad],
                    m0 + TensorCoreLayout.RowOfStaged(row, slab, log2WarpRows), column, batch, split);
        }
    }

    /// <summary>One step of mma: 16 values of k, or 8 of float32.</summary>
    private static void Multiply<TTile, TElement, TOperands>(int stage, int turn, int furtherOfA, int furtherOfB)
        where TTile : struct, ITensorCoreTile where TElement : struct, ITensorCoreElement where TOperands : struct, ITensorCoreOperands
    {
        if (TOperands.AlongKOfA) TTile.LoadAAlongK(stage, turn);
        else if (TElement.Log2Bytes == 2) TTile.LoadAWordsAcrossK(stage, furtherOfA);
        else TTile.LoadAAcrossK(stage, furtherOfA);
        if (TOperands.AlongKOfB) TTile.LoadBAlongK(stage, turn);
        else if (TElement.Log2Bytes == 2) TTile.LoadBWordsAcrossK(stage, furtherOfB);
        else TTile.LoadBAcrossK(stage, furtherOfB);
        TElement.Multiply<TTile>();
    }

    /// <summary>From where this thread copies its chunks of a slice; slices of the appended pair come after the first pair's.</summary>
    private static SliceSource Locate<TElement, TOperands>(TensorCoreArgs p, int slice, ChunkPlace a, ChunkPlace b, int batch)
        where TElement : struct, ITensorCoreElement where TOperands : struct, ITensorCoreOperands
    {
        bool appended = slice >= p.SlicesOfFirst;
        TensorCorePair pair = appended ? p.Appended : p.First;
        int k0 = (appended ? slice - p.SlicesOfFirst : slice) << TensorCoreLayout.Log2Depth(TElement.Log2Bytes);
        var source = new SliceSource
        {
            A = pair.A + ((batch * pair.StrideA + a.Element(k0, pair.Lda)) << TElement.Log2Bytes),
            B = pair.B + ((batch * pair.StrideB + b.Element(k0, pair.Ldb)) << TElement.Log2Bytes),
            LineOfA = (long)pair.Lda << TElement.Log2Bytes, LineOfB = (long)pair.Ldb << TElement.Log2Bytes, KLeft = pair.K - k0,
        };
        if (!TOperands.WindowsOfB) return source;
        source.B = pair.B;
        source.LineOfB = b.Line;
        return p.Pixels.At(source, b.FirstRow, p.Output.N, TElement.Log2Bytes);
    }

    /// <summary>The pixels that this thread's chunks of A come from, its first one's row of C given.</summary>
    private static void PlaceWindows<TTile>(TensorCoreArgs p, int firstRow) where TTile : struct, ITensorCoreTile
    {
        int log2Lines = TensorCoreLayout.Log2CopiedLines(true, TTile.Log2Rows, 1, 5 + TTile.Log2WarpsM + TTile.Log2WarpsN);
        int copies = Math.Max(1, (1 << TTile.Log2Rows) >> log2Lines);
        for (int copy = 0; copy < copies; copy++)
        {
            int row = firstRow + (copy << log2Lines);
            WindowPlace place = p.Windows.PlaceOf(row);
            TTile.PlaceWindow(copy, place.Pixel, row < p.Output.M ? place.Outside : -1);
        }
    }

    /// <summary>As <see cref="Locate{TElement, TOperands}"/> with A seen through windows: slices of a tap's channels, tap after tap.</summary>
    private static SliceSource LocateTap<TElement, TOperands>(TensorCoreArgs p, int slice, ChunkPlace a, ChunkPlace b)
        where TElement : struct, ITensorCoreElement where TOperands : struct, ITensorCoreOperands
    {
        TensorCoreWindows windows = p.Windows;
        int tap = slice / windows.SlicesOfTap, row = tap / windows.KW, column = tap - row * windows.KW;
        int k0 = (slice - tap * windows.SlicesOfTap) << TensorCoreLayout.Log2Depth(TElement.Log2Bytes);
        return new SliceSource
        {
            A = p.First.A + row * windows.RowOfTaps + column * windows.ColumnOfTaps + (k0 << TElement.Log2Bytes) + a.AlongK,
            B = p.First.B + tap * windows.TapOfB + (b.Element(k0, p.First.Ldb) << TElement.Log2Bytes),
            LineOfB = (long)p.First.Ldb << TElement.Log2Bytes, KLeft = p.First.K - k0, Tap = TensorCoreWindows.BitsOf(row, column),
        };
    }

    /// <summary>Asks for one slice of both operands; returns where the next one comes from.</summary>
    private static SliceSource Copy<TTile, TElement, TOperands>(TensorCoreArgs p, SliceSource from, int stage)
        where TTile : struct, ITensorCoreTile where TElement : struct, ITensorCoreElement where TOperands : struct, ITensorCoreOperands
    {
        int log2Threads = 5 + TTile.Log2WarpsM + TTile.Log2WarpsN, log2Depth = TensorCoreLayout.Log2Depth(TElement.Log2Bytes);
        int log2LinesOfA = TensorCoreLayout.Log2CopiedLines(TOperands.AlongKOfA, TTile.Log2Rows, TElement.Log2Bytes, log2Threads);
        int log2LinesOfB = TensorCoreLayout.Log2CopiedLines(TOperands.AlongKOfB, TTile.Log2Columns, TElement.Log2Bytes, log2Threads);
        int bytesLeft = from.KLeft << TElement.Log2Bytes;
        if (TOperands.WindowsOfA) TTile.CopyAWindows(stage, from.A, from.Tap, bytesLeft);
        else if (TOperands.AlongKOfA) TTile.CopyAAlongK(stage, from.A, from.LineOfA << log2LinesOfA, bytesLeft);
        else TTile.CopyAAcrossK(stage, from.A, from.LineOfA << log2LinesOfA, from.KLeft, 1 << log2LinesOfA);
        if (TOperands.WindowsOfB) CopyWindowsOfB<TTile, TElement>(p, from, stage, log2LinesOfB, log2Threads);
        else if (TOperands.AlongKOfB) TTile.CopyBAlongK(stage, from.B, from.LineOfB << log2LinesOfB, bytesLeft);
        else TTile.CopyBAcrossK(stage, from.B, from.LineOfB << log2LinesOfB, from.KLeft, 1 << log2LinesOfB);
        const int lineBytes = TensorCoreLayout.DepthBytes;
        return new SliceSource
        {
            A = from.A + (TOperands.AlongKOfA ? lineBytes : from.LineOfA << log2Depth),
            B = TOperands.WindowsOfB ? from.B : from.B + (TOperands.AlongKOfB ? lineBytes : from.LineOfB << log2Depth),
            LineOfA = from.LineOfA, LineOfB = from.LineOfB, KLeft = from.KLeft - (1 << log2Depth), Tap = from.Tap,
        };
    }

    /// <summary>This thread's chunks of B seen through windows, each from its own pixel.</summary>
    private static void CopyWindowsOfB<TTile, TElement>(TensorCoreArgs p, SliceSource from, int stage, int log2Lines, int log2Threads)
        where TTile : struct, ITensorCoreTile where TElement : struct, ITensorCoreElement
    {
        int copies = Math.Max(1, TensorCoreLayout.SliceBytes(TTile.Log2Columns) / TensorCoreLayout.ChunkBytes >> log2Threads);
        for (int copy = 0; copy < copies; copy++)
        {
            int line = (int)from.LineOfB + (copy << log2Lines);
            PixelPlace pixel = p.Pixels.PlaceOf(p.First.K - from.KLeft + line);
            bool has = (line < from.KLeft) & p.Pixels.Contains(pixel, from.Tap);
            TTile.CopyChunkOfB(stage + (copy * TensorCoreLayout.ChunkBytes << log2Threads), from.B + (pixel.Offset << TElement.Log2Bytes),
                has ? TensorCoreLayout.ChunkBytes : 0);
        }
    }

    /// <summary>Adds the splits' sums in order and applies the epilogue; a thread four columns.</summary>
    [Kernel]
    private static void CombineSplitsKernel<TElement>(CombineArgs p) where TElement : struct, ITensorCoreElement
    {
        long i = Flat.Index;
        if (i >= p.Quads) return;
        TensorCoreOutput output = p.Output;
        int quadsOfRow = (output.N + 3) >> 2;
        long line = Flat.Divide(i, quadsOfRow), batch = Flat.Divide(line, output.M);
        int column = (int)(i - line * quadsOfRow) * 4, valid = IntrinsicMath.Min(output.N - column, 4);
        bool whole = (output.Flags & TensorCoreOutput.WholeQuads) != 0;
        long at = line * output.N + column, splitLength = (long)output.Batch * output.M * output.N;
        F4 sum = default;
        for (int split = 0; split < output.Splits; split++)
            sum = F4.Add(sum, Quad.LoadF32(output.Partial, split * splitLength + at, valid, whole));
        output.Finish<TElement>(sum, (int)(line - batch * output.M), column, valid, (int)batch);
    }
}
