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
