using ILGPU.Runtime.Cuda;

namespace SeLoRA.Engine;

/// <summary>Bookkeeping of asynchronous copies from global to shared memory; the tiles ask for them.</summary>
internal static class CpAsync
{
    /// <summary>Ends a slice: what this thread has asked for since the last one.</summary>
    public static void CommitSlice() => CudaAsm.Emit("cp.async.commit_group;");

    /// <summary>Waits for everything.</summary>
    public static void AwaitAll() => CudaAsm.Emit("cp.async.wait_all;");
}
