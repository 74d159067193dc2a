namespace SeLoRA.Model;

/// <summary>
/// Pillow's <c>resize(BICUBIC)</c>: Keys' cubic with a = -1/2, widened by the scale where it shrinks, so that it averages and does not alias; columns first, both
/// passes rounded to 8 bits, weights in fixed point as there.
/// </summary>
internal static class BicubicResize
{
    private const double A = -0.5, Support = 2;

    // 32 bits less 8 of the sample less 2 for overshoot.
    private const int WeightBits = 22;

    /// <summary>height x width x 3 bytes to newHeight x newWidth x 3.</summary>
    public static byte[] Resize(ReadOnlySpan<byte> rgb, int width, int height, int newWidth, int newHeight)
    {
        byte[] columns = newWidth == width ? rgb.ToArray() : Pass(rgb, height, width, newWidth, 3);
        return newHeight == height ? columns : Pass(columns, 1, height, newHeight, 3 * newWidth);
    }

    /// <summary>The middle axis of (outer, length, inner) gets another length.</summary>
    private static byte[] Pass(ReadOnlySpan<byte> source, int outer, int length, int newLength, int inner)
    {
        (int First, int[] Weights)[] taps = Taps(length, newLength);
        byte[] result = new byte[checked(outer * newLength * inner)];
        var sums = new int[inner];
        for (int o = 0; o < outer; o++)
        {
            for (int i = 0; i < newLength; i++)
            {
                Array.Fill(sums, 1 << (WeightBits - 1));
                int at = (o * length + taps[i].First) * inner;
                foreach (int weight in taps[i].Weights)
                {
                    for (int k = 0; k < inner; k++) sums[k] += source[at + k] * weight;
                    at += inner;
                }
                for (int k = 0; k < inner; k++) result[(o * newLength + i) * inner + k] = (byte)Math.Clamp(sums[k] >> WeightBits, 0, 255);
            }
        }
        return result;
    }

    private static (int First, int[] Weights)[] Taps(int length, int newLength)
    {
        double scale = (double)length / newLength, widening = Math.Max(1, scale), reach = Support * widening;
        var taps = new (int, int[])[newLength];
        for (int i = 0; i < newLength; i++)
        {
            double centre = (i + 0.5) * scale;
            int first = Math.Max(0, (int)(centre - reach + 0.5)), end = Math.Min(length, (int)(centre + reach + 0.5));
            double[] exact = [.. Enumerable.Range(first, end - first).Select(j => Cubic((j - centre + 0.5) / widening))];
            double sum = exact.Sum();
            taps[i] = (first, [.. exact.Select(w => (int)Math.Round(w / sum * (1 << WeightBits), MidpointRounding.AwayFromZero))]);
        }
        return taps;
    }

    private static double Cubic(double x)
    {
        x = Math.Abs(x);
        return x < 1 ? ((A + 2) * x - (A + 3)) * x * x + 1
            : x < 2 ? (((x - 5) * x + 8) * x - 4) * A
            : 0;
    }
}
