namespace SeLoRA.Engine;

/// <summary>Host memory of one tensor: a native block, so that the collector never moves or scans it.</summary>
internal sealed unsafe class HostStorage(HostBackend backend, HostMemory pool, byte* pointer, long bytes) : Storage(backend, bytes)
{
    /// <summary>First byte, aligned to 64.</summary>
    public byte* Pointer { get; } = pointer;

    /// <inheritdoc/>
    protected override void Free() => pool.Return(Pointer, Bytes);
}

/// <summary>
/// The host's caching pool. Blocks are as large as they are asked for, and freed ones are cut and joined again, so a training step in
/// steady state asks the system for nothing and little lies idle. Small blocks have segments of their own: a forgotten scalar
/// must not split what a large tensor needs. All methods may be called from any thread, finaliser included.
/// </summary>
internal sealed unsafe class HostMemory(long limitBytes)
{
    private const int Alignment = 64;
    private const long SmallBytes = 64 << 10, SmallSegment = 8L << 20, LargeSegment = 256L << 20;

    private readonly Lock gate = new();
    private readonly HostArena small = new(SmallSegment), large = new(LargeSegment);
    private long inUse, peak;

    /// <summary>In use, reserved and peak bytes, counted in whole blocks.</summary>
    public MemoryStats Stats
    {
        get { lock (gate) return new MemoryStats(inUse, small.Reserved + large.Reserved, peak); }
    }

    /// <summary>Starts a new peak measurement.</summary>
    public void ResetPeak()
    {
        lock (gate) peak = inUse;
    }

    /// <summary>A block of at least <paramref name="bytes"/> bytes with undefined contents, aligned to 64.</summary>
    public byte* Rent(long bytes)
    {
        long size = SizeOf(bytes);
        if (TryRent(size, out byte* block)) return block;
        // Tensors that were dropped without Dispose hold memory until their finalisers run.
        GC.Collect();
        GC.WaitForPendingFinalizers();
        ReleaseCached();
        if (TryRent(size, out block)) return block;
        MemoryStats stats = Stats;
        return (byte*)Check.Fail<nint>($"host memory: out of memory, asked for {Mb(bytes)}, in use {Mb(stats.InUse)}, "
            + $"reserved {Mb(stats.Reserved)} of {Mb(limitBytes)}; a smaller batch, image size or gradient checkpointing needs less");
    }

    /// <summary>Takes a block back into the cache.</summary>
    public void Return(byte* block, long bytes)
    {
        long size = SizeOf(bytes);
        lock (gate)
        {
            inUse -= size;
            ArenaOf(size).Return(block, size);
        }
    }

    /// <summary>Gives cached segments back to the system.</summary>
    public void ReleaseCached()
    {
        lock (gate)
        {
            small.ReleaseCached();
            large.ReleaseCached();
        }
    }

    private static long SizeOf(long bytes) => Math.Max(Alignment, (bytes + Alignment - 1) / Alignment * Alignment);

    private HostArena ArenaOf(long size) => size <= SmallBytes ? small : large;

    private bool TryRent(long size, out byte* block)
    {
        lock (gate)
        {
            HostArena arena = ArenaOf(size), other = arena == small ? large : small;
            // Linux hands out more than it has and kills the process later: refuse before that.
            if (!arena.TryReuse(size, out block) && !arena.TryGrow(size, limitBytes - other.Reserved, out block)) return false;
            inUse += size;
            peak = Math.Max(peak, inUse);
            return true;
        }
    }

    private static string Mb(long bytes) => $"{bytes / 1048576.0:0.#} MB";
}

/// <summary>Working memory of one host operation, from the pool.</summary>
internal readonly unsafe ref struct HostScratch(HostMemory pool, long bytes)
{
    private readonly byte* block = pool.Rent(bytes);

    /// <summary>As floats, undefined contents.</summary>
    public float* Floats => (float*)block;

    /// <summary>As doubles, undefined contents.</summary>
    public double* Doubles => (double*)block;

    /// <summary>Hands the memory back.</summary>
    public void Dispose() => pool.Return(block, bytes);
}
