namespace SeLoRA.Engine;

/// <summary>
/// Where things lie in a group's shared memory: index arithmetic alone, so that tests can check it on the host.
/// A stage holds a slice of A and one of B. A slice of an operand with k contiguous has a line of 32 k for each of its rows; with rows
/// contiguous (m of A, n of B), a line of all rows for each of 32 k. Lines are cut into chunks of 8 elements, 16 bytes, which cp.async
/// and ldmatrix move whole. ldmatrix reads the same chunk of 8 neighbouring lines at a time: unswizzled, they would share banks.
/// </summary>
internal static class TensorCoreLayout
{
    /// <summary>log2 of the values of k in a stage.</summary>
    public const int Log2Depth = 5;

    /// <summary>Values of k in a stage: two steps of mma.m16n8k16. With 32, three stages of 128x128 fit in the 48 KB that need no opting in.</summary>
    public const int Depth = 1 << Log2Depth;

    /// <summary>log2 of the elements of a chunk.</summary>
    public const int Log2Chunk = 3;

    /// <summary>Bytes of a chunk.</summary>
    public const int ChunkBytes = 16;

    /// <summary>Rows of C that every warp stores at a time in the epilogue.</summary>
    public const int SlabRows = 16;

    /// <summary>Padding of a staged row in floats: eight rows' pairs then fall into different banks.</summary>
    private const int StagedPadding = 8;

    /// <summary>Bytes of an operand's slice of 2^log2Rows rows.</summary>
    public static int SliceBytes(int log2Rows) => (1 << log2Rows) * Depth * sizeof(ushort);

    /// <summary>Bytes of a stage.</summary>
    public static int StageBytes(int log2Rows, int log2Columns) => SliceBytes(log2Rows) + SliceBytes(log2Columns);

    /// <summary>log2 of the chunks of a line.</summary>
    public static int Log2LineChunks(bool alongK, int log2Rows) => (alongK ? Log2Depth : log2Rows) - Log2Chunk;

    /// <summary>log2 of the lines that a group's threads copy at a time.</summary>
    public static int Log2CopiedLines(bool alongK, int log2Rows, int log2Threads) => log2Threads - Log2LineChunks(alongK, log2Rows);

    /// <summary>
    /// Byte offset of a chunk in its slice: the chunk's number XOR the number of its 128 bytes, as far as a line has chunks to permute.
    /// </summary>
    public static int ChunkOffset(int line, int chunk, int log2LineChunks)
    {
        int index = (line << log2LineChunks) + chunk;
        // A line of less than 128 bytes shares its round of the banks with its neighbours: they turn together.
        int turn = (index >> Math.Max(3, log2LineChunks)) & ((1 << Math.Min(3, log2LineChunks)) - 1);
        return (index ^ turn) * ChunkBytes;
    }

    /// <summary>
    /// Where a lane points ldmatrix.x4 for a warp's first fragment of A, 16x16, from row <paramref name="row"/>: matrices are
    /// (m, k) = (low, low), (high, low), (low, high), (high, high), the order of mma's registers.
    /// </summary>
    public static int FragmentOfA(int lane, int row, bool alongK, int log2Rows)
    {
        int within = lane & 7, highM = (lane >> 3) & 1, highK = lane >> 4;
        return alongK
            ? ChunkOffset(row + highM * 8 + within, highK, Log2LineChunks(true, log2Rows))
            : ChunkOffset(highK * 8 + within, (row >> Log2Chunk) + highM, Log2LineChunks(false, log2Rows));
    }

    /// <summary>The same for the first two fragments of B, 16x8 each: (n, k) = (low, low), (low, high), (high, low), (high, high).</summary>
    public static int FragmentsOfB(int lane, int row, bool alongK, int log2Rows)
    {
        int within = lane & 7, highK = (lane >> 3) & 1, highN = lane >> 4;
        return alongK
            ? ChunkOffset(row + highN * 8 + within, highK, Log2LineChunks(true, log2Rows))
            : ChunkOffset(highK * 8 + within, (row >> Log2Chunk) + highN, Log2LineChunks(false, log2Rows));
    }

    /// <summary>What is XORed into a fragment's place, k contiguous, for the next 16 values of k: two chunks further, which swizzling permits.</summary>
    public const int StepAlongK = 2 * ChunkBytes;

    /// <summary>What is added to a fragment's place, rows contiguous, for the next 16 values of k: 16 lines.</summary>
    public static int StepAcrossK(int log2Rows) => (16 << log2Rows) * sizeof(ushort);

    /// <summary>Floats of a row of C staged for the epilogue.</summary>
    public static int StagedStride(int log2Columns) => (1 << log2Columns) + StagedPadding;

    /// <summary>Byte offset at which a lane stores its first pair of a slab: row lane / 4, columns 2 (lane % 4) of mma's result.</summary>
    public static int StagedOffset(int lane, int warpM, int warpColumn, int log2Columns) =>
        ((warpM * SlabRows + (lane >> 2)) * StagedStride(log2Columns) + warpColumn + (lane & 3) * 2) * sizeof(float);

    /// <summary>Row of the tile of a staged row.</summary>
    public static int RowOfStaged(int stagedRow, int slab, int log2WarpRows) =>
        ((stagedRow >> 4) << log2WarpRows) + slab * SlabRows + (stagedRow & (SlabRows - 1));
}
