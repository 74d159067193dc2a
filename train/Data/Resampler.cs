using SeLoRA.Engine;
using SeLoRA.Model;

namespace SeLoRA.Train;

/// <summary>
/// Resizing and cropping exactly as Pillow's <c>resize(BILINEAR)</c> (antialiased) and torchvision's <c>Resize(shortest
/// side)</c>, <c>CenterCrop</c> do it, so that training sees the very pixels the reference implementations see.
/// </summary>
public static class Resampler
{
    // A thin strip of an image would otherwise be blown up to gigabytes: 1 x 100000 at 512 is 1.5e8 wide.
    private const long PixelsMax = 1L << 28;

    /// <summary>Shortest side to <paramref name="size"/>, the other in proportion (truncated), then the centre square.</summary>
    /// <param name="image">Any size.</param>
    /// <param name="size">Side of the result in pixels, at least 1.</param>
    /// <exception cref="EngineException">The sides differ so much that the resized image would not fit in memory.</exception>
    public static RgbImage ShortestSideCentreCrop(RgbImage image, int size)
    {
        (int width, int height) = ShortestSide(image.Width, image.Height, size);
        if ((long)width * height > PixelsMax)
            throw new EngineException($"{image.Width}x{image.Height} image becomes {width}x{height} with shortest side {size}: "
                + "too elongated; crop it first");
        return Crop(Resize(image, width, height), CropOffset(width, size), CropOffset(height, size), size, size);
    }

    /// <summary>Size after the shortest side became <paramref name="size"/>; the other is int(size * long / short).</summary>
    /// <param name="width">Columns before.</param>
    /// <param name="height">Rows before.</param>
    /// <param name="size">The new shortest side.</param>
    public static (int Width, int Height) ShortestSide(int width, int height, int size) => width <= height
        ? (size, (int)Math.Min(int.MaxValue, (long)size * height / width))
        : ((int)Math.Min(int.MaxValue, (long)size * width / height), size);

    /// <summary>First row or column of the centre crop: (length - size) / 2 with ties to even (81 / 2 is 40).</summary>
    /// <param name="length">Side of the image, at least <paramref name="size"/>.</param>
    /// <param name="size">Side of the crop.</param>
    public static int CropOffset(int length, int size) => (int)Math.Round((length - size) / 2.0, MidpointRounding.ToEven);

    /// <summary>All of the image at another size; see <see cref="PillowResize"/>.</summary>
    /// <param name="image">The source.</param>
    /// <param name="width">Columns of the result.</param>
    /// <param name="height">Rows of the result.</param>
    public static RgbImage Resize(RgbImage image, int width, int height) =>
        new(width, height, PillowResize.Resize(image.Pixels, image.Width, image.Height, width, height, ResizeFilter.Bilinear));

    /// <summary>A rectangle of the image, copied.</summary>
    /// <param name="image">The source.</param>
    /// <param name="left">First column.</param>
    /// <param name="top">First row.</param>
    /// <param name="width">Columns of the result.</param>
    /// <param name="height">Rows of the result.</param>
    public static RgbImage Crop(RgbImage image, int left, int top, int width, int height)
    {
        if (left == 0 && top == 0 && width == image.Width && height == image.Height) return image;
        var result = new RgbImage(width, height);
        for (int y = 0; y < height; y++)
            image.Pixels.AsSpan(3 * ((top + y) * image.Width + left), 3 * width).CopyTo(result.Pixels.AsSpan(3 * y * width));
        return result;
    }
}
