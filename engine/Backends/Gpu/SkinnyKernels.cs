using ILGPU;

namespace SeLoRA.Engine;

/// <summary>
/// Products with one narrow side, as low-rank factors make them: x A^T and dy B, v^T x and dy^T u, and few rows times a weight. The wide
/// operand is read once, 16 bytes of float32 or a quad of 16-bit floats and more at a time; the narrow one is widened to float32 in shared
/// memory, a slice of K at a time, and may be float32 beside a wide one of 16 bits. A group computes 128 wide places x up to 16 ranks: each thread
/// has 4 places, and 8 threads with the same places share K, whose sums are added at the end, in order. K is cut into chunks among groups
/// where the wide side is too short to fill a GPU; their sums are added in order by a second kernel. No atomics. A sum's order depends on
/// nothing but K and the wide side: a factor that grows keeps the bits of its old ranks.
/// Bound: bytes of the wide operand; at 16 ranks of float32 a multiply-add for each of 16 ranks comes near to it.
/// </summary>
internal static class SkinnyKernels
{
    /// <summary>Wide places of a group.</summary>
    public const int Places = 128;

    /// <summary>Values of k that a group puts into shared memory at a time.</summary>
    private const int Slice = 256;

    /// <summary>Threads that share K.</summary>
    public const int LanesOfK = 8;

    /// <summary>Values of k that they take at a time where k is contiguous; chunks are multiples of it.</summary>
    public const int Pass = LanesOfK * Octet.Size;

    /// <summary>Quads of a rank in a slice, k contiguous; one more, so that ranks begin in different banks.</summary>
    public const int RankStride = Slice / 4 + 1;

    // A slice of 16 ranks; afterwards a quad of sums for each place and each thread that shares K, their lines one quad apart.
    private const int SumStride = Places + 1, SharedQuads = 16 * RankStride;

    // Groups that fill a large GPU, and the least that a chunk of K is worth: its sums are written and read once more.
    private const int Groups = 512, LeastChunk = 2 * Pass;

    /// <summary>Values of k of a chunk, if there are <paramref name="tiles"/> of places.</summary>
    public static int ChunkOf(int k, long tiles)
    {
        long chunks = Math.Clamp(Groups / tiles, 1, Math.Max(1, k / LeastChunk));
        return (int)((k + chunks * Pass - 1) / (chunks * Pass)) * Pass;
    }

    public struct Args
    {
        public Matrix Wide, Narrow;
        public ProductOutput Output;

        /// <summary>Sizes, and k of a chunk, a multiple of <see cref="Pass"/>.</summary>
        public int Places, Ranks, K, ChunkK;

        public int TilesOfPlaces, TilesOfRanks;

        /// <summary>The wide operand may be read 16 bytes (or quads of 16 bits) at a time; the narrow one is of its type; C has its ranks in rows.</summary>
        public int Whole, SameType, RanksInRows;
    }

    /// <summary>Kernels whose wide operand has k contiguous, or not.</summary>
    public static class Of<TRanks> where TRanks : struct, IRankSums<TRanks>
    {
        public static readonly FloatKernels<Args>
            AlongK = new(SkinnyAlongKernel<TRanks, StoredF32>, SkinnyAlongKernel<TRanks, StoredBF16>, SkinnyAlongKernel<TRanks, StoredF16>),
            AcrossK = new(SkinnyAcrossKernel<TRanks, StoredF32>, SkinnyAcrossKernel<TRanks, StoredBF16>, SkinnyAcrossKernel<TRanks, StoredF16>);
    }

    /// <summary>The kernels for some ranks, of which those beyond 16 make further tiles; and the ranks of a tile.</summary>
    public static (FloatKernels<Args> Kernels, int Ranks) For(int ranks, bool alongK) =>
        ranks <= 4 ? (alongK ? Of<RankSums4>.AlongK : Of<RankSums4>.AcrossK, 4)
        : ranks <= 8 ? (alongK ? Of<RankSums8>.AlongK : Of<RankSums8>.AcrossK, 8)
        : (alongK ? Of<RankSums16>.AlongK : Of<RankSums16>.AcrossK, 16);

    /// <summary>The group's place in the result.</summary>
    private struct Tile
    {
        public int Place0, Rank0, Chunk, Batch, Begin, End;

        public Tile(Args p, int ranks)
        {
            int block = Grid.IdxX;
            Rank0 = block % p.TilesOfRanks * ranks;
            block /= p.TilesOfRanks;
            Place0 = block % p.TilesOfPlaces * Places;
            block /= p.TilesOfPlaces;
            Chunk = block % p.Output.Chunks;
            Batch = block / p.Output.Chunks;
            Begin = Chunk * p.ChunkK;
            End = IntrinsicMath.Min(p.K, Begin + p.ChunkK);
        }
    }

