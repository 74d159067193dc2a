using ILGPU;

namespace SeLoRA.Engine;

/// <summary>Index arithmetic of kernels.</summary>
internal static class Flat
{
    /// <summary>This thread's number over all groups.</summary>
    public static long Index => (long)Grid.IdxX * Group.DimX + Group.IdxX;

    /// <summary>a / b for a not negative: the 64-bit division, some hundred instructions, only where it is needed.</summary>
    public static long Divide(long a, long b) => (a | b) >> 31 == 0 ? (long)((uint)a / (uint)b) : a / b;
}
