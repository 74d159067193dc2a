using ILGPU;
using ILGPU.Runtime;

namespace SeLoRA.Engine;

/// <summary>
/// Attention of 16-bit floats on tensor cores (CUDA, sm_80 and up), summed in float32, without a score matrix (Dao et al., 2022; Dao,
/// 2023). A group of four warps owns rows of one head: a warp's fragments of them stay in registers while blocks of the other side's rows
/// pass through a ring of stages in shared memory, by cp.async; one barrier a block. Scores are mma's accumulators, become exponentials
/// there, and as a fragment of A multiply the block's rows once more: they never leave the registers. Where keys are owned, scores are
/// transposed, which makes dk and dv sums over queries like the others. Every sum has one owner and a fixed order: no atomics, the same
/// bits in every run. Rows beyond the end are zero-filled copies; scores of missing keys, and of those a causal query does not see, are
/// minus infinity.
/// Bound: 4 Lq Lk D operations a head forward, 14 backward (dq 6, dk and dv 8; 16 above D = 80, where dk and dv do not fit into registers
/// together). A warp's ldmatrix of 512 bytes serves two mma for each 16 rows that the warp owns. Share of peak: not yet run on a GPU.
/// </summary>
internal static class TensorCoreAttentionKernels
{
    public static class Forward<TTile> where TTile : struct, ITensorCoreForwardTile
    {
        public static readonly Kernel<TensorCoreAttentionArgs> Kernel = new(AttentionForwardKernel<TTile>);
    }

    public static class QueryGradient<TTile> where TTile : struct, ITensorCoreQueryGradientTile
    {
        public static readonly Kernel<TensorCoreAttentionArgs> Kernel = new(AttentionQueryGradientKernel<TTile>);
    }

    public static class KeyGradient<TTile> where TTile : struct, ITensorCoreKeyGradientTile
    {
        public static readonly Kernel<TensorCoreAttentionArgs> Kernel = new(AttentionKeyGradientKernel<TTile>);
    }

    private static class Statistics<TElement> where TElement : struct, ITensorCoreElement
    {
        public static readonly Kernel<TensorCoreStatisticsArgs> Kernel = new(AttentionStatisticsKernel<TElement>);
    }

    /// <summary>The kernel that prepares a backward pass.</summary>
    public static Kernel<TensorCoreStatisticsArgs> StatisticsFor(DType type) =>
        type == DType.BF16 ? Statistics<TensorCoreBF16>.Kernel : Statistics<TensorCoreF16>.Kernel;

    /// <summary>What it is launched with, all but the views; a thread for each of Count rows.</summary>
    public static TensorCoreStatisticsArgs StatisticsOf(in AttentionShape s) => new() { Count = (long)s.N * s.Lq * s.Heads, D = s.D, Heads = s.Heads, Lq = s.Lq };

    /// <summary>Two groups a multiprocessor, eight warps: up to 255 registers a thread, and 2 x 48 KB of shared memory, which needs no opting in.</summary>
    [Kernel(TensorCoreAttentionLayout.Threads, groups: 2)]
    private static void AttentionForwardKernel<TTile>(TensorCoreAttentionArgs p) where TTile : struct, ITensorCoreForwardTile
    {
        int stageBytes = StageBytes<TTile>(), last = (TTile.Stages - 1) * stageBytes;
        ArrayView<F4> shared = SharedMemory.Allocate<F4>(TTile.Stages * StageBytes<TTile>() / TensorCoreAttentionLayout.ChunkBytes);
        TTile.Declare();
        GroupPlace at = Begin<TTile>(p);
        int end = p.Causal != 0 ? IntrinsicMath.Min(p.OtherRows, at.Row0 + TTile.OwnRows) : p.OtherRows;
        CopyOwn<TTile>(p, at, p.OwnFirst, last);
        CpAsync.CommitSlice();
        CopyFirstBlocks<TTile>(p, at, 0, end);
        TTile.AwaitOwn();
        Group.Barrier();
        TTile.LoadFirst(last + at.Fragment);
        Walk<TTile, ForwardBlock<TTile>>(p, at, 0, end);

        TTile.Finish(p.Statistics + ((long)at.Head * p.OwnRows + at.Row) * sizeof(float), (Group.IdxX & 3) == 0 ? p.OwnRows - at.Row : 0, p.ScaleOfPowers);
        TTile.Store(at.Pair);
        StoreTile<TTile>(shared, p.Result, p, at);
    }

