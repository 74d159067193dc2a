using ILGPU;

namespace SeLoRA.Engine;

/// <summary>
/// Products of 16-bit floats on tensor cores (CUDA, sm_80 and up), summed in float32. A group computes one tile of C: cp.async brings
/// slices of 32 k of both operands into a ring of stages in shared memory while mma.sync multiplies an earlier one; one barrier a slice.
/// A second pair of operands may be appended to K (the low-rank path of an adapted layer), and K may be split among groups.
/// Edges: cp.async reads only the valid part of each 16 bytes and fills up with zeros, so M, N and K are arbitrary; but addresses must be
/// multiples of 16 bytes and leading dimensions of 8 elements.
/// Bound: 2 M N K operations at 128x128; a slice's 16 KB are read from L2 for 1 M operations. Share of peak: not yet run on a GPU.
/// </summary>
internal static class TensorCoreKernels
{
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
        public long Quads;
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
        int stageBytes = TensorCoreLayout.StageBytes(TTile.Log2Rows, TTile.Log2Columns);
        int sliceOfA = TensorCoreLayout.SliceBytes(TTile.Log2Rows);
        ArrayView<F4> shared = SharedMemory.Allocate<F4>(TTile.Stages * stageBytes / TensorCoreLayout.ChunkBytes);
        TTile.Declare();

        int block = Grid.IdxX;
        int n0 = block % p.TilesN << TTile.Log2Columns;
        block /= p.TilesN;
        int m0 = block % p.TilesM << TTile.Log2Rows;
        block /= p.TilesM;
        int split = block % p.Output.Splits, batch = block / p.Output.Splits;
        int begin = split * p.SlicesOfSplit, end = IntrinsicMath.Min(p.Slices, begin + p.SlicesOfSplit);

        int lane = Group.IdxX & 31, warp = Group.IdxX >> 5;
        int warpM = warp >> TTile.Log2WarpsN, warpN = warp & ((1 << TTile.Log2WarpsN) - 1);
        int log2WarpRows = TTile.Log2Rows - TTile.Log2WarpsM, log2WarpColumns = TTile.Log2Columns - TTile.Log2WarpsN;
        int a = TensorCoreLayout.FragmentOfA(lane, warpM << log2WarpRows, TOperands.AlongKOfA, TTile.Log2Rows);
        int b = sliceOfA + TensorCoreLayout.FragmentsOfB(lane, warpN << log2WarpColumns, TOperands.AlongKOfB, TTile.Log2Columns);

        for (int s = 0; s < TTile.Stages - 1; s++)
        {
            if (begin + s < end) LoadSlice<TTile, TOperands>(p, begin + s, s * stageBytes, m0, n0, batch);
            CpAsync.CommitSlice();
        }
        int stage = 0, free = (TTile.Stages - 1) * stageBytes;
        for (int slice = begin; slice < end; slice++)
        {
            TTile.AwaitSlice();
            // Everyone's part of this slice is there, and everyone is done with the stage that is filled next.
            Group.Barrier();
            if (slice + TTile.Stages - 1 < end) LoadSlice<TTile, TOperands>(p, slice + TTile.Stages - 1, free, m0, n0, batch);
            CpAsync.CommitSlice();
            Multiply<TTile, TElement, TOperands>(stage + a, stage + b);
            Multiply<TTile, TElement, TOperands>(
                TensorCoreLayout.NextStep(stage + a, TOperands.AlongKOfA, TTile.Log2Rows),
                TensorCoreLayout.NextStep(stage + b, TOperands.AlongKOfB, TTile.Log2Columns));
            stage = stage + stageBytes == TTile.Stages * stageBytes ? 0 : stage + stageBytes;
            free = free + stageBytes == TTile.Stages * stageBytes ? 0 : free + stageBytes;
        }
        CpAsync.AwaitAll();

