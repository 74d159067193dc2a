using ILGPU.Runtime.Cuda;

namespace SeLoRA.Engine;

/// <summary>Page-locked memory and events of the CUDA driver; they live as long as the backend, which is never disposed.</summary>
internal sealed unsafe class CudaStaging : IStaging
{
    // Room for the batches of a step of several micro-batches, and events for their tensors.
    private const int Bytes = 16 << 20, Events = 128;

    private readonly CudaStream stream;
    private readonly nint memory;
    private readonly nint[] events = new nint[Events];

    private CudaStaging(CudaStream stream, nint memory)
    {
        this.stream = stream;
        this.memory = memory;
        // Times are not asked for, and cost.
        foreach (ref nint place in events.AsSpan())
            CudaException.ThrowIfFailed(CudaAPI.CurrentAPI.CreateEvent(out place, CudaEventFlags.CU_EVENT_DISABLE_TIMING));
    }

    /// <inheritdoc/>
    public Span<byte> Memory => new((void*)memory, Bytes);

    /// <inheritdoc/>
    public int Marks => Events;

    /// <summary>For uploads on a stream, whose device is current; null where the system has no memory to lock.</summary>
    public static CudaStaging? TryCreate(CudaStream stream) =>
        CudaAPI.CurrentAPI.AllocateHostMemory(out nint memory, Bytes) == CudaError.CUDA_SUCCESS ? new CudaStaging(stream, memory) : null;

    /// <inheritdoc/>
    public void Copy(int offset, int bytes, nint target) =>
        CudaException.ThrowIfFailed(CudaAPI.CurrentAPI.MemcpyAsync(target, memory + offset, bytes, stream));

    /// <inheritdoc/>
    public void Mark(int index) => CudaException.ThrowIfFailed(CudaAPI.CurrentAPI.RecordEvent(events[index], stream.StreamPtr));

    /// <inheritdoc/>
    public void Await(int index) => CudaException.ThrowIfFailed(CudaAPI.CurrentAPI.SynchronizeEvent(events[index]));
}
