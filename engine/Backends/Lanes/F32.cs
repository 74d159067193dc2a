namespace SeLoRA.Engine;

/// <summary>One float: what GPU kernels compute with, hence plain arithmetic and nothing else.</summary>
public readonly struct F32 : ILane<F32>
{
    /// <summary>The number itself.</summary>
    public readonly float Value;

    /// <summary>Wraps a number.</summary>
    public F32(float value) => Value = value;

    /// <inheritdoc/>
    public static F32 Of(float value) => new(value);

    /// <inheritdoc/>
    public static F32 operator +(F32 a, F32 b) => new(a.Value + b.Value);

    /// <inheritdoc/>
    public static F32 operator -(F32 a, F32 b) => new(a.Value - b.Value);

    /// <inheritdoc/>
    public static F32 operator *(F32 a, F32 b) => new(a.Value * b.Value);

    /// <inheritdoc/>
    public static F32 operator /(F32 a, F32 b) => new(a.Value / b.Value);

    /// <summary>
    /// e^x by the same polynomial as the vector lanes (Cephes' expf): ILGPU's own Exp needs its algorithms library on CUDA. The shift
    /// 1.5 2^23 rounds x / ln 2 to the integer n and leaves n in the low bits; ln 2 is subtracted in two parts to keep r exact.
    /// </summary>
    public static F32 Exp(F32 x)
    {
        const float shift = 12582912f;
        float shifted = x.Value * 1.44269504f + shift;
        float n = shifted - shift;
        float r = x.Value + n * -0.693359375f;
        r += n * 2.12194440e-4f;
        float p = 1.9875691500e-4f * r + 1.3981999507e-3f;
        p = p * r + 8.3334519073e-3f;
        p = p * r + 4.1665795894e-2f;
        p = p * r + 1.6666665459e-1f;
        p = p * r + 5.0000001201e-1f;
        p = p * (r * r) + r + 1f;
        float y = p * BitConverter.Int32BitsToSingle((BitConverter.SingleToInt32Bits(shifted) << 23) + (127 << 23));
        y = x.Value < -87.33654f ? 0f : y;
        // The constant on the right: with it on the left ILGPU compares unordered and makes infinity of NaN.
        return new(x.Value > 88.37626f ? float.PositiveInfinity : y);
    }

    /// <inheritdoc/>
    public static F32 Sqrt(F32 x) => new(MathF.Sqrt(x.Value));

    /// <inheritdoc/>
    public static F32 Abs(F32 x) => new(MathF.Abs(x.Value));

    /// <inheritdoc/>
    public static F32 Max(F32 a, F32 b) => new(a.Value < b.Value ? b.Value : a.Value);

    /// <inheritdoc/>
    public static F32 IfLess(F32 a, F32 b, F32 then, F32 otherwise) => new(a.Value < b.Value ? then.Value : otherwise.Value);
}
