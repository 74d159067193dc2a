namespace SeLoRA.Engine;

public sealed partial class Tensor
{
    /// <summary>Uniform numbers in [0, 1): element i is a pure function of (seed, offset + i), the same bits on every device.</summary>
    public static Tensor Uniform(Shape shape, ulong seed, ulong offset = 0, Device device = default)
    {
        Tensor y = Empty(shape, device);
        y.Backend.FillUniform(y, seed, offset);
        return y;
    }

    /// <summary>
    /// Standard normal numbers: element i is a pure function of (seed, offset + i), the same on every device up to the rounding of
    /// logarithm, sine and cosine. For bit-equal numbers draw with <see cref="Philox"/> on the host and upload.
    /// </summary>
    public static Tensor Normal(Shape shape, ulong seed, ulong offset = 0, Device device = default)
    {
        Tensor y = Empty(shape, device);
        y.Backend.FillNormal(y, seed, offset);
        return y;
    }
}