    /// <summary>
    /// A thread has four rows, 32 apart, and 8 neighbouring k of every 64: a warp reads 8 rows' worth of whole lines. Room for two groups, as
    /// in <see cref="ProductKernels"/>.
    /// </summary>
    [Kernel(groups: 2)]
    private static void SkinnyAlongKernel<TRanks, T>(Args p) where TRanks : struct, IRankSums<TRanks> where T : struct, IStoredFloat
    {
        ArrayView<F4> shared = SharedMemory.Allocate<F4>(SharedQuads);
        var tile = new Tile(p, 4 << TRanks.Log2Quads);
        Matrix wide = p.Wide.ForBatch(tile.Batch), narrow = p.Narrow.ForBatch(tile.Batch);
        int lane = Group.IdxX & (LanesOfK - 1), row = Group.IdxX >> 3;
        long row0 = RowAt(p, wide, tile.Place0 + row), row1 = RowAt(p, wide, tile.Place0 + row + 32);
        long row2 = RowAt(p, wide, tile.Place0 + row + 64), row3 = RowAt(p, wide, tile.Place0 + row + 96);
        TRanks sums = default;
        for (int k0 = tile.Begin; k0 < tile.End; k0 += Slice)
        {
            Group.Barrier();
            for (int i = 0; i < 4 << TRanks.Log2Quads; i++)
            {
                int e = Group.IdxX + i * 256, k = narrow.AlongK ? e & (Slice - 1) : e >> (2 + TRanks.Log2Quads);
                int rank = narrow.AlongK ? e / Slice : e & ((4 << TRanks.Log2Quads) - 1);
                // The low quads of a pass lie side by side, then the high ones: neighbouring lanes read neighbouring quads.
                int quad = (k >> 6) * (Pass / 4) + (k & 4) / 4 * LanesOfK + ((k >> 3) & (LanesOfK - 1));
                shared.Cast<float>()[(rank * RankStride + quad) * 4 + (k & 3)] = NarrowAt<T>(p, narrow, tile.Rank0 + rank, k0 + k, tile.End);
            }
            Group.Barrier();
            int end = IntrinsicMath.Min(tile.End - k0, Slice);
            for (int pass = 0; pass < end; pass += Pass)
            {
                int k = k0 + pass + lane * Octet.Size;
                var x = new Octets4
                {
                    R0 = OctetAt<T>(p, wide, row0, k), R1 = OctetAt<T>(p, wide, row1, k), R2 = OctetAt<T>(p, wide, row2, k), R3 = OctetAt<T>(p, wide, row3, k),
                };
                sums = TRanks.AlongK(sums, x, shared, pass / 4 + lane);
            }
        }
        for (int quad = 0; quad < 1 << TRanks.Log2Quads; quad++)
            AddAndStore<T>(p, tile, shared, TRanks.Quad(sums, quad), lane, row, quad, areNeighbours: false);
    }

    /// <summary>A thread has four neighbouring columns, and every eighth k: a warp reads 128 columns at one k.</summary>
    [Kernel(groups: 2)]
    private static void SkinnyAcrossKernel<TRanks, T>(Args p) where TRanks : struct, IRankSums<TRanks> where T : struct, IStoredFloat
    {
        ArrayView<F4> shared = SharedMemory.Allocate<F4>(SharedQuads);
        var tile = new Tile(p, 4 << TRanks.Log2Quads);
        Matrix wide = p.Wide.ForBatch(tile.Batch), narrow = p.Narrow.ForBatch(tile.Batch);
        int column = Group.IdxX & 31, lane = Group.IdxX >> 5, first = tile.Place0 + column * 4;
        TRanks sums = default;
        for (int k0 = tile.Begin; k0 < tile.End; k0 += Slice)
        {
            Group.Barrier();
            for (int i = 0; i < 4 << TRanks.Log2Quads; i++)
            {
                int e = Group.IdxX + i * 256, k = narrow.AlongK ? e & (Slice - 1) : e >> (2 + TRanks.Log2Quads);
                int rank = narrow.AlongK ? e / Slice : e & ((4 << TRanks.Log2Quads) - 1);
                shared.Cast<float>()[(k << (2 + TRanks.Log2Quads)) + rank] = NarrowAt<T>(p, narrow, tile.Rank0 + rank, k0 + k, tile.End);
            }
            Group.Barrier();
            int end = IntrinsicMath.Min(tile.End - k0, Slice);
            // Beyond K the last line is read and multiplied by zeros: all lanes walk alike.
            for (int step = 0; step < end; step += LanesOfK)
                sums = TRanks.AcrossK(sums, QuadAt<T>(p, wide, first, k0 + step + lane), shared, (step + lane) << TRanks.Log2Quads);
        }
        for (int quad = 0; quad < 1 << TRanks.Log2Quads; quad++)
            AddAndStore<T>(p, tile, shared, TRanks.Quad(sums, quad), lane, column, quad, areNeighbours: true);
    }

