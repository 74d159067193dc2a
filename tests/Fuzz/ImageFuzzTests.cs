using SeLoRA.Train;
using SkiaSharp;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>Images as training reads them, orientation included.</summary>
public class ImageFuzzTests
{
    private static readonly byte[][] s_markers =
        [[0xFF, 0xD8], [0xFF, 0xD9], [0xFF, 0xDA], [0xFF, 0xC0], [0xFF, 0xC2], [0xFF, 0xC4], [0xFF, 0xDB], [0xFF, 0xDD], [0xFF, 0xD0], [0xFF, 0xE1], [0xFF, 0xEE], [0xFF, 0x00], [0xFF, 0xFF], [0xFF]];

    [Fact]
    public void Png_files_are_read_or_refused()
    {
        // Deflate packs 1032 bytes into one, of 8 pixels each at one bit; a pixel takes 3 bytes, and another 3 while it is turned.
        using var run = new FuzzRun("PNG", factor: 50_000, floor: 256 << 10);
        run.Run("x.png", [.. PngSeeds.All.Select(PngSeeds.Assemble)], PngSeeds.Mutate, path => ImageLoader.Decode(path));
    }

    [Fact]
    public void Jpeg_files_are_read_or_refused()
    {
        byte[][] files = [Jpeg(1), Jpeg(6), Jpeg(3)];
        using var run = new FuzzRun("JPEG", factor: 8192, floor: 256 << 10);
        run.Run("x.jpg", files, random => ByteMutations.Apply(random.Pick(files), files, random, s_markers), path => ImageLoader.Decode(path));
    }

    /// <summary>A JPEG of 16 x 12 pixels with an EXIF orientation.</summary>
    internal static byte[] Jpeg(int orientation)
    {
        using var bitmap = new SKBitmap(new SKImageInfo(16, 12, SKColorType.Rgba8888, SKAlphaType.Opaque));
        for (int y = 0; y < 12; y++)
            for (int x = 0; x < 16; x++) bitmap.SetPixel(x, y, new SKColor((byte)(x * 16), (byte)(y * 20), (byte)(x * y)));
        byte[] plain = bitmap.Encode(SKEncodedImageFormat.Jpeg, 60).ToArray();
        byte[] exif = [.. "Exif\0\0"u8, (byte)'I', (byte)'I', 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 1, 3, 0, 1, 0, 0, 0, (byte)orientation, 0, 0, 0, 0, 0, 0, 0];
        return [.. plain.AsSpan(0, 2), 0xFF, 0xE1, 0, (byte)(exif.Length + 2), .. exif, .. plain.AsSpan(2)];
    }
}
