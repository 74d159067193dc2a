using System.Runtime.CompilerServices;

namespace SeLoRA.Engine;

/// <summary>
/// How a product's K axis is cut: stretches ("segments") of equal length, one for a plain matrix, one a tap for a convolution.
/// Blocks of about <see cref="Limit"/> steps keep a packed panel in the second-level cache. Where the cuts lie depends on K alone.
/// </summary>
internal readonly record struct GemmDepth(int Segments, int Length)
{
    /// <summary>Most steps of one block.</summary>
    public const int Limit = 512;

    /// <summary>All steps.</summary>
    public long Total => (long)Segments * Length;

    private int Group => Math.Max(1, Limit / Math.Max(1, Length));

    /// <summary>Number of blocks; one, an empty one, if there are no steps.</summary>
    public int Blocks => Length > Limit ? Segments * ((Length + Limit - 1) / Limit) : Math.Max(1, (Segments + Group - 1) / Group);

    /// <summary>Block <paramref name="index"/>: either a piece of one segment or several whole ones.</summary>
    public GemmBlock Block(int index)
    {
        if (Length <= Limit)
        {
            int first = index * Group;
            return new GemmBlock(first, Math.Min(Group, Segments - first), 0, Length, (long)first * Length);
        }
        int pieces = (Length + Limit - 1) / Limit, segment = index / pieces, offset = index % pieces * Limit;
        return new GemmBlock(segment, 1, offset, Math.Min(Limit, Length - offset), (long)segment * Length + offset);
    }
}

/// <summary>K steps <c>Offset .. Offset + Length - 1</c> of <c>Segments</c> segments from <c>Segment</c> on; <c>Start</c> is the first in all of K.</summary>
internal readonly record struct GemmBlock(int Segment, int Segments, int Offset, int Length, long Start)
{
    /// <summary>All steps.</summary>
    public int Total => Segments * Length;
}

/// <summary>How a product's operand lies in memory. An operand has lines (A's rows, B's columns), each as long as K.</summary>
internal enum GemmLayout
{
    /// <summary>A line's K steps are neighbours: A plain, B transposed, convolution weights.</summary>
    Lines,

    /// <summary>Neighbouring lines are neighbours, K steps lie apart: A transposed, B plain.</summary>
    Steps,

    /// <summary>A line is a pixel of an image, a segment a tap, a step a channel.</summary>
    Pixels,

    /// <summary>A line is a channel, a step a pixel seen through one tap.</summary>
    Channels,
}

/// <summary>
/// A grid of window positions over an image (N, Height, Width, Channels): position (gy, gx) sees at tap t the source pixel
/// (gy Step + TapY[t], gx Step + TapX[t]), or zeros outside.
/// </summary>
internal unsafe struct PixelGrid
{
    public float* Image;
    public float* Zeros;
    public int* TapY, TapX;
    public int Height, Width, Channels, GridHeight, GridWidth, Step;

    /// <summary>Writes the addresses of <paramref name="count"/> positions from <paramref name="first"/> on as one tap sees them.</summary>
    public readonly void Addresses(long first, int count, int tap, int offset, float** to)
    {
        int x = (int)(first % GridWidth), ny = (int)(first / GridWidth), y = ny % GridHeight, n = ny / GridHeight;
        int ty = TapY[tap], tx = TapX[tap];
        for (int i = 0; i < count; i++)
        {
            int sy = y * Step + ty, sx = x * Step + tx;
            bool inside = (uint)sy < (uint)Height && (uint)sx < (uint)Width;
            to[i] = inside ? Image + (((long)n * Height + sy) * Width + sx) * Channels + offset : Zeros;
            if (++x < GridWidth) continue;
            x = 0;
            if (++y < GridHeight) continue;
            y = 0;
            n++;
        }
    }
}

/// <summary>One operand of a product: gives row pointers to the micro-kernel's A side and packs panels for its B side.</summary>
internal unsafe struct GemmOperand
{
    public GemmLayout Layout;

    /// <summary>First element (Lines, Steps), unless they are <see cref="Halves"/>.</summary>
    public float* Base;

    /// <summary>The elements of 16-bit weights (Lines, Steps): packed, or copied, instead of being read in place.</summary>
    public WeightReader Halves;

    /// <summary>Elements between lines (Lines) or between steps (Steps).</summary>
    public nint Stride;

    /// <summary>Elements from Base to each segment (Steps); null for none.</summary>
    public nint* SegmentOffsets;

    /// <summary>Elements between the batch's matrices; for Channels the batch runs over taps instead.</summary>
    public long BatchStride;

    /// <summary>The image (Pixels, Channels).</summary>
    public PixelGrid Grid;

    /// <summary>Tap (Channels).</summary>
    public int Tap;

    // Steps that lie a row apart are too far from each other for the processor to see which comes next.
    private const int FetchAhead = 8;

    // Steps of a panel's 16-bit lines that are widened before they are turned: they stay in the first-level cache in between.
    private const int WidenSteps = 128;

