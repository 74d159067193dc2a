namespace SeLoRA.Model;

/// <summary>The filters of <see cref="PillowResize"/>.</summary>
public enum ResizeFilter
{
    /// <summary>A triangle of support 1, Pillow's <c>BILINEAR</c>.</summary>
    Bilinear,

    /// <summary>Keys' cubic with a = -1/2 and support 2, Pillow's <c>BICUBIC</c>.</summary>
    Bicubic,
}

/// <summary>
/// Resizing exactly as Pillow's <c>resize</c> does it: the filter is widened by the scale where an image shrinks, so that it averages and does not alias;
/// columns first, both passes rounded to 8 bits, weights in fixed point as there; a pass that would change nothing is skipped.
/// </summary>
public static class PillowResize
{
    // Pillow multiplies by weights in fixed point with 32 - 8 - 2 fractional bits: the 2 spare bits hold overshoot of
    // the sharper filters. The same precision gives the same rounding.
    private const int WeightBits = 22, Half = 1 << (WeightBits - 1);

    private const double A = -0.5;

    /// <summary>height x width x 3 bytes to newHeight x newWidth x 3.</summary>
    /// <param name="rgb">The image, channels last.</param>
    /// <param name="width">Its columns.</param>
    /// <param name="height">Its rows.</param>
    /// <param name="newWidth">Columns of the result.</param>
    /// <param name="newHeight">Rows of the result.</param>
    /// <param name="filter">The filter.</param>
    public static byte[] Resize(ReadOnlySpan<byte> rgb, int width, int height, int newWidth, int newHeight, ResizeFilter filter)
    {
        byte[] columns = newWidth == width ? rgb.ToArray() : Columns(rgb, width, height, new Taps(width, newWidth, filter));
        return newHeight == height ? columns : Rows(columns, 3 * newWidth, new Taps(height, newHeight, filter));
    }

    private static byte[] Columns(ReadOnlySpan<byte> source, int width, int height, Taps taps)
    {
        var result = new byte[checked(3 * taps.Length * height)];
        for (int y = 0; y < height; y++)
        {
            ReadOnlySpan<byte> row = source.Slice(3 * y * width, 3 * width);
            Span<byte> target = result.AsSpan(3 * y * taps.Length, 3 * taps.Length);
            for (int x = 0; x < taps.Length; x++)
            {
                int r = Half, g = Half, b = Half, at = 3 * taps.First[x];
                foreach (int weight in taps.Weights(x))
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

    private static byte[] Rows(ReadOnlySpan<byte> source, int stride, Taps taps)
    {
        var result = new byte[checked(stride * taps.Length)];
        var sums = new int[stride];
        for (int y = 0; y < taps.Length; y++)
        {
            Array.Fill(sums, Half);
            int line = taps.First[y];
            foreach (int weight in taps.Weights(y))
            {
                ReadOnlySpan<byte> row = source.Slice(line++ * stride, stride);
                for (int i = 0; i < row.Length; i++) sums[i] += row[i] * weight;
            }
            Span<byte> target = result.AsSpan(y * stride, stride);
            for (int i = 0; i < target.Length; i++) target[i] = Clip(sums[i]);
        }
        return result;
    }

    private static byte Clip(int sum) => (byte)Math.Clamp(sum >> WeightBits, 0, 255);

    /// <summary>For each output position the first source position and the normalised weights in fixed point.</summary>
    private sealed class Taps
    {
        private readonly int[] weights, counts;
        private readonly int stride;

        public Taps(int sourceLength, int length, ResizeFilter filter)
        {
            double scale = (double)sourceLength / length, widening = Math.Max(1.0, scale), reach = (filter == ResizeFilter.Bicubic ? 2 : 1) * widening;
            stride = (int)Math.Ceiling(reach) * 2 + 1;
            weights = new int[length * stride];
            counts = new int[length];
            First = new int[length];
            var exact = new double[stride];
            for (int i = 0; i < length; i++)
            {
                double centre = (i + 0.5) * scale;
                int first = Math.Max(0, (int)(centre - reach + 0.5)), count = Math.Min(sourceLength, (int)(centre + reach + 0.5)) - first;
                double sum = 0;
                for (int k = 0; k < count; k++)
                {
                    double x = Math.Abs((first + k - centre + 0.5) / widening);
                    exact[k] = filter == ResizeFilter.Bicubic ? Cubic(x) : Math.Max(0.0, 1.0 - x);
                    sum += exact[k];
                }
                for (int k = 0; k < count; k++)
                    weights[i * stride + k] = (int)Math.Round(exact[k] / sum * (1 << WeightBits), MidpointRounding.AwayFromZero);
                First[i] = first;
                counts[i] = count;
            }
        }

        public int Length => First.Length;

        public int[] First { get; }

        public ReadOnlySpan<int> Weights(int i) => weights.AsSpan(i * stride, counts[i]);

        private static double Cubic(double x) => x < 1 ? ((A + 2) * x - (A + 3)) * x * x + 1
            : x < 2 ? (((x - 5) * x + 8) * x - 4) * A
            : 0;
    }
}
