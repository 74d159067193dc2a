namespace SeLoRA.Engine;

/// <summary>Functions that kernels need and that ILGPU has only with its algorithms library, or less exactly.</summary>
internal static class KernelMath
{
    /// <summary>e^x.</summary>
    public static float Exp(float x) => F32.Exp(new F32(x)).Value;

    /// <summary>ln x for a positive normal x, to about 1 ulp: x = 2^n m with m in [0.7, 1.4), ln m = 2 atanh((m - 1) / (m + 1)).</summary>
    public static float Log(float x)
    {
        int bits = BitConverter.SingleToInt32Bits(x);
        // 0x3F3504F3 is sqrt(1/2).
        int n = (bits - 0x3F3504F3) >> 23;
        float m = BitConverter.Int32BitsToSingle(bits - (n << 23));
        float s = (m - 1f) / (m + 1f);
        // ln 2 in two parts, the first so short that n times it is exact.
        return n * 0.693359375f + (TwiceAtanh(s) + n * -2.12194440e-4f);
    }

    /// <summary>ln(1 - t) for t in [0, 0.5], exact also where t is tiny.</summary>
    public static float LogOneMinus(float t) => -TwiceAtanh(t / (2f - t));

    // Series of atanh; |s| is at most 1/3, where the first term left out is 2e-9.
    private static float TwiceAtanh(float s)
    {
        float q = s * s;
        float tail = 1f / 3 + q * (1f / 5 + q * (1f / 7 + q * (1f / 9 + q * (1f / 11 + q * (1f / 13 + q * (1f / 15))))));
        return 2f * (s + s * q * tail);
    }
}
