using ILGPU;
using ILGPU.Runtime;

namespace SeLoRA.Engine;

/// <summary>
/// What a backend notes while a step is recorded: the memory that the step takes, which comes from a pool of its own, so that nobody else
/// gets those addresses; the storages outside of it that it reads and writes; and, where the driver records nothing itself, every call in place
/// of making it.
/// </summary>
internal sealed class Recorder : IDisposable
{
    private readonly GpuBackend backend;
    private readonly MemoryPool pool;
    private readonly HashSet<GpuStorage> outside = [];
    private readonly List<RecordedCall>? calls;

    /// <param name="backend">The backend.</param>
    /// <param name="backing">Its pool, of which the step's own is cut.</param>
    /// <param name="keepsCalls">Keep the calls, to make them afterwards and again.</param>
    public Recorder(GpuBackend backend, MemoryPool backing, bool keepsCalls)
    {
        this.backend = backend;
        pool = new MemoryPool($"{backend.Device}, a recorded step", new PoolMemory(backing));
        if (keepsCalls) calls = [];
    }

    /// <summary>Kernels launched.</summary>
    public long Launches { get; private set; }

    /// <summary>Bytes that the step took from the backend's pool.</summary>
    public long ReservedBytes => pool.Stats.Reserved;

    /// <summary>False once a storage that the step uses has no holder left but recordings: its owner has another one now.</summary>
    public bool IsCurrent
    {
        get
        {
            foreach (GpuStorage storage in outside)
                if (storage.IsLeftToRecordings) return false;
            return true;
        }
    }

    /// <summary>Memory of the step's own pool.</summary>
    public GpuStorage Allocate(long bytes)
    {
        MemoryPool.Block block = pool.Rent(bytes);
        return new GpuStorage(backend, pool, block, PoolMemory.Slice(block, bytes));
    }

    /// <summary>Keeps what the step uses from being freed.</summary>
    public void Uses(GpuStorage storage)
    {
        if (storage.Pool != pool && outside.Add(storage)) storage.RetainForRecording();
    }

    /// <summary>Notes the launch of a kernel.</summary>
    /// <returns>True if the call is made by <see cref="Repeat"/>, and not to be made now.</returns>
    public bool NotesLaunch<TArgs>(Action<AcceleratorStream, KernelConfig, TArgs> launch, KernelConfig config, in TArgs args) where TArgs : struct
    {
        Launches++;
        if (calls is null) return false;
        calls.Add(new KernelCall<TArgs>(launch, config, args));
        return true;
    }

    /// <summary>Notes that memory is copied.</summary>
    /// <inheritdoc cref="NotesLaunch" path="/returns"/>
    public bool NotesCopy(ArrayView<byte> source, ArrayView<byte> target)
    {
        calls?.Add(new CopyCall(source, target));
        return calls is not null;
    }

    /// <summary>Notes that memory is set to zero.</summary>
    /// <inheritdoc cref="NotesLaunch" path="/returns"/>
    public bool NotesZero(ArrayView<byte> target)
    {
        calls?.Add(new ZeroCall(target));
        return calls is not null;
    }

    /// <summary>Refuses what cannot be done again from a recording.</summary>
    public void Refuse(string what) => Check.Fail($"{backend.Device}: a step that {what} cannot be recorded");

    /// <summary>Makes the calls that were kept.</summary>
    public void Repeat()
    {
        foreach (RecordedCall call in calls!) call.Run(backend.Stream);
    }

    /// <summary>Hands the memory back; what is still held of it follows when it is let go.</summary>
    public void Dispose()
    {
        foreach (GpuStorage storage in outside) storage.ReleaseFromRecording();
        outside.Clear();
        pool.Close();
    }

    private abstract class RecordedCall
    {
        public abstract void Run(AcceleratorStream stream);
    }

    private sealed class KernelCall<TArgs>(Action<AcceleratorStream, KernelConfig, TArgs> launch, KernelConfig config, TArgs args) : RecordedCall
        where TArgs : struct
    {
        public override void Run(AcceleratorStream stream) => launch(stream, config, args);
    }

    private sealed class CopyCall(ArrayView<byte> source, ArrayView<byte> target) : RecordedCall
    {
        public override void Run(AcceleratorStream stream) => source.CopyTo(stream, target);
    }

    private sealed class ZeroCall(ArrayView<byte> target) : RecordedCall
    {
        public override void Run(AcceleratorStream stream) => target.MemSetToZero(stream);
    }

    /// <summary>Segments that are blocks of the backend's pool: neither taking nor returning them asks the driver while that has room.</summary>
    private sealed class PoolMemory(MemoryPool backing) : IMemorySource
    {
        public long FreeBytes => backing.FreeBytes;

        // The step's pool is locked meanwhile, and must not wait for finalisers, which give back to it.
        public object? TryAllocate(long bytes)
        {
            if (backing.TryRent(bytes, out MemoryPool.Block? block)) return block;
            backing.ReleaseCached();
            return backing.TryRent(bytes, out block) ? block : null;
        }

        public void Release(object segment) => backing.Return((MemoryPool.Block)segment);

        public static ArrayView<byte> Slice(MemoryPool.Block block, long bytes) =>
            GpuBackend.Slice((MemoryPool.Block)block.Segment, block.Offset, bytes);
    }
}
