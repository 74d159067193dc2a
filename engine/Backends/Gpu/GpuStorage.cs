using ILGPU;

namespace SeLoRA.Engine;

/// <summary>A tensor's block of a GPU's pool: a slice of one of the driver's allocations.</summary>
internal sealed class GpuStorage(GpuBackend backend, MemoryPool pool, MemoryPool.Block block, ArrayView<byte> bytes)
    : Storage(backend, bytes.Length)
{
    /// <summary>The slice.</summary>
    public ArrayView<byte> View { get; } = bytes;

    /// <summary>The backend's pool, or that of a <see cref="RecordedStep"/>.</summary>
    public MemoryPool Pool => pool;

    /// <inheritdoc/>
    protected override void Free() => pool.Return(block);
}
