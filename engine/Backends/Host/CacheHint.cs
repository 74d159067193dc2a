using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace SeLoRA.Engine;

/// <summary>Tells the processor what will be read soon. It changes no result and does nothing on processors without the instruction.</summary>
internal static unsafe class CacheHint
{
    /// <summary>Floats of a cache line.</summary>
    public const int Line = 16;

    /// <summary>Asks for the lines of <paramref name="count"/> floats from p on, into the second-level cache: for what is used after other work.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void FetchFar(float* p, int count)
    {
        if (!Sse.IsSupported) return;
        for (int i = 0; i < count; i += Line) Sse.Prefetch1(p + i);
    }

    /// <summary>Asks for the lines of <paramref name="count"/> floats from p on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Fetch(float* p, int count)
    {
        if (!Sse.IsSupported) return;
        for (int i = 0; i < count; i += Line) Sse.Prefetch0(p + i);
    }
}

/// <summary>
/// Walks through the rows that follow those at hand, in the order in which they lie in memory, while a loop that takes several rows together
/// walks through columns: offsets for <see cref="CacheHint"/>. Without it such a loop reads as many streams as rows, and the processor
/// fetches less ahead.
/// </summary>
/// <param name="rows">Rows at hand.</param>
/// <param name="width">Floats used of a row.</param>
/// <param name="stride">Floats from a row to the next.</param>
internal struct RowsAhead(int rows, int width, int stride)
{
    private long next = (long)rows * stride, end = (long)rows * stride + width;

    /// <summary>Offset from the first row at hand, and <paramref name="step"/> floats on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public long Next(int step)
    {
        long at = next;
        next += step;
        if (next >= end)
        {
            next += stride - width;
            end += stride;
        }
        return at;
    }
}
