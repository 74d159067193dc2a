namespace SeLoRA.Engine;

/// <summary>
/// Where things lie in a group's shared memory: index arithmetic alone, so that tests can check it on the host.
/// A stage holds a slice of A and one of B: 32 values of k of 16-bit floats, 16 of float32. A slice of an operand with k contiguous has a
/// line of 64 bytes for each of its rows; with rows contiguous (m of A, n of B), a line of all rows for each k. Lines are cut into chunks of 16
/// bytes, which cp.async and ldmatrix move whole. ldmatrix reads the same chunk of 8 neighbouring lines at a time: unswizzled, they would share banks.
/// It knows 16-bit elements only, and reads lines of float32 along k as if these were pairs; across k, lanes load their words themselves.
/// </summary>
internal static class TensorCoreLayout
{
    /// <summary>
    /// Bytes along K in a stage: two steps of mma, of 16 or of 8 values of k. With 64, three stages of 128x128 fit in the 48 KB that need no
    /// opting in.
    /// </summary>
    public const int DepthBytes = 64;

    /// <summary>Bytes of a chunk.</summary>
    public const int ChunkBytes = 16;

    /// <summary>log2 of the bytes of an operand's element: float32 is multiplied as TF32.</summary>
    public static int Log2BytesOf(DType type) => type == DType.F32 ? 2 : 1;

    /// <summary>log2 of the values of k in a stage.</summary>
    public static int Log2Depth(int log2Bytes) => 6 - log2Bytes;

    /// <summary>log2 of the elements of a chunk.</summary>
    public static int Log2Chunk(int log2Bytes) => 4 - log2Bytes;

    /// <summary>Rows of C that every warp stores at a time in the epilogue.</summary>
    public const int SlabRows = 16;

    /// <summary>Padding of a staged row in floats: eight rows' pairs then fall into different banks.</summary>
    private const int StagedPadding = 8;

    /// <summary>Bytes of an operand's slice of 2^log2Rows rows.</summary>
    public static int SliceBytes(int log2Rows) => DepthBytes << log2Rows;

    /// <summary>Bytes of a stage.</summary>
    public static int StageBytes(int log2Rows, int log2Columns) => SliceBytes(log2Rows) + SliceBytes(log2Columns);

    /// <summary>log2 of the chunks of a line.</summary>
    public static int Log2LineChunks(bool alongK, int log2Rows, int log2Bytes) =>
        (alongK ? Log2Depth(log2Bytes) : log2Rows) - Log2Chunk(log2Bytes);

    /// <summary>log2 of the lines that a group's threads copy at a time.</summary>
    public static int Log2CopiedLines(bool alongK, int log2Rows, int log2Bytes, int log2Threads) =>
        log2Threads - Log2LineChunks(alongK, log2Rows, log2Bytes);

    /// <summary>
    /// Byte offset of a chunk in its slice: the chunk's number XOR the number of its 128 bytes, as far as a line has chunks to permute.
    /// Where words are loaded across k, lanes want two neighbouring chunks of four lines: those stay together (<see cref="Log2Together"/>).
    /// </summary>
    public static int ChunkOffset(int line, int chunk, int log2LineChunks, int log2Together)
    {
        int index = (line << log2LineChunks) + chunk;
        // A line of less than 128 bytes shares its round of the banks with its neighbours: they turn together.
        int turn = (index >> Math.Max(3, log2LineChunks)) & (((1 << Math.Min(3, log2LineChunks)) - 1) >> log2Together);
        return (index ^ turn << log2Together) * ChunkBytes;
    }

    /// <summary>log2 of the chunks that the swizzle leaves together.</summary>
    public static int Log2Together(bool alongK, int log2Bytes) => alongK ? 0 : log2Bytes - 1;

    /// <summary>
    /// Where a lane points ldmatrix.x4 for a warp's first fragment of A, 16x16, from row <paramref name="row"/>: matrices are
    /// (m, k) = (low, low), (high, low), (low, high), (high, high), the order of mma's registers. Of float32 across k, where its first word lies.
    /// </summary>
    public static int FragmentOfA(int lane, int row, bool alongK, int log2Rows, int log2Bytes)
    {
        int within = lane & 7, highM = (lane >> 3) & 1, highK = lane >> 4;
        if (!alongK && log2Bytes == 2) return WordAcrossK(lane, row, log2Rows);
        return alongK
            ? ChunkOffset(row + highM * 8 + within, highK, Log2LineChunks(true, log2Rows, log2Bytes), 0)
            : ChunkOffset(highK * 8 + within, (row >> 3) + highM, Log2LineChunks(false, log2Rows, log2Bytes), 0);
    }

    /// <summary>The same for the first two fragments of B, 16x8 each: (n, k) = (low, low), (low, high), (high, low), (high, high).</summary>
    public static int FragmentsOfB(int lane, int row, bool alongK, int log2Rows, int log2Bytes)
    {
        int within = lane & 7, highK = (lane >> 3) & 1, highN = lane >> 4;
        if (!alongK && log2Bytes == 2) return WordAcrossK(lane, row, log2Rows);
        return alongK
            ? ChunkOffset(row + highN * 8 + within, highK, Log2LineChunks(true, log2Rows, log2Bytes), 0)
            : ChunkOffset(highK * 8 + within, (row >> 3) + highN, Log2LineChunks(false, log2Rows, log2Bytes), 0);
    }

    /// <summary>mma.m16n8k8 wants of lane 4g + t the float32 at k = t of row g first, of A and of B.</summary>
    private static int WordAcrossK(int lane, int row, int log2Rows)
    {
        int own = row + (lane >> 2);
        return ChunkOffset(lane & 3, own >> 2, Log2LineChunks(false, log2Rows, 2), Log2Together(false, 2)) + (own & 3) * sizeof(float);
    }

    /// <summary>What is XORed into a fragment's place, k contiguous, for mma's next values of k: two chunks further, which swizzling permits.</summary>
    public const int StepAlongK = 2 * ChunkBytes;

    /// <summary>What is added to a fragment's place, rows contiguous, for mma's next values of k: 16 lines of 16 bits, or 8 of float32.</summary>
    public static int StepAcrossK(int log2Rows) => DepthBytes / 2 << log2Rows;

    /// <summary>Floats of a row of C staged for the epilogue.</summary>
    public static int StagedStride(int log2Columns) => (1 << log2Columns) + StagedPadding;

    /// <summary>Byte offset at which a lane stores its first pair of a slab: row lane / 4, columns 2 (lane % 4) of mma's result.</summary>
    public static int StagedOffset(int lane, int warpM, int warpColumn, int log2Columns) =>
        ((warpM * SlabRows + (lane >> 2)) * StagedStride(log2Columns) + warpColumn + (lane & 3) * 2) * sizeof(float);

    /// <summary>Row of the tile of a staged row.</summary>
    public static int RowOfStaged(int stagedRow, int slab, int log2WarpRows) =>
        ((stagedRow >> 4) << log2WarpRows) + slab * SlabRows + (stagedRow & (SlabRows - 1));
}
