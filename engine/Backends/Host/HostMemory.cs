using System.Numerics;
using System.Runtime.InteropServices;

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
/// The host's caching pool. Blocks are rounded up to size classes (eight to an octave: at most an eighth is wasted) and a freed block
/// waits for the next request of its class, so a training step in steady state asks the system for nothing. All methods may be
/// called from any thread, finaliser included.
/// </summary>
internal sealed unsafe class HostMemory(long limitBytes)
{
    private const int Alignment = 64;

    private readonly Lock gate = new();
    private readonly Dictionary<long, Stack<nint>> cached = [];
    private long inUse, reserved, peak;

    /// <summary>In use, reserved and peak bytes, counted in whole blocks.</summary>
    public MemoryStats Stats
    {
        get { lock (gate) return new MemoryStats(inUse, reserved, peak); }
    }

    /// <summary>Starts a new peak measurement.</summary>
    public void ResetPeak()
    {
        lock (gate) peak = inUse;
    }

    /// <summary>Block size that serves a request: the next multiple of an eighth of the power of two below it.</summary>
    public static long ClassOf(long bytes)
    {
        if (bytes <= 8 * Alignment) return (bytes + Alignment - 1) / Alignment * Alignment;
        long step = 1L << (BitOperations.Log2((ulong)(bytes - 1)) - 3);
        return (bytes + step - 1) / step * step;
    }

    /// <summary>A block of at least <paramref name="bytes"/> bytes with undefined contents.</summary>
    public byte* Rent(long bytes)
    {
        long size = ClassOf(bytes);
        if (TryRent(size, bytes, out byte* block)) return block;
        // Tensors that were dropped without Dispose hold memory until their finalisers run.
        GC.Collect();
        GC.WaitForPendingFinalizers();
        ReleaseCached();
        if (TryRent(size, bytes, out block)) return block;
        MemoryStats stats = Stats;
        return (byte*)Check.Fail<nint>($"host memory: out of memory, asked for {Mb(bytes)}, in use {Mb(stats.InUse)}, "
            + $"reserved {Mb(stats.Reserved)} of {Mb(limitBytes)}; a smaller batch, image size or gradient checkpointing needs less");
    }

    /// <summary>Takes a block back into the cache.</summary>
    public void Return(byte* block, long bytes)
    {
        long size = ClassOf(bytes);
        lock (gate)
        {
            inUse -= size;
            if (!cached.TryGetValue(size, out Stack<nint>? blocks)) cached[size] = blocks = new Stack<nint>();
            blocks.Push((nint)block);
        }
    }

    /// <summary>Gives every cached block back to the system.</summary>
    public void ReleaseCached()
    {
        lock (gate)
        {
            foreach ((long size, Stack<nint> blocks) in cached)
            {
                reserved -= size * blocks.Count;
                while (blocks.TryPop(out nint block)) NativeMemory.AlignedFree((void*)block);
            }
        }
    }

    private bool TryRent(long size, long bytes, out byte* block)
    {
        lock (gate)
        {
            if (cached.TryGetValue(size, out Stack<nint>? blocks) && blocks.TryPop(out nint free))
            {
                block = (byte*)free;
            }
            else
            {
                block = null;
                // Linux hands out more than it has and kills the process later: refuse before that.
                if (reserved + size > limitBytes) return false;
                try
                {
                    long alignment = size < HugePages.Bytes ? Alignment : HugePages.Bytes;
                    block = (byte*)NativeMemory.AlignedAlloc((nuint)size, (nuint)alignment);
                }
                catch (OutOfMemoryException)
                {
                    return false;
                }
                reserved += size;
                HugePages.Ask(block, bytes);
            }
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
