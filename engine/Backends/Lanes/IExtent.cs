using System.Runtime.CompilerServices;

namespace SeLoRA.Engine;

/// <summary>
/// How a loop moves a vector: <see cref="Whole"/>, the <see cref="Part"/> that is left of a row, or whole and <see cref="Streamed"/>. As a
/// type argument it costs nothing in the loop; a test at every load would keep the sums around it out of registers.
/// </summary>
internal unsafe interface IExtent
{
    /// <summary>The first <paramref name="left"/> lanes, or all, from p; the others zero.</summary>
    static abstract T Load<T>(float* p, int left) where T : struct, IVectorLane<T>;

    /// <summary>Stores the first <paramref name="left"/> lanes, or all.</summary>
    static abstract void Store<T>(float* p, T x, int left) where T : struct, IVectorLane<T>;
}

/// <summary>All lanes.</summary>
internal readonly unsafe struct Whole : IExtent
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Load<T>(float* p, int left) where T : struct, IVectorLane<T> => T.Load(p);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store<T>(float* p, T x, int left) where T : struct, IVectorLane<T> => T.Store(p, x);
}

/// <summary>The first lanes.</summary>
internal readonly unsafe struct Part : IExtent
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Load<T>(float* p, int left) where T : struct, IVectorLane<T> => T.LoadPart(p, left, T.Of(0f));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store<T>(float* p, T x, int left) where T : struct, IVectorLane<T> => T.StorePart(p, x, left);
}

/// <summary>
/// All lanes, stored past the caches: a result that is larger than they are would be read before it is written and push out what is still
/// needed. The interlocked operation that ends a thread's part of a parallel loop also orders these stores.
/// </summary>
internal readonly unsafe struct Streamed : IExtent
{
    // Half of a usual last-level cache.
    private const long LeastBytes = 16 << 20;

    /// <summary>Whether a result of <paramref name="count"/> floats at y, in rows of <paramref name="c"/>, is one for these stores.</summary>
    public static bool Suits<T>(float* y, long count, int c) where T : struct, IVectorLane<T> =>
        count * sizeof(float) >= LeastBytes && c % T.Width == 0 && (nuint)y % (nuint)(T.Width * sizeof(float)) == 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Load<T>(float* p, int left) where T : struct, IVectorLane<T> => T.Load(p);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store<T>(float* p, T x, int left) where T : struct, IVectorLane<T> => T.StoreStreaming(p, x);
}
