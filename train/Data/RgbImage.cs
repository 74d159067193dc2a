namespace SeLoRA.Train;

/// <summary>An 8-bit RGB image on the host: rows from top to bottom, pixels from left to right, channels R, G, B.</summary>
public sealed class RgbImage
{
    /// <summary>Wraps <paramref name="pixels"/> without a copy.</summary>
    /// <param name="width">Columns, at least 1.</param>
    /// <param name="height">Rows, at least 1.</param>
    /// <param name="pixels">height x width x 3 bytes.</param>
    /// <exception cref="ArgumentException">The array's length is not height x width x 3.</exception>
    public RgbImage(int width, int height, byte[] pixels)
    {
        if (width < 1 || height < 1 || pixels.LongLength != 3L * width * height)
            throw new ArgumentException($"RgbImage: {pixels.LongLength} bytes, expected {height}x{width}x3");
        Width = width;
        Height = height;
        Pixels = pixels;
    }

    /// <summary>An image filled with black.</summary>
    /// <param name="width">Columns, at least 1.</param>
    /// <param name="height">Rows, at least 1.</param>
    public RgbImage(int width, int height)
        : this(width, height, new byte[checked(3 * width * height)])
    {
    }

    /// <summary>Number of columns.</summary>
    public int Width { get; }

    /// <summary>Number of rows.</summary>
    public int Height { get; }

    /// <summary>The samples, height x width x 3 (channels last), 0..255.</summary>
    public byte[] Pixels { get; }

    /// <summary>
    /// The model's input: (v / 255 - 0.5) / 0.5 of every sample, in float32 and in this order of operations, as
    /// torchvision's <c>ToTensor</c> and <c>Normalize([0.5], [0.5])</c> compute it.
    /// </summary>
    /// <returns>height x width x 3 floats in [-1, 1], channels last.</returns>
    public float[] ToSignedUnit()
    {
        // 256 possible values: a table instead of two divisions a sample.
        Span<float> table = stackalloc float[256];
        for (int v = 0; v < 256; v++) table[v] = (v / 255f - 0.5f) / 0.5f;
        var result = new float[Pixels.Length];
        for (int i = 0; i < result.Length; i++) result[i] = table[Pixels[i]];
        return result;
    }

    /// <summary>The inverse of <see cref="ToSignedUnit"/>: clamps to [-1, 1] and rounds to the nearest of 256 levels.</summary>
    /// <param name="width">Columns.</param>
    /// <param name="height">Rows.</param>
    /// <param name="values">height x width x 3 floats, channels last; NaN becomes 0 (black).</param>
    /// <exception cref="ArgumentException">The number of values is not height x width x 3.</exception>
    public static RgbImage FromSignedUnit(int width, int height, ReadOnlySpan<float> values)
    {
        var pixels = new byte[values.Length];
        for (int i = 0; i < pixels.Length; i++)
        {
            float v = (values[i] * 0.5f + 0.5f) * 255f;
            pixels[i] = v > 0f ? (byte)MathF.Min(255f, MathF.Round(v)) : (byte)0;
        }
        return new RgbImage(width, height, pixels);
    }
}