    /// <inheritdoc cref="AttentionForwardKernel"/>
    [Kernel(TensorCoreAttentionLayout.Threads, groups: 2)]
    private static void AttentionQueryGradientKernel<TTile>(TensorCoreAttentionArgs p) where TTile : struct, ITensorCoreQueryGradientTile
    {
        int stageBytes = StageBytes<TTile>();
        ArrayView<F4> shared = SharedMemory.Allocate<F4>(TTile.Stages * StageBytes<TTile>() / TensorCoreAttentionLayout.ChunkBytes);
        TTile.Declare();
        GroupPlace at = Begin<TTile>(p);
        CopyBothOwn<TTile>(p, at);
        TTile.LoadStatistics(p.Statistics + ((long)at.Head * p.OwnRows + at.Row) * 2 * sizeof(float), p.OwnRows - at.Row);
        TTile.LoadFirst(at.Fragment);
        TTile.LoadSecond(stageBytes + at.Fragment);
        Group.Barrier();
        int end = p.Causal != 0 ? IntrinsicMath.Min(p.OtherRows, at.Row0 + TTile.OwnRows) : p.OtherRows;
        CopyFirstBlocks<TTile>(p, at, 0, end);
        Walk<TTile, QueryGradientBlock<TTile>>(p, at, 0, end);

        TTile.Store(at.Pair, p.Scale);
        StoreTile<TTile>(shared, p.Result, p, at);
    }

    /// <inheritdoc cref="AttentionForwardKernel"/>
    [Kernel(TensorCoreAttentionLayout.Threads, groups: 2)]
    private static void AttentionKeyGradientKernel<TTile>(TensorCoreAttentionArgs p) where TTile : struct, ITensorCoreKeyGradientTile
    {
        int stageBytes = StageBytes<TTile>();
        ArrayView<F4> shared = SharedMemory.Allocate<F4>(TTile.Stages * StageBytes<TTile>() / TensorCoreAttentionLayout.ChunkBytes);
        TTile.Declare();
        GroupPlace at = Begin<TTile>(p);
        CopyBothOwn<TTile>(p, at);
        TTile.LoadFirst(at.Fragment);
        TTile.LoadSecond(stageBytes + at.Fragment);
        Group.Barrier();
        // No earlier query sees these keys.
        int begin = p.Causal != 0 ? at.Row0 : 0;
        CopyFirstBlocks<TTile>(p, at, begin, p.OtherRows);
        Walk<TTile, KeyGradientBlock<TTile>>(p, at, begin, p.OtherRows);

        if (TTile.GivesKeys)
        {
            TTile.StoreKeys(at.Pair, p.Scale);
            StoreTile<TTile>(shared, p.Result, p, at);
        }
        if (TTile.GivesKeys && TTile.GivesValues) Group.Barrier();
        if (TTile.GivesValues)
        {
            TTile.StoreValues(at.Pair);
            StoreTile<TTile>(shared, p.ResultOfValues, p, at);
        }
    }

    /// <summary>One thread a row of a head.</summary>
    [Kernel]
    private static void AttentionStatisticsKernel<TElement>(TensorCoreStatisticsArgs p) where TElement : struct, ITensorCoreElement
    {
        long i = Flat.Index;
        if (i >= p.Count) return;
        F4 sum = default;
        for (int k = 0; k < p.D; k += 4) sum = F4.Add(sum, F4.Multiply(TElement.LoadQuad(p.Y, i * p.D + k), TElement.LoadQuad(p.Dy, i * p.D + k)));
        long row = Flat.Divide(i, p.Heads), n = Flat.Divide(row, p.Lq);
        long at = (n * p.Heads + (i - row * p.Heads)) * p.Lq + (row - n * p.Lq);
        p.Statistics[2 * at] = p.Lse[at] * TensorCoreAttentionArgs.Log2E;
        p.Statistics[2 * at + 1] = sum.X + sum.Y + (sum.Z + sum.W);
    }

    /// <summary>What a walk does with a block that has arrived.</summary>
    private interface IBlock
    {
        /// <summary>The block begins at a row of the other side, and at a place in shared memory.</summary>
        static abstract void Run(TensorCoreAttentionArgs p, GroupPlace at, int row0, int stage);
    }

    private readonly struct ForwardBlock<TTile> : IBlock where TTile : struct, ITensorCoreForwardTile
    {
        public static void Run(TensorCoreAttentionArgs p, GroupPlace at, int row0, int stage)
        {
            TTile.Scores(stage);
            if (HidesKeys(p, at, row0, TTile.OtherRows)) TTile.Hide(p.OtherRows - row0 - at.Column, AheadOf(p, at, row0));
            TTile.Exponentials(p.ScaleOfPowers);
            TTile.Values(stage + HalfBytes<TTile>());
        }
    }

