namespace SeLoRA.Engine;

/// <summary>A pixel of the output in the image: the first of its window, padding left aside, and its distance from the image's first in elements.</summary>
internal struct PixelPlace
{
    public int Y, X;
    public long Offset;
}

/// <summary>
/// An image, channels last, as the B of a weight's gradient: k runs over the output's pixels, columns over taps and, within a tap, over
/// channels. A thread's chunks stay with their tap and channels; from slice to slice their pixel changes, and with it what lies outside.
/// </summary>
internal struct TensorCorePixels
{
    /// <summary>2^32 / size, rounded up: a division by it is a product, exact below 2^32 / size.</summary>
    private readonly long perLine, perImage;

    private readonly int outH, outW, imageH, imageW, channels, stride, top, left, tapsOfRow;

    public TensorCorePixels(in Conv2dShape s)
    {
        (perLine, perImage) = (Reciprocal(s.OutW), Reciprocal(s.OutH));
        (outH, outW, imageH, imageW, channels) = (s.OutH, s.OutW, s.H, s.W, s.C);
        (stride, top, left, tapsOfRow) = (s.Stride, s.PadTop, s.PadLeft, s.KW);
    }

    /// <summary>Whether reciprocals are exact for every pixel, those of a last slice beyond it included, and distances to a tap fit in half a word.</summary>
    public static bool Fits(in Conv2dShape s)
    {
        long lines = (long)s.N * s.OutH + 64, pixels = lines * s.OutW;
        return Math.Max(pixels * s.OutW, lines * s.OutH) < 1L << 32 && Math.Max(s.H, s.W) + 2L * (s.PadTop + s.PadLeft + s.KH + s.KW + s.Stride) < short.MaxValue;
    }

    /// <summary>The source of a thread's chunks at a column of the gradient: its address at the first pixel, and its tap's distance from a window's first pixel.</summary>
    public readonly SliceSource At(SliceSource source, int column, int columns, int log2Bytes)
    {
        int tap = column / channels, row = tap / tapsOfRow, y = row - top, x = tap - row * tapsOfRow - left;
        source.B += (((long)y * imageW + x) * channels + column - tap * channels) << log2Bytes;
        // Beyond the last column no row is inside.
        source.Tap = column < columns ? y << 16 | x & 0xFFFF : int.MinValue;
        return source;
    }

    /// <summary>A pixel of the output.</summary>
    public readonly PixelPlace PlaceOf(int pixel)
    {
        int line = (int)(pixel * perLine >> 32), n = (int)(line * perImage >> 32);
        int y = (line - n * outH) * stride, x = (pixel - line * outW) * stride;
        return new PixelPlace { Y = y, X = x, Offset = ((long)(n * imageH + y) * imageW + x) * channels };
    }

    /// <summary>Whether a tap lies in the image: <paramref name="tap"/> is what <see cref="At"/> made.</summary>
    public readonly bool Contains(PixelPlace pixel, int tap) =>
        ((uint)(pixel.Y + (tap >> 16)) < (uint)imageH) & ((uint)(pixel.X + (tap << 16 >> 16)) < (uint)imageW);

    private static long Reciprocal(int size) => ((1L << 32) + size - 1) / size;
}
