using ILGPU;

namespace SeLoRA.Engine;

/// <summary>
/// The first chunk that a thread copies of every slice of an operand. Threads of a group take neighbouring chunks, line by line; a
/// thread's further chunks are the same in lines below, a multiple of 8 lines on, where the swizzle is the same.
/// </summary>
internal struct ChunkPlace
{
    private readonly bool alongK;

    /// <summary>The line, a row if k is contiguous, else a k; and the chunk in it in elements.</summary>
    private readonly int line, within, log2Bytes;

    public ChunkPlace(int thread, bool alongK, int log2Rows, int log2Bytes)
    {
        int log2Line = TensorCoreLayout.Log2LineChunks(alongK, log2Rows, log2Bytes), chunk = thread & ((1 << log2Line) - 1);
        this.alongK = alongK;
        this.log2Bytes = log2Bytes;
        line = thread >> log2Line;
        within = chunk << TensorCoreLayout.Log2Chunk(log2Bytes);
        Row0 = 0;
        Offset = TensorCoreLayout.ChunkOffset(line, chunk, log2Line, TensorCoreLayout.Log2Together(alongK, log2Bytes));
    }

    /// <summary>First row of the tile.</summary>
    public int Row0;

    /// <summary>The line.</summary>
    public readonly int Line => line;

    /// <summary>First row of the matrix in it, where rows are contiguous.</summary>
    public readonly int FirstRow => Row0 + within;

    /// <summary>Byte offset in the slice in shared memory.</summary>
    public int Offset;

    /// <summary>How far along K: bytes, or lines.</summary>
    public readonly int AlongK => alongK ? within << log2Bytes : line;

    /// <summary>How much of a tile with <paramref name="rows"/> rows left there is from here on across K: lines, or bytes.</summary>
    public readonly int Existing(int rows) => alongK ? rows - line : IntrinsicMath.Clamp(rows - within, 0, 16 >> log2Bytes) << log2Bytes;

    /// <summary>The same place in the tile that begins at a row.</summary>
    public readonly ChunkPlace Of(int row0)
    {
        ChunkPlace place = this;
        place.Row0 = row0;
        return place;
    }

    /// <summary>Number of the first element in a matrix whose lines are <paramref name="ld"/> apart, the slice beginning at k0.</summary>
    public readonly long Element(int k0, int ld) => alongK ? (long)(Row0 + line) * ld + k0 + within : (long)(k0 + line) * ld + Row0 + within;
}

/// <summary>
/// Addresses of a thread's first chunks of a slice, bytes between lines of the operands, and what is left of K. Seen through windows,
/// <see cref="A"/> counts from the image's first pixel, <see cref="Tap"/> has the bits of the present tap, and K is its channels. Of a B seen through
/// windows, <see cref="TensorCorePixels.At"/> says what B and the tap are, and <see cref="LineOfB"/> is the number of the first chunk's line.
/// </summary>
internal struct SliceSource
{
    public long A, B, LineOfA, LineOfB;
    public int KLeft, Tap;
}
