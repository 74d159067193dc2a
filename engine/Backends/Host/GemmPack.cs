using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace SeLoRA.Engine;

/// <summary>Turns lines whose K steps are neighbours into a panel whose lines are neighbours, by transposing small squares in registers.</summary>
internal static unsafe class GemmPack
{
    /// <summary>Widest panel: two of the widest vectors.</summary>
    public const int MaxWidth = 32;

    /// <summary>y (length, width) = the transpose of <paramref name="lines"/>, each <paramref name="length"/> long; width is a multiple of 4.</summary>
    public static void Transpose(float** lines, int width, int length, float* y)
    {
        int square = Avx.IsSupported && width % 8 == 0 ? 8 : 4;
        for (int i = 0; i < width; i += square)
        {
            float** x = lines + i;
            int k = 0;
            if (square == 8)
                for (; k + 8 <= length; k += 8) Square8(x, k, y + (nint)k * width + i, width);
            else
                for (; k + 4 <= length; k += 4) Square4(x, k, y + (nint)k * width + i, width);
            for (; k < length; k++)
                for (int j = 0; j < square; j++) y[(nint)k * width + i + j] = x[j][k];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Square8(float** x, int k, float* y, nint width)
    {
        Vector256<float> a = Vector256.Load(x[0] + k), b = Vector256.Load(x[1] + k), c = Vector256.Load(x[2] + k),
            d = Vector256.Load(x[3] + k), e = Vector256.Load(x[4] + k), f = Vector256.Load(x[5] + k),
            g = Vector256.Load(x[6] + k), h = Vector256.Load(x[7] + k);
        Vector256<float> ab0 = Avx.UnpackLow(a, b), ab1 = Avx.UnpackHigh(a, b), cd0 = Avx.UnpackLow(c, d), cd1 = Avx.UnpackHigh(c, d);
        Vector256<float> ef0 = Avx.UnpackLow(e, f), ef1 = Avx.UnpackHigh(e, f), gh0 = Avx.UnpackLow(g, h), gh1 = Avx.UnpackHigh(g, h);
        a = Avx.Shuffle(ab0, cd0, 0x44);
        b = Avx.Shuffle(ab0, cd0, 0xEE);
        c = Avx.Shuffle(ab1, cd1, 0x44);
        d = Avx.Shuffle(ab1, cd1, 0xEE);
        e = Avx.Shuffle(ef0, gh0, 0x44);
        f = Avx.Shuffle(ef0, gh0, 0xEE);
        g = Avx.Shuffle(ef1, gh1, 0x44);
        h = Avx.Shuffle(ef1, gh1, 0xEE);
        Avx.Permute2x128(a, e, 0x20).Store(y);
        Avx.Permute2x128(b, f, 0x20).Store(y + width);
        Avx.Permute2x128(c, g, 0x20).Store(y + 2 * width);
        Avx.Permute2x128(d, h, 0x20).Store(y + 3 * width);
        Avx.Permute2x128(a, e, 0x31).Store(y + 4 * width);
        Avx.Permute2x128(b, f, 0x31).Store(y + 5 * width);
        Avx.Permute2x128(c, g, 0x31).Store(y + 6 * width);
        Avx.Permute2x128(d, h, 0x31).Store(y + 7 * width);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Square4(float** x, int k, float* y, nint width)
    {
        Vector128<float> a = Vector128.Load(x[0] + k), b = Vector128.Load(x[1] + k), c = Vector128.Load(x[2] + k),
            d = Vector128.Load(x[3] + k);
        Vector128<float> ac0 = ZipLow(a, c), ac1 = ZipHigh(a, c), bd0 = ZipLow(b, d), bd1 = ZipHigh(b, d);
        ZipLow(ac0, bd0).Store(y);
        ZipHigh(ac0, bd0).Store(y + width);
        ZipLow(ac1, bd1).Store(y + 2 * width);
        ZipHigh(ac1, bd1).Store(y + 3 * width);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> ZipLow(Vector128<float> a, Vector128<float> b) =>
        Sse.IsSupported ? Sse.UnpackLow(a, b)
        : AdvSimd.Arm64.IsSupported ? AdvSimd.Arm64.ZipLow(a, b)
        : Vector128.Create(a[0], b[0], a[1], b[1]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> ZipHigh(Vector128<float> a, Vector128<float> b) =>
        Sse.IsSupported ? Sse.UnpackHigh(a, b)
        : AdvSimd.Arm64.IsSupported ? AdvSimd.Arm64.ZipHigh(a, b)
        : Vector128.Create(a[2], b[2], a[3], b[3]);
}
