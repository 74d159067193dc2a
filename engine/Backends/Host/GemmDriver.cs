using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace SeLoRA.Engine;

/// <summary>A batch of products as the kernels see them: rows of A times columns of B over <see cref="Depth"/>.</summary>
internal unsafe struct GemmJob
{
    public GemmOperand A, B;
    public int Rows, Columns, Batch;
    public GemmDepth Depth;

    /// <summary>Steps of <see cref="U"/> and <see cref="V"/>, which are appended to K; 0 for none.</summary>
    public int LowRank;

    public GemmOperand U, V;

    public GemmResult Result;

    /// <summary>The kernels' rows are C's columns: A and B were exchanged because B is the operand not worth packing.</summary>
    public bool Transposed;

    /// <summary>Full panels of B are read where they lie (its layout is Steps, in one segment).</summary>
    public bool PanelsInPlace;
}

/// <summary>
/// Blocking of all matrix products. C is cut into pieces of rows x panels (a panel is what the kernel covers: one or two vectors of
/// columns), and pieces go to threads. A piece walks K in blocks: packs its panels of B (256 KB at most: they stay in the
/// second-level cache), then runs down its rows, each tile of A meeting all panels while it is in the first-level cache. K is never
/// divided between threads.
/// </summary>
internal static unsafe class GemmDriver
{
    /// <summary>Zeros that padded lines point to: as long as a block of K, or as a panel is wide.</summary>
    public static readonly nint Zeros = (nint)NativeMemory.AllocZeroed((nuint)Math.Max(GemmDepth.Limit, GemmPack.MaxWidth), sizeof(float));

    /// <summary>Runs a job at the vector width that fits the machine and the number of columns.</summary>
    public static void Run(ref GemmJob job)
    {
        fixed (GemmJob* j = &job)
        {
            if (job.Columns <= 4) Run<F32x4>(j);
            else if (Vector256.IsHardwareAccelerated && job.Columns <= 8) Run<F32x8>(j);
            else if (Vector512.IsHardwareAccelerated) Run<F32x16>(j);
            else if (Vector256.IsHardwareAccelerated) Run<F32x8>(j);
            else Run<F32x4>(j);
        }
    }

    private static void Run<T>(GemmJob* job)
        where T : struct, IVectorLane<T>
    {
        var pieces = new GemmPieces<T>(job);
        ParallelFor.Run(pieces.Count, pieces);
    }
}

