using SeLoRA.Engine;

namespace SeLoRA.Model;

/// <summary>
/// The preparation of images for <see cref="InceptionV3"/> as pytorch-fid does it: PyTorch's <c>interpolate(mode="bilinear",
/// align_corners=False)</c>, which does <b>not</b> average when it shrinks, then 2x - 1. It is part of the metric's definition: another resize
/// moves FID by several per cent.
/// </summary>
internal static class BilinearResize
{
    /// <summary>(N, H, W, C) in [0, 1] to (N, height, width, C) in [-1, 1], on the same device.</summary>
    public static Tensor ToSigned(Tensor images, int height, int width)
    {
        (int n, int h, int w, int c) = (images.Shape[0], images.Shape[1], images.Shape[2], images.Shape[3]);
        float[] source = images.ToArray(), result = new float[(long)n * height * width * c];
        (int Low, int High, float Weight)[] rows = Positions(h, height), columns = Positions(w, width);
        int at = 0;
        for (int i = 0; i < n; i++)
        {
            ReadOnlySpan<float> image = source.AsSpan(i * h * w * c, h * w * c);
            foreach ((int top, int bottom, float down) in rows)
            {
                ReadOnlySpan<float> upper = image.Slice(top * w * c, w * c), lower = image.Slice(bottom * w * c, w * c);
                foreach ((int left, int right, float across) in columns)
                {
                    for (int k = 0; k < c; k++)
                    {
                        float a = (1 - across) * upper[left * c + k] + across * upper[right * c + k];
                        float b = (1 - across) * lower[left * c + k] + across * lower[right * c + k];
                        result[at++] = 2 * ((1 - down) * a + down * b) - 1;
                    }
                }
            }
        }
        return Tensor.From(result, new Shape(n, height, width, c), images.Device);
    }

    // Pixel centres lie at i + 0.5 on both sides; beyond the first and last centre the border pixel is taken.
    private static (int Low, int High, float Weight)[] Positions(int length, int resultLength)
    {
        var positions = new (int, int, float)[resultLength];
        float scale = (float)length / resultLength;
        for (int i = 0; i < resultLength; i++)
        {
            float centre = MathF.Max(0, scale * (i + 0.5f) - 0.5f);
            int low = Math.Min((int)centre, length - 1);
            positions[i] = (low, Math.Min(low + 1, length - 1), centre - low);
        }
        return positions;
    }
}
