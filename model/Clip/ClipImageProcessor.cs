using SeLoRA.Engine;

namespace SeLoRA.Model;

/// <summary>
/// Images as CLIP wants them, as transformers' <c>CLIPImageProcessor</c> makes them: shorter side resized (bicubic, antialiased), centre square, each channel
/// less its mean over its deviation.
/// </summary>
public static class ClipImageProcessor
{
    private static readonly float[] Mean = [0.48145466f, 0.4578275f, 0.40821073f], Deviation = [0.26862954f, 0.26130258f, 0.27577711f];

    /// <summary>One image.</summary>
    /// <param name="rgb">height x width x 3 bytes, channels last.</param>
    /// <param name="width">Columns.</param>
    /// <param name="height">Rows.</param>
    /// <param name="size">Side of the result: <see cref="ClipVisionConfig.ImageSize"/>.</param>
    /// <returns>size x size x 3 values, channels last.</returns>
    /// <exception cref="EngineException">The bytes do not fill the image.</exception>
    public static float[] Prepare(ReadOnlySpan<byte> rgb, int width, int height, int size)
    {
        if (width < 1 || height < 1 || rgb.Length != 3L * width * height)
            throw new EngineException($"CLIP image: {rgb.Length} bytes, {height}x{width}x3 are needed");
        (int w, int h) = width <= height
            ? (size, checked((int)((long)size * height / width)))
            : (checked((int)((long)size * width / height)), size);
        byte[] resized = PillowResize.Resize(rgb, width, height, w, h, ResizeFilter.Bicubic);
        // Half a pixel less is dropped on the left and above, unlike torchvision's crop.
        int left = (w - size) / 2, top = (h - size) / 2;
        var result = new float[3 * size * size];
        for (int i = 0; i < result.Length; i++)
        {
            int channel = i % 3, x = i / 3 % size, y = i / 3 / size;
            result[i] = (resized[3 * ((top + y) * w + left + x) + channel] / 255f - Mean[channel]) / Deviation[channel];
        }
        return result;
    }
}
