using System.Runtime.InteropServices;

namespace SeLoRA.Engine;

/// <summary>
/// Pages of 2 MB for tensors, where the system gives them to those who ask (Linux, <c>transparent_hugepage</c> set to madvise or always).
/// A matrix product walks weights with strides of many small pages and misses the translation buffer at every one; and the first
/// touch of a small page costs a fault each 4 KB.
/// </summary>
internal static unsafe partial class HugePages
{
    /// <summary>Size and alignment of a page.</summary>
    public const long Bytes = 2L << 20;

    private const int AdviseHugePage = 14;

    private static bool supported = OperatingSystem.IsLinux();

    /// <summary>Asks for large pages in an aligned run of whole ones. A refusal changes nothing.</summary>
    public static void Ask(byte* start, long bytes)
    {
        if (!supported) return;
        try
        {
            _ = Advise(start, (nuint)bytes, AdviseHugePage);
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException)
        {
            supported = false;
        }
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(void* address, nuint length, int advice);
}