/// <summary>The pieces of one job.</summary>
internal readonly unsafe struct GemmPieces<T> : IChunkBody
    where T : struct, IVectorLane<T>
{
    // Packed panels of a piece: half of the second-level cache, where rows of A and of C pass by them.
    private const int PackedFloats = 1 << 16;

    private const int MaxSegments = GemmDepth.Limit;

    // Tiles of an A that lies K-major are moved together this many at once: whole cache lines of it are read.
    private const int TileGroup = 8;

    // More rows would push a piece's part of C out of the second-level cache between two blocks of K.
    private const int MaxPieceRows = 1024;

    // Cycles of one step of K, as measured with 256-bit vectors: a row times a panel is 1; a panel packed, from lines or from steps; a row brought into
    // the first-level cache, as it lies or moved together. And those of handing out a piece, and of waking the other threads.
    private const double PackLines = 8, PackSteps = 3, ReadRow = 0.17, CopyRow = 1.4, HandOut = 3e3, Launch = 15e3;

    // More cuts of the rows than this are not looked at: each packs B anew.
    private const int MostRowCuts = 8;

    private readonly GemmJob* job;
    private readonly int width, tileRows, tiles, panels, maxPanels, rowPieces, panelPieces;

    public GemmPieces(GemmJob* job)
    {
        this.job = job;
        bool two = job->Columns > T.Width;
        width = two ? 2 * T.Width : T.Width;
        tileRows = two ? GemmMicroKernel<T>.MaxRows : 8;
        tiles = (job->Rows + tileRows - 1) / tileRows;
        panels = (job->Columns + width - 1) / width;
        maxPanels = Math.Max(1, PackedFloats / (GemmDepth.Limit * width));
        (rowPieces, panelPieces) = Cut();
    }

    public int Count => job->Batch * panelPieces * rowPieces;

    public void Run(int chunk)
    {
        (int rowPiece, int panel0, int panel1, int batch) = Piece(chunk);
        int tile0 = (int)((long)tiles * rowPiece / rowPieces), tile1 = (int)((long)tiles * (rowPiece + 1) / rowPieces);
        // What this thread will probably pack after the last block of K: a guess that costs nothing where it is wrong.
        (_, int nextPanel0, int nextPanel1, int nextBatch) = Piece(Math.Min(chunk + ParallelFor.Threads, Count - 1));
        GemmOperand a = job->A.At(batch), b = job->B.At(batch);
        var tail = new GemmBlock(0, 1, 0, job->LowRank, 0);

        long packedBytes = ThreadScratch.Aligned((long)maxPanels * GemmDepth.Limit * width * sizeof(float));
        bool widens = job->A.Halves.IsHalf, copies = job->A.Layout == GemmLayout.Steps && panel1 - panel0 > 1;
        long copyBytes = widens || copies ? ThreadScratch.Aligned((long)TileGroup * GemmOperand.CopyStride(tileRows, GemmDepth.Limit) * sizeof(float)) : 0;
        long tileBytes = ThreadScratch.Aligned((long)tileRows * width * sizeof(float));
        long tailBytes = ThreadScratch.Aligned((long)maxPanels * tail.Total * width * sizeof(float));
        byte* scratch = ThreadScratch.Bytes(packedBytes + copyBytes + 2 * tileBytes + tailBytes + (long)MaxSegments * tileRows * sizeof(float*));
        float* packed = (float*)scratch, copy = (float*)(scratch + packedBytes);
        float* y = (float*)(scratch + packedBytes + copyBytes), turned = (float*)((byte*)y + tileBytes);
        float* packedTail = (float*)((byte*)turned + tileBytes);
        float** pointers = (float**)((byte*)packedTail + tailBytes), tailPointers = stackalloc float*[tileRows];
        bool inC = job->Result.SumsInC && !job->Transposed;

        for (int index = 0; index < job->Depth.Blocks; index++)
        {
            GemmBlock block = job->Depth.Block(index);
            bool first = index == 0, last = index == job->Depth.Blocks - 1;
            int packed0 = job->PanelsInPlace ? Math.Max(panel0, job->Columns / width) : panel0;
            if (packed0 < panel1)
            {
                long from = (long)packed0 * width;
                int lines = (int)(Math.Min((long)panel1 * width, job->Columns) - from);
                b.Pack(from, lines, width, block, (float*)GemmDriver.Zeros, Panel(packed, packed0 - panel0, block));
            }
            if (last && job->LowRank > 0)
                job->V.Pack((long)panel0 * width, (int)(Math.Min((long)panel1 * width, job->Columns) - (long)panel0 * width), width, tail,
                    (float*)GemmDriver.Zeros, packedTail);
            GemmTile tile = default, tailTile = new GemmTile { BStep = width, Continue = true };
            GemmOperand ahead = last ? job->B.At(nextBatch) : b;
            GemmBlock aheadBlock = job->Depth.Block(last ? 0 : index + 1);
            long aheadLine = (long)(last ? nextPanel0 : panel0) * width;
            int aheadLines = job->PanelsInPlace ? 0 : (int)(Math.Min((long)(last ? nextPanel1 : panel1) * width, job->Columns) - aheadLine);
            for (int t = tile0; t < tile1; t++)
            {
                ahead.Fetch(aheadLine, aheadLines, aheadBlock, t - tile0, tile1 - tile0);
                int row = t * tileRows, rows = Math.Min(tileRows, job->Rows - row);
                if (widens)
                {
                    a.WidenedRows(row, rows, block, copy, pointers, ref tile);
                }
                else if (!copies)
                {
                    a.Rows(row, rows, block, pointers, ref tile);
                }
                else
                {
                    // Meeting several panels, a tile is worth moving together first.
                    int member = (t - tile0) % TileGroup;
                    if (member == 0) a.Copy(row, Math.Min(TileGroup * tileRows, job->Rows - row), tileRows, job->Rows, block, copy);
                    GemmOperand.CopiedRows(copy + member * GemmOperand.CopyStride(tileRows, block.Length), rows, tileRows, block, pointers, ref tile);
                }
                if (last && job->LowRank > 0) job->U.Rows(row, rows, tail, tailPointers, ref tailTile);
                for (int p = panel0; p < panel1; p++)
                {
                    int column = p * width, columns = Math.Min(width, job->Columns - column);
                    bool inPlace = job->PanelsInPlace && columns == width;
                    tile.B = inPlace ? b.Base + column + (nint)block.Offset * b.Stride : Panel(packed, p - panel0, block);
                    tile.BStep = inPlace ? b.Stride : width;
                    // One chain of sums through all blocks of K: it goes on in C, or where columns are too few for that in a copy of them.
                    long batchOffset = batch * job->Result.BatchStride;
                    float* c = job->Result.C + batchOffset + row * job->Result.Ld + column;
                    bool add = !first || job->Result.Accumulate, whole = inC && columns == width;
                    tile.Y = tailTile.Y = whole ? c : y;
                    tile.LdY = tailTile.LdY = whole ? job->Result.Ld : width;
                    tile.Continue = inC && add;
                    if (tile.Continue && !whole)
                    {
                        for (int i = 0; i < rows; i++) GemmOperand.PackLine(c + i * job->Result.Ld, columns, width, y + i * width);
                    }
                    GemmMicroKernel<T>.Run(rows, columns, tile);
                    if (last && job->LowRank > 0)
                    {
                        tailTile.B = Panel(packedTail, p - panel0, tail);
                        GemmMicroKernel<T>.Run(rows, columns, tailTile);
                    }
                    if (!job->Transposed)
                    {
                        if (!whole || (last && job->Result.HasEpilogue))
                            job->Result.Store<T>(tile.Y, tile.LdY, rows, columns, batchOffset, row, column, add && !inC, last);
                        continue;
                    }
                    for (int i = 0; i < rows; i++)
                        for (int j = 0; j < columns; j++) turned[j * tileRows + i] = y[i * width + j];
                    job->Result.Store<T>(turned, tileRows, columns, rows, batchOffset, column, row, add, last);
                }
            }
        }
    }

    /// <summary>
    /// The cut into pieces with the least expected time. Each piece packs its panels of B and brings its rows of A into the first-level cache, so
    /// small ones repeat more of that; with few large ones threads wait for the last. Results do not depend on it.
    /// </summary>
    private (int RowPieces, int PanelPieces) Cut()
    {
        double packing = job->PanelsInPlace ? 0 : job->B.Layout == GemmLayout.Steps ? PackSteps : PackLines;
        double bringing = job->A.Layout == GemmLayout.Steps ? CopyRow : ReadRow;
        int leastRows = (job->Rows + MaxPieceRows - 1) / MaxPieceRows, threads = ParallelFor.Threads;
        double least = double.MaxValue;
        (int Rows, int Panels) best = default;
        for (int some = Math.Min(maxPanels, panels); some > 0; some--)
        {
            int p = (panels + some - 1) / some;
            for (int r = leastRows; r < leastRows + MostRowCuts && r <= tiles; r++)
            {
                double rows = (double)job->Rows / r, columns = (double)panels / p;
                double piece = (rows * columns + columns * packing + rows * bringing) * job->Depth.Total + HandOut;
                long count = (long)job->Batch * p * r;
                double time = count == 1 ? piece : piece * ((count + threads - 1) / threads) + Launch;
                if (time >= least) continue;
                least = time;
                best = (r, p);
            }
        }
        return best;
    }

    private (int RowPiece, int Panel0, int Panel1, int Batch) Piece(int chunk)
    {
        int rest = chunk / rowPieces, panelPiece = rest % panelPieces;
        return (chunk % rowPieces, (int)((long)panels * panelPiece / panelPieces), (int)((long)panels * (panelPiece + 1) / panelPieces), rest / panelPieces);
    }

    private float* Panel(float* packed, int index, in GemmBlock block) => packed + (nint)index * block.Total * width;
}
