using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace SeLoRA.Engine;

/// <summary>
/// A 3x3 convolution of stride 1, or its data gradient, as the Winograd kernels see it: y (N, OutHeight, OutWidth, Columns) from
/// x (N, Height, Width, Depth). The gradient is the convolution with the kernel turned by 180 degrees and its channels exchanged.
/// </summary>
internal unsafe struct WinogradJob
{
    public float* X, Y, Bias, Residual;
    public WeightReader W;
    public int N, Height, Width, Depth, OutHeight, OutWidth, Columns, PadTop, PadLeft;

    /// <summary>Weights are (Depth, 3, 3, Columns) and turned, not (Columns, 3, 3, Depth).</summary>
    public bool Turned;

    /// <summary>Too few tiles do not repay turning the weights over (7x7 pixels do not); too few channels leave vectors empty.</summary>
    public readonly bool Pays => Depth >= 16 && Columns >= 16 && (long)N * TileRows * TileColumns >= 24;

    public readonly int TileRows => (OutHeight + 1) / 2;

    public readonly int TileColumns => (OutWidth + 1) / 2;
}

/// <summary>
/// Winograd's minimal filtering F(2x2, 3x3) (Lavin and Gray, 2015): 2x2 results from a 4x4 patch d and a 3x3 filter g are
/// A^T ((G g G^T) . (B^T d B)) A, 16 multiplications for 36. Summed over channels, the element-wise product is 16 matrix products.
/// <para>
/// A piece of work is a block of tiles times some blocks of columns. It turns its patches over into V (channel blocks, 16, tiles,
/// channels). Then, for each block of columns and of channels, it turns the filters over into panels U (16, channels, columns) and adds
/// V U to M (16, tiles, columns); at last M is turned over into results. For each of the 16, U, V and M lie in the first-level cache, and all
/// of U, M and a block of V in the second-level. Filters are turned over anew for each block of tiles: cheaper than reading
/// them turned over from memory, where they would be 16/9 of the bytes.
/// </para>
/// </summary>
internal readonly unsafe struct WinogradPieces<T> : IChunkBody
    where T : struct, IVectorLane<T>
{
    // U, M and a block of V are 450 KB at most: measured on a core with 512 KB of second-level cache. The more tiles, the less often are filters
    // turned over; where there are few, more columns fill M.
    private const int MaxTiles = 104, MaxDepth = 32, Points = 16;

    // A line between the 16 matrices: where their size is a multiple of 4 KB they would all fall into one set of the first-level cache.
    private const int Gap = 16;

    // Fewer pieces than this leave threads waiting for the last one.
    private const int ManyPieces = 8;

    private readonly WinogradJob* job;
    private readonly int tiles, tileBlocks, columnPieces, panels;

    public WinogradPieces(WinogradJob* job)
    {
        this.job = job;
        tiles = job->N * job->TileRows * job->TileColumns;
        panels = (job->Columns + PanelWidth - 1) / PanelWidth;
        tileBlocks = (tiles + MaxTiles - 1) / MaxTiles;
        columnPieces = Math.Min(panels, (ManyPieces + tileBlocks - 1) / tileBlocks);
    }

    public int Count => tileBlocks * columnPieces;

    private static int PanelWidth => 2 * T.Width;

    public void Run(int chunk)
    {
        int tileBlock = chunk / columnPieces, columnPiece = chunk % columnPieces;
        int tile0 = (int)((long)tiles * tileBlock / tileBlocks), tile1 = (int)((long)tiles * (tileBlock + 1) / tileBlocks);
        int panel0 = (int)((long)panels * columnPiece / columnPieces), panel1 = (int)((long)panels * (columnPiece + 1) / columnPieces);
        int count = tile1 - tile0, maxColumns = count > MaxTiles / 2 ? 32 : 64, depthBlocks = (job->Depth + MaxDepth - 1) / MaxDepth;

        nint patchPoint = (nint)count * MaxDepth + Gap, filterPoint = MaxDepth * maxColumns + Gap, sumPoint = (nint)count * maxColumns + Gap;
        long patchBytes = ThreadScratch.Aligned(depthBlocks * Points * patchPoint * sizeof(float));
        long filterBytes = ThreadScratch.Aligned(Points * filterPoint * sizeof(float));
        long sumBytes = ThreadScratch.Aligned(Points * sumPoint * sizeof(float));
        long panelBytes = ThreadScratch.Aligned(9L * MaxDepth * PanelWidth * sizeof(float));
        byte* scratch = ThreadScratch.Bytes(patchBytes + filterBytes + sumBytes + panelBytes + (long)count * sizeof(float*));
        float* v = (float*)scratch, u = (float*)(scratch + patchBytes), m = (float*)(scratch + patchBytes + filterBytes);
        float* panel = (float*)(scratch + patchBytes + filterBytes + sumBytes);
        float** rows = (float**)((byte*)panel + panelBytes);

        Patches(tile0, count, v, patchPoint);
        for (; panel0 < panel1; panel0 += maxColumns / PanelWidth)
        {
            int some = Math.Min(maxColumns / PanelWidth, panel1 - panel0), n = panel0 * PanelWidth, width = some * PanelWidth;
            for (int block = 0; block < depthBlocks; block++)
            {
                int k = block * MaxDepth, length = Math.Min(MaxDepth, job->Depth - k);
                for (int p = 0; p < width; p += PanelWidth) Filters(k, length, n + p, width, panel, u + p, filterPoint);
                for (int point = 0; point < Points; point++)
                {
                    FetchFilters(k + MaxDepth, n, width, point);
                    float* patches = v + (block * Points + point) * patchPoint;
                    for (int i = 0; i < count; i++) rows[i] = patches + i * MaxDepth;
                    for (int p = 0; p < width; p += PanelWidth)
                        GemmMicroKernel<T>.Run(count, PanelWidth, new GemmTile
                        {
                            Rows = rows, Segments = 1, SegmentStride = count, Length = length, Step = 1, B = u + point * filterPoint + p,
                            BStep = width, Y = m + point * sumPoint + p, LdY = width, Continue = block > 0,
                        });
                }
            }
            Results(tile0, count, n, width, m, sumPoint);
        }
    }

    /// <summary>
    /// Asks for a sixteenth of the filters of the next block of channels while the present block is multiplied: their lines are too short for
    /// the processor to see what comes next.
    /// </summary>
    private void FetchFilters(int k, int n, int width, int point)
    {
        if (k >= job->Depth) return;
        int lines = job->Turned ? Math.Min(MaxDepth, job->Depth - k) : Math.Min(width, job->Columns - n);
        int floats = job->Turned ? Math.Min(width, job->Columns - n) : Math.Min(MaxDepth, job->Depth - k);
        long line = job->Turned ? job->Columns : job->Depth;
        long first = job->Turned ? k * 9 * line + n : n * 9 * line + k;
        for (int i = lines * point / Points; i < lines * (point + 1) / Points; i++)
            for (int tap = 0; tap < 9; tap++) job->W.Fetch(first + (i * 9 + tap) * line, floats);
    }

    /// <summary>u (16, length, ld) at one panel = G g G^T of channels k .. and columns n ...</summary>
    [SkipLocalsInit]
    private void Filters(int k, int length, int n, nint ld, float* panel, float* u, nint point)
    {
        int columns = Math.Min(PanelWidth, job->Columns - n);
        float* g = panel;
        nint tap = (nint)length * PanelWidth, row = PanelWidth;
        if (!job->Turned)
        {
            float** lines = stackalloc float*[GemmPack.MaxWidth];
            float* wide = stackalloc float[GemmPack.MaxWidth * MaxDepth];
            for (int t = 0; t < 9; t++)
            {
                for (int i = 0; i < PanelWidth; i++)
                {
                    long line = ((long)(n + i) * 9 + t) * job->Depth + k;
                    if (i >= columns) lines[i] = (float*)GemmDriver.Zeros;
                    else if (!job->W.IsHalf) lines[i] = job->W.Floats + line;
                    else job->W.Read(line, length, lines[i] = wide + i * MaxDepth);
                }
                GemmPack.Transpose(lines, PanelWidth, length, panel + t * tap);
            }
        }
        else if (columns < PanelWidth || job->W.IsHalf)
        {
            for (int t = 0; t < 9; t++)
                for (int i = 0; i < length; i++)
                {
                    float* to = panel + t * tap + i * row;
                    job->W.Read(((long)(k + i) * 9 + 8 - t) * job->Columns + n, columns, to);
                    for (int c = columns; c < PanelWidth; c++) to[c] = 0f;
                }
        }
        else
        {
            // Columns are neighbours already.
            g = job->W.Floats + ((long)k * 9 + 8) * job->Columns + n;
            tap = -job->Columns;
            row = 9 * (nint)job->Columns;
        }
        for (int i = 0; i < length; i++, g += row, u += ld)
            for (int c = 0; c < PanelWidth; c += T.Width) Filter(g + c, tap, u + c, point);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Filter(float* g, nint tap, float* u, nint point)
    {
        T half = T.Of(0.5f);
        // Columns of G g: rows g0, (g0 + g1 + g2) / 2, (g0 - g1 + g2) / 2, g2.
        FilterColumn(g, 3 * tap, half, out T a0, out T a1, out T a2, out T a3);
        FilterColumn(g + tap, 3 * tap, half, out T b0, out T b1, out T b2, out T b3);
        FilterColumn(g + 2 * tap, 3 * tap, half, out T c0, out T c1, out T c2, out T c3);
        FilterRow(a0, b0, c0, half, u, point);
        FilterRow(a1, b1, c1, half, u + 4 * point, point);
        FilterRow(a2, b2, c2, half, u + 8 * point, point);
        FilterRow(a3, b3, c3, half, u + 12 * point, point);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void FilterColumn(float* g, nint step, T half, out T y0, out T y1, out T y2, out T y3)
    {
        y0 = T.Load(g);
        y3 = T.Load(g + 2 * step);
        T outer = (y0 + y3) * half, inner = T.Load(g + step) * half;
        y1 = outer + inner;
        y2 = outer - inner;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void FilterRow(T a, T b, T c, T half, float* u, nint point)
    {
        T outer = (a + c) * half, inner = b * half;
        T.Store(u, a);
        T.Store(u + point, outer + inner);
        T.Store(u + 2 * point, outer - inner);
        T.Store(u + 3 * point, c);
    }

    /// <summary>v (channel blocks, 16, count, channels) = B^T d B of tiles first ...</summary>
    private void Patches(int first, int count, float* v, nint point)
    {
        float** d = stackalloc float*[Points];
        int x = first % job->TileColumns, ny = first / job->TileColumns, y = ny % job->TileRows, n = ny / job->TileRows;
        for (int i = 0; i < count; i++, v += MaxDepth)
        {
            for (int r = 0; r < 4; r++)
                for (int c = 0; c < 4; c++)
                {
                    int sy = 2 * y - job->PadTop + r, sx = 2 * x - job->PadLeft + c;
                    bool inside = (uint)sy < (uint)job->Height && (uint)sx < (uint)job->Width;
                    d[4 * r + c] = inside ? job->X + (((long)n * job->Height + sy) * job->Width + sx) * job->Depth : null;
                }
            float* block = v;
            for (int k = 0; k < job->Depth; k += MaxDepth, block += Points * point)
            {
                int length = Math.Min(MaxDepth, job->Depth - k), j = 0;
                for (; j + T.Width <= length; j += T.Width) Patch(d, k + j, T.Width, block + j, point);
                if (j < length) Patch(d, k + j, length - j, block + j, point);
            }
            if (++x < job->TileColumns) continue;
            x = 0;
            if (++y < job->TileRows) continue;
            y = 0;
            n++;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Patch(float** d, int j, int left, float* v, nint point)
    {
        // Rows of B^T d: d0 - d2, d1 + d2, d2 - d1, d1 - d3; then the same across.
        PatchColumn(d, j, left, out T a0, out T a1, out T a2, out T a3);
        PatchColumn(d + 1, j, left, out T b0, out T b1, out T b2, out T b3);
        PatchColumn(d + 2, j, left, out T c0, out T c1, out T c2, out T c3);
        PatchColumn(d + 3, j, left, out T e0, out T e1, out T e2, out T e3);
        PatchRow(a0, b0, c0, e0, left, v, point);
        PatchRow(a1, b1, c1, e1, left, v + 4 * point, point);
        PatchRow(a2, b2, c2, e2, left, v + 8 * point, point);
        PatchRow(a3, b3, c3, e3, left, v + 12 * point, point);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void PatchColumn(float** d, int j, int left, out T y0, out T y1, out T y2, out T y3)
    {
        T d0 = Pixel(d[0], j, left), d1 = Pixel(d[4], j, left), d2 = Pixel(d[8], j, left), d3 = Pixel(d[12], j, left);
        y0 = d0 - d2;
        y1 = d1 + d2;
        y2 = d2 - d1;
        y3 = d1 - d3;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Pixel(float* d, int j, int left) => d == null ? default : VectorMath.Load<T>(d + j, left);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void PatchRow(T a, T b, T c, T e, int left, float* v, nint point)
    {
        VectorMath.Store(v, a - c, left);
        VectorMath.Store(v + point, b + c, left);
        VectorMath.Store(v + 2 * point, c - b, left);
        VectorMath.Store(v + 3 * point, b - e, left);
    }

    /// <summary>Results of tiles first .. and columns n .. = A^T m A + bias + residual, m (16, count, ld).</summary>
    private void Results(int first, int count, int n, nint ld, float* m, nint point)
    {
        int columns = (int)Math.Min(ld, job->Columns - n);
        int x = first % job->TileColumns, ny = first / job->TileColumns, y = ny % job->TileRows, image = ny / job->TileRows;
        for (int i = 0; i < count; i++, m += ld)
        {
            long at = (((long)image * job->OutHeight + 2 * y) * job->OutWidth + 2 * x) * job->Columns + n;
            bool below = 2 * y + 1 < job->OutHeight, right = 2 * x + 1 < job->OutWidth;
            for (int c = 0; c < columns; c += T.Width) Result(m + c, point, at + c, n + c, columns - c, below, right);
            if (++x < job->TileColumns) continue;
            x = 0;
            if (++y < job->TileRows) continue;
            y = 0;
            image++;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Result(float* m, nint point, long at, int column, int left, bool below, bool right)
    {
        // Rows of A^T m: m0 + m1 + m2, m1 - m2 - m3; then the same across.
        ResultColumn(m, point, out T a0, out T a1);
        ResultColumn(m + point, point, out T b0, out T b1);
        ResultColumn(m + 2 * point, point, out T c0, out T c1);
        ResultColumn(m + 3 * point, point, out T d0, out T d1);
        T bias = job->Bias == null ? default : VectorMath.Load<T>(job->Bias + column, left);
        Put(at, a0 + b0 + c0 + bias, left);
        if (right) Put(at + job->Columns, b0 - c0 - d0 + bias, left);
        if (!below) return;
        at += (long)job->OutWidth * job->Columns;
        Put(at, a1 + b1 + c1 + bias, left);
        if (right) Put(at + job->Columns, b1 - c1 - d1 + bias, left);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void ResultColumn(float* m, nint point, out T y0, out T y1)
    {
        T m1 = T.Load(m + 4 * point), m2 = T.Load(m + 8 * point);
        y0 = T.Load(m) + m1 + m2;
        y1 = m1 - m2 - T.Load(m + 12 * point);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Put(long at, T y, int left)
    {
        if (job->Residual != null) y = y + VectorMath.Load<T>(job->Residual + at, left);
        VectorMath.Store(job->Y + at, y, left);
    }
}

public sealed unsafe partial class HostBackend
{
    /// <summary>Runs the job and returns true, or false where the direct product is faster.</summary>
    private static bool TryWinograd(WinogradJob job)
    {
        if (!job.Pays) return false;
        if (Vector512.IsHardwareAccelerated) Run<F32x16>(&job);
        else if (Vector256.IsHardwareAccelerated) Run<F32x8>(&job);
        else Run<F32x4>(&job);
        return true;

        static void Run<T>(WinogradJob* job) where T : struct, IVectorLane<T>
        {
            var pieces = new WinogradPieces<T>(job);
            ParallelFor.Run(pieces.Count, pieces);
        }
    }
}
