namespace SeLoRA.Engine;

/// <summary>
/// Where attention's rows lie in a group's shared memory: index arithmetic alone, so that tests can check it on the host. A row is D
/// elements in chunks of 8, filled up with zeros to a multiple of 16 elements, and rows follow one another without a gap. ldmatrix reads
/// the same chunk of 8 neighbouring rows at a time; a row of 6 or 10 chunks is 2 chunks more than whole rounds of the banks, one of 20
/// chunks 4 more, so rows' chunks change places in pairs or in fours.
/// </summary>
internal static class TensorCoreAttentionLayout
{
    /// <summary>Threads of a group: four warps, each with a quarter of the group's own rows.</summary>
    public const int Threads = 128;

    /// <summary>Rows that the threads copy at a time, four threads a row.</summary>
    public const int CopiedRows = Threads / 4;

    /// <summary>Bytes of a chunk.</summary>
    public const int ChunkBytes = TensorCoreLayout.ChunkBytes;

    /// <summary>Byte offset of a chunk in its tile.</summary>
    public static int ChunkOffset(int row, int chunk, int chunks)
    {
        int turn = (chunks & 2) != 0 ? (row >> 2) & 1 : (row >> 1) & 3;
        return ((row * chunks + chunk) ^ turn) * ChunkBytes;
    }

    /// <summary>
    /// Where a lane points ldmatrix.x4 for 16 rows and 16 columns, matrices (row, column) = (low, low), (high, low), (low, high),
    /// (high, high): the order of mma's registers for A with rows as m; transposed, that for two fragments of B with rows as k.
    /// </summary>
    public static int RowsFirst(int lane, int chunks) => ChunkOffset((lane & 7) + ((lane >> 3) & 1) * 8, lane >> 4, chunks);

    /// <summary>The same as (low, low), (low, high), (high, low), (high, high): two fragments of B with rows as n.</summary>
    public static int ColumnsFirst(int lane, int chunks) => ChunkOffset((lane & 7) + (lane >> 4) * 8, (lane >> 3) & 1, chunks);

    /// <summary>Where a lane stores its first pair of mma's result: row lane / 4, columns 2 (lane % 4).</summary>
    public static int Pair(int lane, int chunks) => ChunkOffset(lane >> 2, 0, chunks) + (lane & 3) * 4;

    /// <summary>
    /// The row that a thread copies chunks lane % 4, lane % 4 + 4, ... of. Rows of 6 or 10 chunks are taken in the order 0, 2, 1, 3, so
    /// that eight neighbouring threads write one round of the banks.
    /// </summary>
    public static int CopiedRow(int thread, int chunks)
    {
        int row = thread >> 2;
        return (chunks & 2) != 0 ? (row & ~3) | ((row & 1) << 1) | ((row >> 1) & 1) : row;
    }
}