    private readonly struct QueryGradientBlock<TTile> : IBlock where TTile : struct, ITensorCoreQueryGradientTile
    {
        public static void Run(TensorCoreAttentionArgs p, GroupPlace at, int row0, int stage)
        {
            for (int step = 0; step < TTile.OtherRows; step += TTile.Step)
            {
                int place = stage + step * TTile.Chunks * TensorCoreAttentionLayout.ChunkBytes, key0 = row0 + step;
                TTile.Products(place, place + HalfBytes<TTile>());
                if (HidesKeys(p, at, key0, TTile.Step)) TTile.Hide(p.OtherRows - key0 - at.Column, AheadOf(p, at, key0));
                TTile.Gradients(p.ScaleOfPowers);
                TTile.Accumulate(place);
            }
        }
    }

    private readonly struct KeyGradientBlock<TTile> : IBlock where TTile : struct, ITensorCoreKeyGradientTile
    {
        public static void Run(TensorCoreAttentionArgs p, GroupPlace at, int row0, int stage)
        {
            for (int step = 0; step < TTile.OtherRows; step += TTile.Step)
            {
                int place = stage + step * TTile.Chunks * TensorCoreAttentionLayout.ChunkBytes, query0 = row0 + step;
                TTile.Products(place, place + HalfBytes<TTile>());
                if (p.Causal != 0 && query0 < at.Row0 + TTile.OwnRows) TTile.Hide(at.Row - query0 - at.Column);
                TTile.Gradients(stage + 2 * HalfBytes<TTile>() + (step + at.Column) * 2 * sizeof(float), p.ScaleOfPowers);
                TTile.Accumulate(place, place + HalfBytes<TTile>());
            }
        }
    }

    // The same for all threads of a group: mma wants whole warps.
    private static bool HidesKeys(TensorCoreAttentionArgs p, GroupPlace at, int key0, int keys) =>
        key0 + keys > p.OtherRows || (p.Causal != 0 && key0 + keys - 1 > at.Row0);

    /// <summary>Keys from this lane's first column on that its first row sees.</summary>
    private static int AheadOf(TensorCoreAttentionArgs p, GroupPlace at, int key0) => p.Causal != 0 ? at.Row - key0 - at.Column + 1 : int.MaxValue / 2;

    /// <summary>Walks the blocks from one row of the other side to another, the first ones already under way.</summary>
    private static void Walk<TTile, TBlock>(TensorCoreAttentionArgs p, GroupPlace at, int begin, int end)
        where TTile : struct, ITensorCoreAttentionTile where TBlock : struct, IBlock
    {
        int stageBytes = StageBytes<TTile>(), ringBytes = TTile.Stages * stageBytes, stage = 0, free = ringBytes - stageBytes;
        for (int row0 = begin; row0 < end; row0 += TTile.OtherRows)
        {
            TTile.AwaitBlock();
            // Everyone's part of this block is there, and everyone is done with the stage that is filled next.
            Group.Barrier();
            int next = row0 + (TTile.Stages - 1) * TTile.OtherRows;
            if (next < end) CopyBlock<TTile>(p, at, next, free);
            CpAsync.CommitSlice();
            TBlock.Run(p, at, row0, stage);
            stage = stage + stageBytes == ringBytes ? 0 : stage + stageBytes;
            free = free + stageBytes == ringBytes ? 0 : free + stageBytes;
        }
        CpAsync.AwaitAll();
        Group.Barrier();
    }

    private static void CopyFirstBlocks<TTile>(TensorCoreAttentionArgs p, GroupPlace at, int begin, int end) where TTile : struct, ITensorCoreAttentionTile
    {
        for (int s = 0; s < TTile.Stages - 1; s++)
        {
            int row0 = begin + s * TTile.OtherRows;
            if (row0 < end) CopyBlock<TTile>(p, at, row0, s * StageBytes<TTile>());
            CpAsync.CommitSlice();
        }
    }

    private static void CopyBlock<TTile>(TensorCoreAttentionArgs p, GroupPlace at, int row0, int to) where TTile : struct, ITensorCoreAttentionTile
    {
        long from = at.Other + row0 * at.LineBytes, step = TensorCoreAttentionLayout.CopiedRows * at.LineBytes;
        int rows = p.OtherRows - row0 - at.CopiedRow;
        TTile.Copy(to, p.OtherFirst + from, step, rows);
        TTile.Copy(to + HalfBytes<TTile>(), p.OtherSecond + from, step, rows);
        if (TTile.StatisticBytes == 0) return;
        int row = row0 + Group.IdxX;
        TTile.CopyStatistics(to + 2 * HalfBytes<TTile>() + Group.IdxX * 2 * sizeof(float),
            p.Statistics + ((long)at.Head * p.OtherRows + row) * 2 * sizeof(float), p.OtherRows - row);
    }

    /// <summary>Brings the group's first and second rows into the first two stages.</summary>
    private static void CopyBothOwn<TTile>(TensorCoreAttentionArgs p, GroupPlace at) where TTile : struct, ITensorCoreAttentionTile
    {
        CopyOwn<TTile>(p, at, p.OwnFirst, 0);
        CopyOwn<TTile>(p, at, p.OwnSecond, StageBytes<TTile>());
        CpAsync.AwaitAll();
        Group.Barrier();
    }

