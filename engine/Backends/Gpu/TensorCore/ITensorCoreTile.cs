namespace SeLoRA.Engine;

/// <summary>
/// A group's tile of C and how its warps share it. Accumulators and fragments are PTX registers with names of their own, because arrays
/// would go to the stack; the methods are therefore unrolled text, written by TensorCoreTileGenerator of the tests into
/// TensorCoreTiles.g.cs. Places are byte offsets into the group's shared memory, stages too.
/// </summary>
internal interface ITensorCoreTile
{
    /// <summary>log2 of the rows of C.</summary>
    static abstract int Log2Rows { get; }

    /// <summary>log2 of the columns of C.</summary>
    static abstract int Log2Columns { get; }

    /// <summary>log2 of the warps along the rows.</summary>
    static abstract int Log2WarpsM { get; }

    /// <summary>log2 of the warps along the columns.</summary>
    static abstract int Log2WarpsN { get; }

    /// <summary>Slices of K in shared memory: one is multiplied while the others arrive.</summary>
    static abstract int Stages { get; }

    /// <summary>Declares the registers and sets the accumulators to zero; once, at the head of the kernel.</summary>
    static abstract void Declare();

    /// <summary>Waits until at most <see cref="Stages"/> - 2 slices of this thread are still under way.</summary>
    static abstract void AwaitSlice();

    /// <summary>
    /// Keeps this thread's places for A in registers of their own: ILGPU would work them out again in every slice. The place that it points
    /// ldmatrix to; the place of its first chunk; how far that chunk is along K: in bytes if k is contiguous, in lines if not; and how
    /// much of it exists across K: lines if k is contiguous, bytes if not.
    /// </summary>
    static abstract void PlaceA(int fragment, int to, int offset, int fix);

    /// <inheritdoc cref="PlaceA"/>
    static abstract void PlaceB(int fragment, int to, int offset, int fix);

    /// <summary>
    /// Asks for this thread's chunks of a slice of A, k contiguous: the first from the address <paramref name="from"/>, each next
    /// <paramref name="step"/> bytes on. Beyond <paramref name="bytesLeft"/> of K, and beyond the matrix, zeros are filled in and nothing is read.
    /// </summary>
    static abstract void CopyAAlongK(int stage, long from, long step, int bytesLeft);

    /// <summary>The same with m contiguous, each next chunk <paramref name="lines"/> of K on.</summary>
    static abstract void CopyAAcrossK(int stage, long from, long step, int kLeft, int lines);

    /// <summary>
    /// Keeps the pixel that one of this thread's chunks of A comes from, where A is seen through windows: its distance from the image's
    /// first in chunks, and a bit for each row and column of taps that lies outside (<see cref="TensorCoreWindows.Outside"/>).
    /// </summary>
    static abstract void PlaceWindow(int copy, int pixel, int outside);

    /// <summary>
    /// As <see cref="CopyAAlongK"/>, each chunk from its own pixel and <paramref name="from"/>, the image's first chunk at the present
    /// tap and channels; zeros where <paramref name="tap"/> lies outside.
    /// </summary>
    static abstract void CopyAWindows(int stage, long from, int tap, int bytesLeft);

    /// <inheritdoc cref="CopyAAlongK"/>
    static abstract void CopyBAlongK(int stage, long from, long step, int bytesLeft);

    /// <inheritdoc cref="CopyAAcrossK"/>
    static abstract void CopyBAcrossK(int stage, long from, long step, int kLeft, int lines);

    /// <summary>Asks for one chunk of B, <paramref name="further"/> than this thread's first place: 16 bytes, or zeros where <paramref name="bytes"/> is 0.</summary>
    static abstract void CopyChunkOfB(int further, long from, int bytes);

    /// <summary>Loads a warp's fragments of A for one step of mma, k contiguous; <paramref name="turn"/> is XORed into the place.</summary>
    static abstract void LoadAAlongK(int stage, int turn);

    /// <summary>The same of 16-bit floats with m contiguous; <paramref name="further"/> is added to the place.</summary>
    static abstract void LoadAAcrossK(int stage, int further);

    /// <summary>The same of float32, a word at a time.</summary>
    static abstract void LoadAWordsAcrossK(int stage, int further);

    /// <summary>Loads a warp's fragments of B for one step of mma, k contiguous; <paramref name="turn"/> is XORed into the place.</summary>
    static abstract void LoadBAlongK(int stage, int turn);

    /// <summary>The same of 16-bit floats with n contiguous; <paramref name="further"/> is added to the place.</summary>
    static abstract void LoadBAcrossK(int stage, int further);

    /// <summary>The same of float32, a word at a time.</summary>
    static abstract void LoadBWordsAcrossK(int stage, int further);

    /// <summary>Accumulators += A B of the loaded fragments of bfloat16.</summary>
    static abstract void MultiplyBF16();

    /// <summary>The same of float16.</summary>
    static abstract void MultiplyF16();

    /// <summary>The same of float32, rounded to TF32: 8 values of k.</summary>
    static abstract void MultiplyTF32();

    /// <summary>Stores one slab, 16 rows of every warp, as float32: see <see cref="TensorCoreLayout.StagedOffset"/>.</summary>
    static abstract void StoreSlab(int slab, int address);
}

/// <summary>A tile of eight warps.</summary>
internal interface IEightWarpTile : ITensorCoreTile;

/// <summary>A tile of four warps.</summary>
internal interface IFourWarpTile : ITensorCoreTile;
