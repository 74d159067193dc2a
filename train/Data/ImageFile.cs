using SeLoRA.Engine;
using SkiaSharp;

namespace SeLoRA.Train;

/// <summary>Writes images. A file appears under its name only when it is complete.</summary>
public static class ImageFile
{
    /// <summary>Writes an 8-bit RGB PNG, creating the folder where needed and replacing an older file.</summary>
    /// <param name="path">The file to write.</param>
    /// <param name="image">The pixels; stored without loss.</param>
    /// <exception cref="EngineException">The file cannot be written.</exception>
    public static void SavePng(string path, RgbImage image)
    {
        var info = new SKImageInfo(image.Width, image.Height, SKColorType.Rgba8888, SKAlphaType.Opaque, null);
        using var bitmap = new SKBitmap(info);
        Span<byte> pixels = bitmap.GetPixelSpan();
        for (int i = 0, n = image.Width * image.Height; i < n; i++)
        {
            image.Pixels.AsSpan(3 * i, 3).CopyTo(pixels[(4 * i)..]);
            pixels[4 * i + 3] = 255;
        }
        SavePng(path, bitmap);
    }

    /// <summary>Encodes a bitmap as PNG and moves it into place.</summary>
    internal static void SavePng(string path, SKBitmap bitmap)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EngineException($"{path}: cannot be written: {e.Message}", e);
        }
        AtomicFile.Write(path, stream =>
        {
            if (!bitmap.Encode(stream, SKEncodedImageFormat.Png, 100))
                throw new IOException($"encoding {bitmap.Width}x{bitmap.Height} pixels as PNG failed");
        });
    }
}
