using SeLoRA.Engine;
using SkiaSharp;

namespace SeLoRA.Train;

/// <summary>Where a text stands relative to its point.</summary>
internal enum Align
{
    Left,
    Center,
    Right,
}

/// <summary>A white sheet with the few things that reports draw, and the colours they share.</summary>
internal sealed class Drawing : IDisposable
{
    public static readonly SKColor Ink = new(0x22, 0x26, 0x2B);
    public static readonly SKColor Faint = new(0x6B, 0x72, 0x7A);
    public static readonly SKColor Rule = new(0xE1, 0xE4, 0xE8);

    private readonly SKBitmap _bitmap;

    public Drawing(int width, int height)
    {
        _bitmap = new SKBitmap(new SKImageInfo(width, height, SKColorType.Rgba8888, SKAlphaType.Opaque, null));
        Canvas = new SKCanvas(_bitmap);
        Canvas.Clear(SKColors.White);
        (Width, Height) = (width, height);
    }

    public SKCanvas Canvas { get; }

    public int Width { get; }

    public int Height { get; }

    public void Dispose()
    {
        Canvas.Dispose();
        _bitmap.Dispose();
    }

    /// <exception cref="EngineException">The file cannot be written.</exception>
    public void Save(string path)
    {
        Canvas.Flush();
        ImageFile.SavePng(path, _bitmap);
    }

    public void Text(string text, float x, float y, int scale, SKColor color, Align align = Align.Left)
    {
        int width = PixelFont.Width(text, scale);
        float left = align switch { Align.Left => x, Align.Center => x - width / 2, _ => x - width };
        PixelFont.Draw(Canvas, text, MathF.Round(left), MathF.Round(y), scale, color);
    }

    /// <summary>Text read from the bottom up; (x, y) is the left edge of its capitals and its end by <paramref name="align"/>.</summary>
    public void TextUp(string text, float x, float y, int scale, SKColor color, Align align = Align.Left)
    {
        Canvas.Save();
        Canvas.Translate(MathF.Round(x), MathF.Round(y));
        Canvas.RotateDegrees(-90);
        Text(text, 0, 0, scale, color, align);
        Canvas.Restore();
    }

    public void Fill(float x, float y, float width, float height, SKColor color)
    {
        using var paint = new SKPaint { Color = color, IsAntialias = false };
        Canvas.DrawRect(x, y, width, height, paint);
    }

    public void Line(float x0, float y0, float x1, float y1, SKColor color, float width = 1)
    {
        using var paint = new SKPaint { Color = color, StrokeWidth = width, IsAntialias = false, Style = SKPaintStyle.Stroke };
        Canvas.DrawLine(x0, y0, x1, y1, paint);
    }

    /// <summary>An image, each of its pixels a square, so that what is shown is what was generated.</summary>
    public void Image(RgbImage image, int x, int y, int scale)
    {
        var info = new SKImageInfo(image.Width, image.Height, SKColorType.Rgba8888, SKAlphaType.Opaque, null);
        using var bitmap = new SKBitmap(info);
        Span<byte> pixels = bitmap.GetPixelSpan();
        for (int i = 0; i < image.Width * image.Height; i++)
        {
            image.Pixels.AsSpan(3 * i, 3).CopyTo(pixels[(4 * i)..]);
            pixels[4 * i + 3] = 255;
        }
        using SKImage copy = SKImage.FromBitmap(bitmap);
        Canvas.DrawImage(copy, SKRect.Create(x, y, image.Width * scale, image.Height * scale), new SKSamplingOptions(SKFilterMode.Nearest));
    }
}
