using ILGPU;

namespace SeLoRA.Engine;

/// <summary>Where a window lies: its first pixel's distance from the image's in chunks, and the taps outside.</summary>
internal struct WindowPlace
{
    public int Pixel, Outside;
}

/// <summary>
/// An image, channels last, as the A of a product: a row is the window of a pixel of C, k runs over its taps and their channels. Each
/// thread looks up the pixels of its chunks once; from slice to slice only what all threads share changes, the tap and its distance.
/// Forward, taps follow upon the window's first pixel; in the gradient of the input they precede its last, which turns the kernel.
/// </summary>
internal struct TensorCoreWindows
{
    /// <summary>Taps a side at most: a bit each in half a word, and one to see the end.</summary>
    public const int MaxTaps = 15;

    /// <summary>Bytes of the image from a tap to the next in its row, and to the one below.</summary>
    public long ColumnOfTaps, RowOfTaps;

    /// <summary>Bytes of B between two taps.</summary>
    public long TapOfB;

    /// <summary>Bytes from behind a tap's last slice to the next tap's first, in its row and at the row's end; and the same of B.</summary>
    public long NextColumn, NextRow, NextOfB;

    /// <summary>Slices of a tap.</summary>
    public int SlicesOfTap;

    public int KH, KW;

    /// <summary>C's pixels, the image's, and chunks of a pixel.</summary>
    private readonly int gridH, gridW, imageH, imageW, chunks;

    /// <summary>From a pixel of C to its window's first pixel, and whether taps lie behind or before that.</summary>
    private readonly int stride, top, left, direction;

    public TensorCoreWindows(in TensorCoreConv2d conv, DType type)
    {
        int log2Bytes = TensorCoreLayout.Log2BytesOf(type), elementBytes = 1 << log2Bytes;
        Conv2dShape s = conv.Shape;
        (gridH, gridW) = conv.Backward ? (s.H, s.W) : (s.OutH, s.OutW);
        (imageH, imageW) = conv.Backward ? (s.OutH, s.OutW) : (s.H, s.W);
        direction = conv.Backward ? -1 : 1;
        (stride, top, left) = (s.Stride, -direction * s.PadTop, -direction * s.PadLeft);
        (KH, KW, chunks) = (s.KH, s.KW, conv.Channels >> TensorCoreLayout.Log2Chunk(log2Bytes));
        SlicesOfTap = TensorCorePlan.SlicesOf(conv.Channels, type);
        ColumnOfTaps = direction * (long)conv.Channels * elementBytes;
        RowOfTaps = ColumnOfTaps * imageW;
        TapOfB = (long)s.C * elementBytes;
        long walked = (long)SlicesOfTap * TensorCoreLayout.DepthBytes;
        NextColumn = ColumnOfTaps - walked;
        NextRow = RowOfTaps - (KW - 1) * ColumnOfTaps - walked;
        NextOfB = TapOfB - (conv.Backward ? walked * s.KH * s.KW * s.C : walked);
    }

    /// <summary>The window of a row of C; the image's pixels fewer than 2^31 chunks.</summary>
    public readonly WindowPlace PlaceOf(int row)
    {
        int line = row / gridW, n = line / gridH;
        int y = (line - n * gridH) * stride + top, x = (row - line * gridW) * stride + left;
        return new WindowPlace
        {
            Pixel = ((n * imageH + y) * imageW + x) * chunks,
            Outside = Outside(y, direction, imageH, KH) | Outside(x, direction, imageW, KW) << 16,
        };
    }

    /// <summary>Bits of the taps of one side that lie outside, the first at <paramref name="at"/>.</summary>
    public static int Outside(int at, int direction, int size, int taps)
    {
        int begin = IntrinsicMath.Clamp(direction > 0 ? -at : at - size + 1, 0, taps);
        int end = IntrinsicMath.Clamp(direction > 0 ? size - at : at + 1, begin, taps);
        return (1 << taps) - 1 - ((1 << end) - (1 << begin));
    }

    /// <summary>The bits of a tap, one of its row and one of its column: it lies outside where either is set.</summary>
    public static int BitsOf(int row, int column) => 1 << row | 1 << (16 + column);

    /// <summary>Moves on to the next tap where the present one's channels are used up.</summary>
    public readonly SliceSource NextTap(SliceSource at, int channels)
    {
        if (at.KLeft > 0) return at;
        int tap = at.Tap + (at.Tap & unchecked((int)0xFFFF0000));
        bool below = (tap >>> (16 + KW)) != 0;
        if (below) tap = (tap & 0xFFFF) << 1 | 1 << 16;
        at.Tap = tap;
        at.A += below ? NextRow : NextColumn;
        at.B += NextOfB;
        at.KLeft = channels;
        return at;
    }
}