    /// <summary>A row's first element; beyond the last row the last one's, whose sums nobody stores.</summary>
    private static long RowAt(Args p, Matrix wide, int row) => wide.Row(IntrinsicMath.Min(row, p.Places - 1)).Base;

    private static F8 OctetAt<T>(Args p, Matrix wide, long row, int k) where T : struct, IStoredFloat
    {
        // Beyond K its last values are read again: the narrow operand is zero there. K is a multiple of 8 where octets are whole.
        if (p.Whole != 0) return T.LoadOctet(wide.View, (row + IntrinsicMath.Min(k, p.K - Octet.Size)) >> 3);
        int last = p.K - 1;
        return new F8(
            new F4(T.Load(wide.View, row + IntrinsicMath.Min(k, last)), T.Load(wide.View, row + IntrinsicMath.Min(k + 1, last)),
                T.Load(wide.View, row + IntrinsicMath.Min(k + 2, last)), T.Load(wide.View, row + IntrinsicMath.Min(k + 3, last))),
            new F4(T.Load(wide.View, row + IntrinsicMath.Min(k + 4, last)), T.Load(wide.View, row + IntrinsicMath.Min(k + 5, last)),
                T.Load(wide.View, row + IntrinsicMath.Min(k + 6, last)), T.Load(wide.View, row + IntrinsicMath.Min(k + 7, last))));
    }

    private static F4 QuadAt<T>(Args p, Matrix wide, int column, int k) where T : struct, IStoredFloat
    {
        long line = wide.Offset + (long)IntrinsicMath.Min(k, p.K - 1) * wide.DepthStride;
        if (p.Whole != 0) return T.LoadQuad(wide.View, (line + IntrinsicMath.Min(column, p.Places - 4)) >> 2);
        int last = p.Places - 1;
        return new F4(T.Load(wide.View, line + IntrinsicMath.Min(column, last)), T.Load(wide.View, line + IntrinsicMath.Min(column + 1, last)),
            T.Load(wide.View, line + IntrinsicMath.Min(column + 2, last)), T.Load(wide.View, line + IntrinsicMath.Min(column + 3, last)));
    }

    private static float NarrowAt<T>(Args p, Matrix narrow, int rank, int k, int end) where T : struct, IStoredFloat
    {
        long at = narrow.Row(IntrinsicMath.Min(rank, p.Ranks - 1)).Base + narrow.Depth(IntrinsicMath.Min(k, end - 1)).Base;
        float value = p.SameType != 0 ? T.Load(narrow.View, at) : StoredF32.Load(narrow.View, at);
        return (rank < p.Ranks) & (k < end) ? value : 0f;
    }

    /// <summary>
    /// Adds what the threads that share K have of a quad of ranks, and stores it. A thread's four places are entries 32 apart in shared memory,
    /// and so they are in the tile, unless they are neighbours there.
    /// </summary>
    private static void AddAndStore<T>(Args p, Tile tile, ArrayView<F4> shared, Tile4x4 sums, int lane, int place, int quad, bool areNeighbours)
        where T : struct, IStoredFloat
    {
        int at = lane * SumStride + place;
        Group.Barrier();
        shared[at] = sums.R0;
        shared[at + 32] = sums.R1;
        shared[at + 64] = sums.R2;
        shared[at + 96] = sums.R3;
        Group.Barrier();
        ArrayView<float> floats = shared.Cast<float>();
        for (int i = 0; i < 2; i++)
        {
            int e = Group.IdxX + i * 256;
            // Neighbouring threads store neighbouring elements of C.
            int entry = p.RanksInRows != 0 ? e & (Places - 1) : e >> 2, rank = p.RanksInRows != 0 ? e / Places : e & 3;
            float sum = 0f;
            for (int k = 0; k < LanesOfK; k++) sum += floats[(k * SumStride + entry) * 4 + rank];
            int wide = tile.Place0 + (areNeighbours ? (entry & 31) * 4 + (entry >> 5) : entry), narrow = tile.Rank0 + quad * 4 + rank;
            if (p.RanksInRows != 0) p.Output.Store<T>(sum, narrow, wide, tile.Batch, tile.Chunk);
            else p.Output.Store<T>(sum, wide, narrow, tile.Batch, tile.Chunk);
        }
    }
}
