using SeLoRA.Engine;
using SkiaSharp;

namespace SeLoRA.Train;

/// <summary>Pictures inside a page.</summary>
internal static class HtmlImage
{
    // A grid of photographs at full size can take 10 MB; in a page it is looked at, not measured.
    private const int BytesMax = 1 << 20, WidthMax = 1600, Quality = 88;

    /// <summary>A PNG file as a figure: as it is, or where it is large as a JPEG of at most 1600 pixels across.</summary>
    /// <param name="path">The file.</param>
    /// <param name="caption">What stands above it.</param>
    /// <param name="alt">What it shows, for those who do not see it.</param>
    /// <exception cref="EngineException">The file is no readable PNG.</exception>
    public static HtmlText Figure(string path, string caption, string alt) =>
        HtmlText.Of($"<figure><figcaption>{caption}</figcaption>{Inline(path, alt)}</figure>\n");

    /// <summary>The same without a heading.</summary>
    /// <exception cref="EngineException">The file is no readable PNG.</exception>
    public static HtmlText Inline(string path, string alt)
    {
        byte[] bytes = File.ReadAllBytes(path);
        if (!PngReader.IsPng(bytes)) throw new EngineException($"{path}: is no PNG image");
        string type = "image/png";
        if (bytes.Length > BytesMax) (bytes, type) = (Shrink(bytes, path), "image/jpeg");
        return HtmlText.Of($"<img alt=\"{alt}\" src=\"data:{type};base64,{Convert.ToBase64String(bytes)}\" />");
    }

    private static byte[] Shrink(byte[] png, string path)
    {
        using SKBitmap bitmap = SKBitmap.Decode(png) ?? throw new EngineException($"{path}: a damaged PNG image");
        int width = Math.Min(bitmap.Width, WidthMax), height = Math.Max(1, (int)((long)bitmap.Height * width / bitmap.Width));
        using SKBitmap small = bitmap.Resize(new SKImageInfo(width, height), new SKSamplingOptions(SKCubicResampler.Mitchell));
        using SKData data = small.Encode(SKEncodedImageFormat.Jpeg, Quality);
        return data.ToArray();
    }
}
