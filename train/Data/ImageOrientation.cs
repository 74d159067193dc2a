using System.Buffers.Binary;

namespace SeLoRA.Train;

/// <summary>The orientation tag of EXIF (TIFF tag 0x0112): how stored rows and columns map to the upright image.</summary>
internal static class ImageOrientation
{
    private const ushort OrientationTag = 0x0112;

    /// <summary>The orientation 1..8 in a TIFF block (the content of PNG's eXIf chunk); 1 where absent or malformed.</summary>
    public static int Parse(ReadOnlySpan<byte> tiff)
    {
        if (tiff.Length < 8 || tiff[0] != tiff[1] || (tiff[0] != 'I' && tiff[0] != 'M')) return 1;
        bool little = tiff[0] == 'I';
        uint directory = U32(tiff[4..], little);
        if (directory > tiff.Length - 2) return 1;
        int entries = U16(tiff[(int)directory..], little);
        ReadOnlySpan<byte> rest = tiff[((int)directory + 2)..];
        for (int i = 0; i < entries && rest.Length >= 12; i++, rest = rest[12..])
        {
            if (U16(rest, little) != OrientationTag) continue;
            int value = U16(rest[8..], little);
            return value is >= 1 and <= 8 ? value : 1;
        }
        return 1;
    }

    /// <summary>The upright image: 2 mirrored, 3 turned by 180 degrees, 4 flipped, 5..8 the same with rows and columns swapped.</summary>
    public static RgbImage Apply(RgbImage image, int orientation)
    {
        if (orientation is < 2 or > 8) return image;
        int w = image.Width, h = image.Height;
        bool swap = orientation >= 5;
        var result = new RgbImage(swap ? h : w, swap ? w : h);
        for (int y = 0; y < result.Height; y++)
            for (int x = 0; x < result.Width; x++)
            {
                (int sx, int sy) = orientation switch
                {
                    2 => (w - 1 - x, y),
                    3 => (w - 1 - x, h - 1 - y),
                    4 => (x, h - 1 - y),
                    5 => (y, x),
                    6 => (y, h - 1 - x),
                    7 => (w - 1 - y, h - 1 - x),
                    _ => (w - 1 - y, x),
                };
                image.Pixels.AsSpan(3 * (sy * w + sx), 3).CopyTo(result.Pixels.AsSpan(3 * (y * result.Width + x)));
            }
        return result;
    }

    private static ushort U16(ReadOnlySpan<byte> at, bool little) =>
        little ? BinaryPrimitives.ReadUInt16LittleEndian(at) : BinaryPrimitives.ReadUInt16BigEndian(at);

    private static uint U32(ReadOnlySpan<byte> at, bool little) =>
        little ? BinaryPrimitives.ReadUInt32LittleEndian(at) : BinaryPrimitives.ReadUInt32BigEndian(at);
}
