using SeLoRA.Engine;

namespace SeLoRA.Train;

/// <summary>
/// Resizing and cropping exactly as Pillow's <c>resize(BILINEAR)</c> (antialiased) and torchvision's <c>Resize(shortest
/// side)</c>, <c>CenterCrop</c> do it, so that training sees the very pixels the reference implementations see.
/// </summary>
public static class Resampler
{
    // Pillow multiplies by weights in fixed point with 32 - 8 - 2 fractional bits: the 2 spare bits hold overshoot of
    // the sharper filters. The same precision gives the same rounding.
    private const int WeightBits = 22;

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

    /// <summary>
    /// Triangle filter of support max(1, scale), so that shrinking averages and does not alias. Horizontal pass first,
    /// rounded to 8 bits after each pass; a pass that would change nothing is skipped.
    /// </summary>
    /// <param name="image">The source.</param>
    /// <param name="width">Columns of the result.</param>
    /// <param name="height">Rows of the result.</param>
    public static RgbImage Resize(RgbImage image, int width, int height)
    {
        if (width != image.Width) image = ResizeColumns(image, width);
        if (height != image.Height) image = ResizeRows(image, height);
        return image;
    }

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

    private static RgbImage ResizeColumns(RgbImage image, int width)
    {
        var filter = new TriangleFilter(image.Width, width);
        var result = new RgbImage(width, image.Height);
        for (int y = 0; y < image.Height; y++)
        {
            ReadOnlySpan<byte> row = image.Pixels.AsSpan(3 * y * image.Width, 3 * image.Width);
            Span<byte> target = result.Pixels.AsSpan(3 * y * width, 3 * width);
            for (int x = 0; x < width; x++)
            {
                int r = 1 << (WeightBits - 1), g = r, b = r, at = 3 * filter.First[x];
                foreach (int weight in filter.Weights(x))
                {
                    r += row[at] * weight;
                    g += row[at + 1] * weight;
                    b += row[at + 2] * weight;
                    at += 3;
                }
                target[3 * x] = Clip(r);
                target[3 * x + 1] = Clip(g);
                target[3 * x + 2] = Clip(b);
            }
        }
        return result;
    }

    private static RgbImage ResizeRows(RgbImage image, int height)
    {
        var filter = new TriangleFilter(image.Height, height);
        int stride = 3 * image.Width;
        var result = new RgbImage(image.Width, height);
        var sums = new int[stride];
        for (int y = 0; y < height; y++)
        {
            Array.Fill(sums, 1 << (WeightBits - 1));
            int source = filter.First[y];
            foreach (int weight in filter.Weights(y))
            {
                ReadOnlySpan<byte> row = image.Pixels.AsSpan(source++ * stride, stride);
                for (int i = 0; i < row.Length; i++) sums[i] += row[i] * weight;
            }
            Span<byte> target = result.Pixels.AsSpan(y * stride, stride);
            for (int i = 0; i < target.Length; i++) target[i] = Clip(sums[i]);
        }
        return result;
    }

    private static byte Clip(int sum) => (byte)Math.Clamp(sum >> WeightBits, 0, 255);

    /// <summary>For each output position the first source position and the normalised weights in fixed point.</summary>
    private sealed class TriangleFilter
    {
        private readonly int[] _weights;
        private readonly int[] _counts;
        private readonly int _stride;

        public TriangleFilter(int sourceLength, int length)
        {
            double scale = (double)sourceLength / length;
            double support = Math.Max(1.0, scale);
            _stride = (int)Math.Ceiling(support) * 2 + 1;
            _weights = new int[length * _stride];
            _counts = new int[length];
            First = new int[length];
            var exact = new double[_stride];
            for (int i = 0; i < length; i++)
            {
                double centre = (i + 0.5) * scale;
                int first = Math.Max(0, (int)(centre - support + 0.5));
                int count = Math.Min(sourceLength, (int)(centre + support + 0.5)) - first;
                double sum = 0;
                for (int k = 0; k < count; k++)
                {
                    exact[k] = Math.Max(0.0, 1.0 - Math.Abs((first + k - centre + 0.5) / support));
                    sum += exact[k];
                }
                for (int k = 0; k < count; k++)
                    _weights[i * _stride + k] = (int)(0.5 + exact[k] / sum * (1 << WeightBits));
                First[i] = first;
                _counts[i] = count;
            }
        }

        public int[] First { get; }

        public ReadOnlySpan<int> Weights(int i) => _weights.AsSpan(i * _stride, _counts[i]);
    }
}
