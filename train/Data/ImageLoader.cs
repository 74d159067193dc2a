using System.Buffers.Binary;
using SeLoRA.Engine;

namespace SeLoRA.Train;

/// <summary>
/// Reads PNG and JPEG files as 8-bit RGB and prepares them for the model. Grey is repeated in three channels, palettes
/// are looked up, alpha is dropped (not blended), 16-bit grey is round(v / 257), 16-bit colour keeps the high byte, and
/// the EXIF orientation is applied.
/// </summary>
public static class ImageLoader
{
    /// <summary>The file extensions that are taken for images, lower case, with the dot.</summary>
    public static IReadOnlyList<string> Extensions { get; } = [".png", ".jpg", ".jpeg"];

    // 16384 x 16384; 805 MB as RGB. Above it a file is either hostile or not meant for training.
    private const long PixelsMax = 1L << 28;

    // No encoder packs more pixels into a byte: deflate reaches 1032 bytes a byte (8 pixels of one bit in each), a JPEG
    // needs at least one bit for each block of each component (512 pixels a byte where there is one component).
    internal const long PngPixelsPerByte = 1032 * 8, JpegPixelsPerByte = 1024;

    // A row of a PNG takes at most 8 bytes a pixel, which must fit an array.
    private const long SideMax = 1 << 24;

    /// <summary>The decoded file, upright, at its own size.</summary>
    /// <param name="path">A PNG or JPEG file; the content decides, not the extension.</param>
    /// <exception cref="EngineException">The file is missing, unreadable, truncated, damaged, too large, or neither PNG
    /// nor JPEG; the message names the file.</exception>
    public static RgbImage Decode(string path) => Decode(ReadFile(path), path);

    /// <summary>The decoded content of a file, upright, at its own size.</summary>
    /// <param name="bytes">The whole file.</param>
    /// <param name="name">Its name for messages.</param>
    /// <exception cref="EngineException">The content is truncated, damaged, too large, or neither PNG nor JPEG.</exception>
    public static RgbImage Decode(byte[] bytes, string name)
    {
        if (bytes.Length == 0) throw new EngineException($"{name}: the file is empty; expected a PNG or JPEG image");
        if (PngReader.IsPng(bytes)) return PngReader.Read(bytes, name);
        if (JpegReader.IsJpeg(bytes)) return JpegReader.Read(bytes, name);
        throw new EngineException($"{name}: neither PNG nor JPEG (starts with {Convert.ToHexString(bytes.AsSpan(0, Math.Min(4, bytes.Length)))}{Guess(bytes)})");
    }

    /// <summary>Decoded, shortest side resized to <paramref name="size"/>, centre crop (<see cref="Resampler"/>).</summary>
    /// <param name="path">A PNG or JPEG file.</param>
    /// <param name="size">Side of the result in pixels, at least 1.</param>
    /// <exception cref="EngineException">As <see cref="Decode(string)"/>.</exception>
    public static RgbImage LoadSquare(string path, int size)
    {
        RgbImage image = Decode(path);
        try
        {
            return Resampler.ShortestSideCentreCrop(image, size);
        }
        catch (EngineException e)
        {
            throw new EngineException($"{path}: {e.Message}", e);
        }
    }

    /// <summary><see cref="LoadSquare"/>, then (v / 255 - 0.5) / 0.5.</summary>
    /// <param name="path">A PNG or JPEG file.</param>
    /// <param name="size">Side of the result in pixels.</param>
    /// <returns>size x size x 3 floats in [-1, 1], channels last.</returns>
    /// <exception cref="EngineException">As <see cref="Decode(string)"/>.</exception>
    public static float[] LoadSignedUnit(string path, int size) => LoadSquare(path, size).ToSignedUnit();

    /// <summary>Refuses what a header claims before memory is allocated for it.</summary>
    internal static void CheckSize(string name, long width, long height, long pixelsMost)
    {
        if (width < 1 || height < 1)
            throw new EngineException($"{name}: image of {width}x{height} pixels; both sides must be at least 1");
        if (width > SideMax || height > SideMax || width > PixelsMax / height)
            throw new EngineException($"{name}: {width}x{height} pixels; at most {PixelsMax} pixels (16384x16384) are read");
        if (width * height > pixelsMost)
            throw new EngineException($"{name}: the header claims {width}x{height} pixels, more than the file can hold; "
                + "the file is damaged or truncated");
    }

    private static byte[] ReadFile(string path)
    {
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            string why = e is FileNotFoundException or DirectoryNotFoundException ? "no such file"
                : Directory.Exists(path) ? "is a folder, not an image file" : e.Message;
            throw new EngineException($"{path}: {why}", e);
        }
    }

    private static string Guess(byte[] bytes)
    {
        string? format = bytes switch
        {
            [(byte)'G', (byte)'I', (byte)'F', ..] => "a GIF file",
            [(byte)'B', (byte)'M', ..] => "a BMP file",
            [(byte)'I', (byte)'I', 42, 0, ..] or [(byte)'M', (byte)'M', 0, 42, ..] => "a TIFF file",
            [(byte)'R', (byte)'I', (byte)'F', (byte)'F', ..] => "a WebP file",
            _ when bytes.Length > 132 && BinaryPrimitives.ReadUInt32BigEndian(bytes.AsSpan(128)) == 0x4449434D => "a DICOM file",
            _ => null,
        };
        return format is null ? "" : $", {format}: convert it to PNG";
    }
}