    /// <summary>A matrix of weights, of float32 or 16 bits.</summary>
    public static GemmOperand OfWeights(Tensor weight, GemmLayout layout, nint stride)
    {
        var reader = new WeightReader(weight);
        var operand = new GemmOperand { Layout = layout, Stride = stride };
        if (reader.IsHalf) operand.Halves = reader;
        else operand.Base = reader.Floats;
        return operand;
    }

    /// <summary>This operand's matrix <paramref name="batch"/>.</summary>
    public readonly GemmOperand At(int batch)
    {
        GemmOperand o = this;
        if (Layout == GemmLayout.Channels) o.Tap = batch;
        else o.Base += batch * BatchStride;
        return o;
    }

    // What a vector may reach beyond the last line of a tile.
    private const int CopySlack = 16;

    /// <summary>Floats from a tile that <see cref="Copy"/> makes to the next.</summary>
    public static int CopyStride(int tileRows, int length) => tileRows * length + CopySlack;

    /// <summary>Points the kernel's A side at lines first .. first + count - 1 of one block of K, where they lie.</summary>
    public readonly void Rows(long first, int count, in GemmBlock block, float** pointers, ref GemmTile tile)
    {
        tile.Rows = pointers;
        tile.SegmentStride = count;
        tile.Segments = 1;
        tile.Length = block.Total;
        tile.Step = 1;
        switch (Layout)
        {
            case GemmLayout.Lines:
                for (int i = 0; i < count; i++) pointers[i] = Base + (first + i) * Stride + block.Start;
                break;
            case GemmLayout.Steps:
                // Never more than one segment on this side.
                tile.Step = Stride;
                for (int i = 0; i < count; i++) pointers[i] = Base + first + i + block.Offset * Stride;
                break;
            default:
                tile.Segments = block.Segments;
                tile.Length = block.Length;
                for (int s = 0; s < block.Segments; s++)
                    Grid.Addresses(first, count, block.Segment + s, block.Offset, pointers + s * count);
                break;
        }
    }

    /// <summary>Widens 16-bit lines first .. first + count - 1 of one block to lines of block.Total, and points the kernel's A side there.</summary>
    public readonly void WidenedRows(long first, int count, in GemmBlock block, float* copy, float** pointers, ref GemmTile tile)
    {
        tile.Rows = pointers;
        tile.SegmentStride = count;
        tile.Segments = 1;
        tile.Length = block.Total;
        tile.Step = 1;
        for (int i = 0; i < count; i++, copy += block.Total)
        {
            Halves.Read((first + i) * Stride + block.Start, block.Total, copy);
            pointers[i] = copy;
        }
    }

    /// <summary>
    /// Copies lines first .. first + count - 1 of one block to tiles (block.Length, tileRows), for a layout of Steps; there are
    /// <paramref name="lines"/> lines in all. Each tile's line is moved by one or two vectors that reach into the next line, which is written after.
    /// </summary>
    public readonly void Copy(long first, int count, int tileRows, long lines, in GemmBlock block, float* copy)
    {
        float* source = Base + first + block.Offset * Stride;
        nint tile = CopyStride(tileRows, block.Length);
        for (int k = 0; k < block.Length; k++, source += Stride, copy += tileRows)
        {
            CacheHint.Fetch(source + FetchAhead * Stride, count);
            // The last lines have nothing behind them that may be read.
            int i = 0;
            float* to = copy;
            for (; first + i + CopySlack <= lines && i + tileRows <= count; i += tileRows, to += tile)
            {
                F32x8.Store(to, F32x8.Load(source + i));
                if (tileRows > 8) F32x8.Store(to + 8, F32x8.Load(source + i + 8));
            }
            for (; i < count; i += tileRows, to += tile) CopyLine(source + i, to, Math.Min(tileRows, count - i));
        }
    }

    /// <summary>As <see cref="Rows"/>, for a tile that <see cref="Copy"/> made.</summary>
    public static void CopiedRows(float* copy, int count, int tileRows, in GemmBlock block, float** pointers, ref GemmTile tile)
    {
        tile.Rows = pointers;
        tile.SegmentStride = count;
        tile.Segments = 1;
        tile.Length = block.Length;
        tile.Step = tileRows;
        for (int i = 0; i < count; i++) pointers[i] = copy + i;
    }

