using SeLoRA.Engine;
using SkiaSharp;

namespace SeLoRA.Train;

/// <summary>JPEG through Skia, which decodes with libjpeg-turbo: baseline and progressive, any subsampling.</summary>
internal static class JpegReader
{
    public static bool IsJpeg(ReadOnlySpan<byte> bytes) => bytes is [0xFF, 0xD8, 0xFF, ..];

    // A progressive image has some ten. Each is a walk over all pixels, and may be a few bytes of the file.
    private const int ScansMost = 200;

    // Inside a scan's data the marker cannot stand; inside a thumbnail it may, which counts little.
    private static int Scans(ReadOnlySpan<byte> bytes) => bytes.Count([(byte)0xFF, (byte)0xDA]);

    public static RgbImage Read(byte[] bytes, string name)
    {
        if (Scans(bytes) > ScansMost) throw new EngineException($"{name}: damaged JPEG: more than {ScansMost} scans");
        using SKData data = SKData.CreateCopy(bytes);
        using SKCodec? codec = SKCodec.Create(data);
        if (codec is null) throw new EngineException($"{name}: damaged JPEG header; replace or remove the file");
        int width = codec.Info.Width, height = codec.Info.Height;
        ImageLoader.CheckSize(name, width, height, ImageLoader.JpegPixelsPerByte * bytes.Length);

        // Without a colour space Skia leaves the numbers as they are stored, as the reference loaders do.
        var info = new SKImageInfo(width, height, SKColorType.Rgba8888, SKAlphaType.Opaque, null);
        using var bitmap = new SKBitmap();
        if (!bitmap.TryAllocPixels(info)) throw new EngineException($"{name}: no memory for {width}x{height} pixels");
        SKCodecResult result = codec.GetPixels(info, bitmap.GetPixels());
        if (result != SKCodecResult.Success)
            throw new EngineException($"{name}: {(result == SKCodecResult.IncompleteInput ? "truncated" : "damaged")} JPEG "
                + $"of {width}x{height} pixels; replace or remove the file");

        var image = new RgbImage(width, height);
        for (int y = 0; y < height; y++)
        {
            ReadOnlySpan<byte> row = bitmap.GetPixelSpan().Slice(y * bitmap.RowBytes, 4 * width);
            Span<byte> target = image.Pixels.AsSpan(3 * y * width, 3 * width);
            for (int x = 0; x < width; x++)
            {
                target[3 * x] = row[4 * x];
                target[3 * x + 1] = row[4 * x + 1];
                target[3 * x + 2] = row[4 * x + 2];
            }
        }
        return ImageOrientation.Apply(image, (int)codec.EncodedOrigin);
    }
}