        // Through shared memory, a slab at a time, so that neighbouring threads store neighbouring columns.
        int log2Quads = TTile.Log2Columns - 2, slabQuads = TensorCoreLayout.SlabRows << TTile.Log2WarpsM + log2Quads;
        int threads = 32 << TTile.Log2WarpsM + TTile.Log2WarpsN, stride = TensorCoreLayout.StagedStride(TTile.Log2Columns) / 4;
        int staged = TensorCoreLayout.StagedOffset(lane, warpM, warpN << log2WarpColumns, TTile.Log2Columns);
        for (int slab = 0; slab < (1 << log2WarpRows) / TensorCoreLayout.SlabRows; slab++)
        {
            Group.Barrier();
            TTile.StoreSlab(slab, staged);
            Group.Barrier();
            for (int i = Group.IdxX; i < slabQuads; i += threads)
            {
                int row = i >> log2Quads, quad = i & ((1 << log2Quads) - 1);
                p.Output.Store<TElement>(shared[row * stride + quad],
                    m0 + TensorCoreLayout.RowOfStaged(row, slab, log2WarpRows), n0 + quad * 4, batch, split);
            }
        }
    }

    /// <summary>16 values of k.</summary>
    private static void Multiply<TTile, TElement, TOperands>(int a, int b)
        where TTile : struct, ITensorCoreTile where TElement : struct, ITensorCoreElement where TOperands : struct, ITensorCoreOperands
    {
        if (TOperands.AlongKOfA) TTile.LoadAAlongK(a);
        else TTile.LoadAAcrossK(a);
        if (TOperands.AlongKOfB) TTile.LoadBAlongK(b);
        else TTile.LoadBAcrossK(b);
        TElement.Multiply<TTile>();
    }

    /// <summary>Asks for one slice of both operands; those of the appended pair come after the first pair's.</summary>
    private static void LoadSlice<TTile, TOperands>(TensorCoreArgs p, int slice, int stage, int m0, int n0, int batch)
        where TTile : struct, ITensorCoreTile where TOperands : struct, ITensorCoreOperands
    {
        bool appended = slice >= p.SlicesOfFirst;
        TensorCorePair pair = appended ? p.Appended : p.First;
        int k0 = (appended ? slice - p.SlicesOfFirst : slice) << TensorCoreLayout.Log2Depth;
        int log2Threads = 5 + TTile.Log2WarpsM + TTile.Log2WarpsN;
        LoadOperand(pair.A + batch * pair.StrideA * sizeof(ushort), pair.Lda, TOperands.AlongKOfA, TTile.Log2Rows, log2Threads,
            m0, p.Output.M, k0, pair.K, stage);
        LoadOperand(pair.B + batch * pair.StrideB * sizeof(ushort), pair.Ldb, TOperands.AlongKOfB, TTile.Log2Columns, log2Threads,
            n0, p.Output.N, k0, pair.K, stage + TensorCoreLayout.SliceBytes(TTile.Log2Rows));
    }

    private static void LoadOperand(long address, int ld, bool alongK, int log2Rows, int log2Threads,
        int row0, int rowEnd, int k0, int kEnd, int target)
    {
        int log2Line = TensorCoreLayout.Log2LineChunks(alongK, log2Rows);
        int outer0 = alongK ? row0 : k0, outerEnd = alongK ? rowEnd : kEnd;
        int inner0 = alongK ? k0 : row0, innerEnd = alongK ? kEnd : rowEnd;
        int chunks = 1 << log2Rows + TensorCoreLayout.Log2Depth - TensorCoreLayout.Log2Chunk;
        for (int i = Group.IdxX; i < chunks; i += 1 << log2Threads)
        {
            int line = i >> log2Line, chunk = i & ((1 << log2Line) - 1);
            int outer = outer0 + line, inner = inner0 + (chunk << TensorCoreLayout.Log2Chunk);
            int valid = outer < outerEnd ? IntrinsicMath.Clamp(innerEnd - inner, 0, 8) : 0;
            // Where nothing is valid the operand's start is named, not an address beyond its end.
            long source = valid > 0 ? (long)outer * ld + inner : 0;
            CpAsync.Copy16(target + TensorCoreLayout.ChunkOffset(line, chunk, log2Line),
                address + source * sizeof(ushort), valid * sizeof(ushort));
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