    /// <summary>
    /// Packs lines first .. first + count - 1 of one block as panels (block.Total, width) one after another, zeros beyond count. Where
    /// lines are neighbours all panels advance together, so that a step's far-away memory is visited once.
    /// </summary>
    public readonly void Pack(long first, int count, int width, in GemmBlock block, float* zeros, float* y)
    {
        float** lines = stackalloc float*[GemmPack.MaxWidth];
        nint panel = (nint)block.Total * width;
        switch (Layout)
        {
            case GemmLayout.Lines:
                for (int c = 0; c < count; c += width, y += panel)
                {
                    if (Halves.IsHalf)
                    {
                        PackHalves(first + c, Math.Min(width, count - c), width, block, zeros, lines, y);
                        continue;
                    }
                    for (int i = 0; i < width; i++)
                        lines[i] = c + i < count ? Base + (first + c + i) * Stride + block.Start : zeros;
                    GemmPack.Transpose(lines, width, block.Total, y);
                }
                break;
            case GemmLayout.Pixels:
                for (int c = 0; c < count; c += width, y += panel)
                {
                    int some = Math.Min(width, count - c);
                    for (int i = some; i < width; i++) lines[i] = zeros;
                    for (int s = 0; s < block.Segments; s++)
                    {
                        Grid.Addresses(first + c, some, block.Segment + s, block.Offset, lines);
                        GemmPack.Transpose(lines, width, block.Length, y + (nint)s * block.Length * width);
                    }
                }
                break;
            case GemmLayout.Steps:
                for (int s = 0; s < block.Segments; s++)
                {
                    nint start = (nint)first + block.Offset * Stride;
                    if (SegmentOffsets != null) start += SegmentOffsets[block.Segment + s];
                    for (int k = 0; k < block.Length; k++, start += Stride, y += width)
                    {
                        if (Halves.IsHalf)
                        {
                            PackHalfStep(start, count, width, panel, y);
                            continue;
                        }
                        CacheHint.Fetch(Base + start + FetchAhead * Stride, count);
                        PackStep(Base + start, count, width, panel, y);
                    }
                }
                break;
            default:
                for (int k = 0; k < block.Length; k += GemmPack.MaxWidth)
                {
                    int some = Math.Min(GemmPack.MaxWidth, block.Length - k);
                    Grid.Addresses(block.Offset + k, some, Tap, (int)first, lines);
                    for (int i = 0; i < some; i++, y += width) PackStep(lines[i], count, width, panel, y);
                }
                break;
        }
    }

    /// <summary>
    /// Asks for part <paramref name="part"/> of <paramref name="parts"/> of what <see cref="Pack"/> will read, for the layouts of weights: meanwhile other
    /// lines are multiplied.
    /// </summary>
    public readonly void Fetch(long first, int count, in GemmBlock block, int part, int parts)
    {
        if (Layout == GemmLayout.Lines)
        {
            for (int i = (int)((long)count * part / parts); i < (int)((long)count * (part + 1) / parts); i++)
                Fetch((first + i) * Stride + block.Start, block.Total);
        }
        else if (Layout == GemmLayout.Steps)
        {
            for (int s = 0; s < block.Segments; s++)
            {
                nint start = (nint)first + block.Offset * Stride;
                if (SegmentOffsets != null) start += SegmentOffsets[block.Segment + s];
                for (int k = (int)((long)block.Length * part / parts); k < (int)((long)block.Length * (part + 1) / parts); k++)
                    Fetch(start + k * Stride, count);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Fetch(long element, int count)
    {
        if (Halves.IsHalf) Halves.Fetch(element, count);
        else CacheHint.FetchFar(Base + element, count);
    }

    /// <summary>One panel of 16-bit lines.</summary>
    [SkipLocalsInit]
    private readonly void PackHalves(long first, int count, int width, in GemmBlock block, float* zeros, float** lines, float* y)
    {
        float* wide = stackalloc float[GemmPack.MaxWidth * WidenSteps];
        for (int k = 0; k < block.Total; k += WidenSteps)
        {
            int some = Math.Min(WidenSteps, block.Total - k);
            for (int i = 0; i < width; i++)
            {
                lines[i] = i < count ? wide + i * WidenSteps : zeros;
                if (i < count) Halves.Read((first + i) * Stride + block.Start + k, some, lines[i]);
            }
            GemmPack.Transpose(lines, width, some, y + (nint)k * width);
        }
    }

    /// <summary>One step of 16-bit lines, to all panels.</summary>
    private readonly void PackHalfStep(nint start, int count, int width, nint panel, float* y)
    {
        Halves.Fetch(start + FetchAhead * Stride, count);
        for (; count > 0; count -= width, start += width, y += panel)
        {
            int some = Math.Min(width, count);
            Halves.Read(start, some, y);
            for (int i = some; i < width; i++) y[i] = 0f;
        }
    }

    private static void PackStep(float* x, int count, int width, nint panel, float* y)
    {
        for (; count > width; count -= width, x += width, y += panel) CopyLine(x, y, width);
        PackLine(x, count, width, y);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void PackLine(float* x, int count, int width, float* y)
    {
        CopyLine(x, y, count);
        for (int i = count; i < width; i++) y[i] = 0f;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void CopyLine(float* x, float* y, int count)
    {
        int i = 0;
        for (; i + 8 <= count; i += 8) F32x8.Store(y + i, F32x8.Load(x + i));
        for (; i + 4 <= count; i += 4) F32x4.Store(y + i, F32x4.Load(x + i));
        for (; i < count; i++) y[i] = x[i];
    }
}
