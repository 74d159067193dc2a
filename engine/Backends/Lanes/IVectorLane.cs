using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace SeLoRA.Engine;

/// <summary>A lane that the host's loops move through memory: a SIMD vector of floats.</summary>
/// <typeparam name="T">The implementing struct.</typeparam>
internal unsafe interface IVectorLane<T> : ILane<T> where T : struct, IVectorLane<T>
{
    /// <summary>Floats in one vector.</summary>
    static abstract int Width { get; }

    /// <summary>Width floats from p, which need not be aligned.</summary>
    static abstract T Load(float* p);

    /// <summary>Stores all lanes at p.</summary>
    static abstract void Store(float* p, T x);

    /// <summary>Stores all lanes at p, a multiple of the vector's size, past the caches.</summary>
    static abstract void StoreStreaming(float* p, T x);

    /// <summary>The first <paramref name="count"/> lanes from p, the others of <paramref name="rest"/>; nothing beyond p + count is read.</summary>
    static abstract T LoadPart(float* p, int count, T rest);

    /// <summary>Stores the first <paramref name="count"/> lanes at p.</summary>
    static abstract void StorePart(float* p, T x, int count);

    /// <summary>a b + c, fused where the machine has it.</summary>
    static abstract T MulAdd(T a, T b, T c);

    /// <summary>Smaller of two; NaN if a is.</summary>
    static abstract T Min(T a, T b);

    /// <summary>Sum of all lanes.</summary>
    static abstract float Sum(T x);

    /// <summary>
    /// 2^n for an integer n in -126..127 given as the float n + <see cref="VectorMath.Shift"/>; 0 for n = -127, infinite for n = 128.
    /// </summary>
    static abstract T PowerOfTwo(T shifted);
}

/// <summary>What vector lanes share: partial loads and the exponential.</summary>
internal static unsafe class VectorMath
{
    /// <summary>1.5 2^23: adding it to |n| below 2^22 rounds to an integer and leaves n in the low bits.</summary>
    public const float Shift = 12582912f;

    /// <summary>
    /// e^x. x = n ln 2 + r, |r| at most ln 2 / 2; e^r by Cephes' polynomial for expf (S. Moshier), degree 7 with a leading 1 + r, its
    /// inner part in pairs (Estrin), since the chain of dependent steps is what takes the time. Clamping x makes 2^n zero (n = -127)
    /// below -87.69, infinite (n = 128) above 88.38; between -87.69 and -87.34 results are denormal. NaN stays NaN. Within 1.01 ulp
    /// at every width, with and without fused multiply-adds (LaneTests: every 997th float from -87.3 to 88.37).
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Exp<T>(T x) where T : struct, IVectorLane<T>
    {
        x = T.Min(T.Max(x, T.Of(-88f)), T.Of(88.7f));
        T shifted = T.MulAdd(x, T.Of(1.44269504f), T.Of(Shift));
        T n = shifted - T.Of(Shift);
        // ln 2 in two parts, the first with so few bits that n times it is exact.
        T r = T.MulAdd(n, T.Of(-0.693359375f), x);
        r = T.MulAdd(n, T.Of(2.12194440e-4f), r);
        T r2 = r * r;
        T high = T.MulAdd(T.Of(1.9875691500e-4f), r, T.Of(1.3981999507e-3f));
        T middle = T.MulAdd(T.Of(8.3334519073e-3f), r, T.Of(4.1665795894e-2f));
        T low = T.MulAdd(T.Of(1.6666665459e-1f), r, T.Of(5.0000001201e-1f));
        T p = T.MulAdd(T.MulAdd(high, r2, middle), r2, low);
        return (T.MulAdd(p, r2, r) + T.Of(1f)) * T.PowerOfTwo(shifted);
    }

    /// <summary>One vector of a row of which <paramref name="left"/> elements are left: lanes beyond it are <paramref name="rest"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Load<T>(float* p, long left, float rest = 0f) where T : struct, IVectorLane<T> =>
        left >= T.Width ? T.Load(p) : LoadPart<T>(p, left, rest);

    /// <summary>Stores one vector of a row of which <paramref name="left"/> elements are left.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store<T>(float* p, T x, long left) where T : struct, IVectorLane<T>
    {
        if (left >= T.Width) T.Store(p, x);
        else StorePart(p, x, left);
    }

    /// <summary>Largest lane; NaN if one is.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float MaxAcross<T>(T x) where T : struct, IVectorLane<T>
    {
        Unsafe.SkipInit(out Vector512<float> lanes);
        float* all = (float*)&lanes;
        T.Store(all, x);
        Vector128<float> max = Vector128.Load(all);
        for (int i = 4; i < T.Width; i += 4) max = Vector128.Max(max, Vector128.Load(all + i));
        max = Vector128.Max(max, Vector128.Shuffle(max, Vector128.Create(2, 3, 0, 1)));
        return Vector128.Max(max, Vector128.Shuffle(max, Vector128.Create(1, 0, 3, 2)))[0];
    }

    /// <summary>The first <paramref name="count"/> lanes from p, the others <paramref name="rest"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T LoadPart<T>(float* p, long count, float rest = 0f) where T : struct, IVectorLane<T> => T.LoadPart(p, (int)count, T.Of(rest));

    /// <summary>Stores the first <paramref name="count"/> lanes at p.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StorePart<T>(float* p, T x, long count) where T : struct, IVectorLane<T> => T.StorePart(p, x, (int)count);

    /// <summary><see cref="IVectorLane{T}.LoadPart"/> where the machine has no masked load.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static T LoadPartUnmasked<T>(float* p, int count, T rest) where T : struct, IVectorLane<T>
    {
        float* all = stackalloc float[16];
        T.Store(all, rest);
        for (int i = 0; i < count; i++) all[i] = p[i];
        return T.Load(all);
    }

    /// <summary><see cref="IVectorLane{T}.StorePart"/> where the machine has no masked store.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void StorePartUnmasked<T>(float* p, T x, int count) where T : struct, IVectorLane<T>
    {
        float* all = stackalloc float[16];
        T.Store(all, x);
        for (int i = 0; i < count; i++) p[i] = all[i];
    }
}

/// <summary>A parallel loop's body over a range of indices, written for any vector width.</summary>
internal interface IVectorBody
{
    /// <summary>Does indices begin to end - 1.</summary>
    void Run<T>(long begin, long end) where T : struct, IVectorLane<T>;
}

/// <summary>Parallel loops at the widest vector this machine computes with.</summary>
internal static class VectorFor
{
    /// <summary>As <see cref="ParallelFor.Range"/>.</summary>
    public static void Range<TBody>(long count, long grain, TBody body) where TBody : unmanaged, IVectorBody
    {
        if (Vector512.IsHardwareAccelerated) ParallelFor.Range(count, grain, new AtWidth<F32x16, TBody>(body));
        else if (Vector256.IsHardwareAccelerated) ParallelFor.Range(count, grain, new AtWidth<F32x8, TBody>(body));
        else ParallelFor.Range(count, grain, new AtWidth<F32x4, TBody>(body));
    }

    private readonly struct AtWidth<T, TBody>(TBody body) : IRangeBody
        where T : unmanaged, IVectorLane<T> where TBody : unmanaged, IVectorBody
    {
        private readonly TBody body = body;

        public void Run(long begin, long end) => body.Run<T>(begin, end);
    }
}
