using ILGPU.Runtime.Cuda;

namespace SeLoRA.Engine;

/// <summary>Copies from global to shared memory that bypass registers and run beside the thread.</summary>
internal static class CpAsync
{
    /// <summary>Copies 16 bytes, of which only the first <paramref name="validBytes"/> are read; the rest become zero.</summary>
    public static void Copy16(int sharedOffset, long globalAddress, int validBytes) => CudaAsm.Emit(
        "{ .reg .b32 to; add.u32 to, tcBase, %0; cp.async.cg.shared.global [to], [%1], 16, %2; }",
        sharedOffset, globalAddress, validBytes);

    /// <summary>Ends a slice: what this thread has asked for since the last one.</summary>
    public static void CommitSlice() => CudaAsm.Emit("cp.async.commit_group;");

    /// <summary>Waits for everything.</summary>
    public static void AwaitAll() => CudaAsm.Emit("cp.async.wait_all;");
}