    private static void CopyOwn<TTile>(TensorCoreAttentionArgs p, GroupPlace at, long tensor, int to) where TTile : struct, ITensorCoreAttentionTile
    {
        long from = tensor + at.Own, step = TensorCoreAttentionLayout.CopiedRows * at.LineBytes;
        int rows = p.OwnRows - at.Row0 - at.CopiedRow;
        TTile.Copy(to, from, step, rows);
        TTile.Copy(to + HalfBytes<TTile>(), from + TTile.OtherRows * at.LineBytes, step, rows - TTile.OtherRows);
    }

    /// <summary>From a tile in shared memory, once all have stored theirs, to those rows and columns that exist.</summary>
    private static void StoreTile<TTile>(ArrayView<F4> shared, ArrayView<ushort> result, TensorCoreAttentionArgs p, GroupPlace at)
        where TTile : struct, ITensorCoreAttentionTile
    {
        Group.Barrier();
        for (int i = Group.IdxX; i < TTile.OwnRows * TTile.Chunks; i += TensorCoreAttentionLayout.Threads)
        {
            int row = i / TTile.Chunks, chunk = i - row * TTile.Chunks;
            if (at.Row0 + row >= p.OwnRows || chunk * 8 >= p.D) continue;
            result.Cast<F4>()[(at.Result + (long)row * p.Heads * p.D >> 3) + chunk] =
                shared[TensorCoreAttentionLayout.ChunkOffset(row, chunk, TTile.Chunks) / TensorCoreAttentionLayout.ChunkBytes];
        }
    }

    private static GroupPlace Begin<TTile>(TensorCoreAttentionArgs p) where TTile : struct, ITensorCoreAttentionTile
    {
        int lane = Group.IdxX & 31, warpRow = (Group.IdxX >> 5) * (TTile.OwnRows / 4), warpBytes = warpRow * TTile.Chunks * TensorCoreAttentionLayout.ChunkBytes;
        int head = Grid.IdxX / p.Tiles, row0 = (Grid.IdxX - head * p.Tiles) * TTile.OwnRows, n = head / p.Heads;
        int copiedRow = TensorCoreAttentionLayout.CopiedRow(Group.IdxX, TTile.Chunks), chunk = Group.IdxX & 3;
        long line = (long)p.Heads * p.D, column = (head - n * p.Heads) * p.D;
        int rowsFirst = TensorCoreAttentionLayout.RowsFirst(lane, TTile.Chunks);
        TTile.Place(rowsFirst, TensorCoreAttentionLayout.ColumnsFirst(lane, TTile.Chunks),
            TensorCoreAttentionLayout.ChunkOffset(copiedRow, chunk, TTile.Chunks), p.D / 8 - chunk);
        return new GroupPlace
        {
            Head = head, Row0 = row0, Row = row0 + warpRow + (lane >> 2), Column = (lane & 3) * 2, CopiedRow = copiedRow, LineBytes = line * sizeof(ushort),
            Own = (((long)n * p.OwnRows + row0 + copiedRow) * line + column) * sizeof(ushort) + chunk * TensorCoreAttentionLayout.ChunkBytes,
            Other = (((long)n * p.OtherRows + copiedRow) * line + column) * sizeof(ushort) + chunk * TensorCoreAttentionLayout.ChunkBytes,
            Result = ((long)n * p.OwnRows + row0) * line + column,
            Fragment = warpBytes + rowsFirst, Pair = warpBytes + TensorCoreAttentionLayout.Pair(lane, TTile.Chunks),
        };
    }

    private static int HalfBytes<TTile>() where TTile : struct, ITensorCoreAttentionTile => TTile.OtherRows * TTile.Chunks * TensorCoreAttentionLayout.ChunkBytes;

    private static int StageBytes<TTile>() where TTile : struct, ITensorCoreAttentionTile => 2 * HalfBytes<TTile>() + TTile.StatisticBytes;

    /// <summary>Where a thread is.</summary>
    private struct GroupPlace
    {
        /// <summary>Head, over all N; the group's first own row; this lane's first row and column of mma's result; the row it copies.</summary>
        public int Head, Row0, Row, Column, CopiedRow;

        /// <summary>Bytes of this thread's first chunk from the tensor's first, in the group's own rows and in the other side's; and of a row.</summary>
        public long Own, Other, LineBytes;

        /// <summary>First element of the group's rows in the result.</summary>
        public long Result;

        /// <summary>Places of the warp's first fragment, and of the lane's first pair, in a tile of own rows.</summary>
        public int Fragment, Pair;
    }
}
