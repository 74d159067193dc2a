using System.Runtime.InteropServices;

namespace SeLoRA.Engine;

/// <summary>Working memory of the calling thread: native, grown to the largest request, kept between calls. One user at a time.</summary>
internal sealed unsafe class ThreadScratch
{
    private const int Alignment = 64;

    [ThreadStatic] private static ThreadScratch? mine;

    private byte* block;
    private long size;

    ~ThreadScratch() => NativeMemory.AlignedFree(block);

    /// <summary>At least <paramref name="bytes"/> bytes, aligned to 64, with undefined contents.</summary>
    public static byte* Bytes(long bytes)
    {
        ThreadScratch scratch = mine ??= new ThreadScratch();
        if (scratch.size < bytes)
        {
            NativeMemory.AlignedFree(scratch.block);
            scratch.block = null;
            scratch.size = 0;
            scratch.block = (byte*)NativeMemory.AlignedAlloc((nuint)bytes, Alignment);
            scratch.size = bytes;
        }
        return scratch.block;
    }

    /// <summary>Rounds a number of bytes up, so that what follows is aligned too.</summary>
    public static long Aligned(long bytes) => (bytes + Alignment - 1) / Alignment * Alignment;
}
