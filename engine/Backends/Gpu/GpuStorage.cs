using ILGPU;

namespace SeLoRA.Engine;

/// <summary>A tensor's block of a GPU's pool: a slice of one of the driver's allocations.</summary>
internal sealed class GpuStorage(GpuBackend backend, MemoryPool pool, MemoryPool.Block block, ArrayView<byte> bytes)
    : Storage(backend, bytes.Length)
{
    private int recordings;

    /// <summary>The slice.</summary>
    public ArrayView<byte> View { get; } = bytes;

    /// <summary>The backend's pool, or that of a <see cref="RecordedStep"/>.</summary>
    public MemoryPool Pool => pool;

    /// <summary>True while nobody but recorded steps, of which several may use it, holds the memory.</summary>
    public bool IsLeftToRecordings => References == recordings;

    /// <summary>Adds a recorded step's reference; under the backend's lock.</summary>
    public void RetainForRecording()
    {
        Retain();
        recordings++;
    }

    /// <summary>Drops a recorded step's reference; under the backend's lock.</summary>
    public void ReleaseFromRecording()
    {
        recordings--;
        Release();
    }

    /// <inheritdoc/>
    protected override void Free() => pool.Return(block);
}
