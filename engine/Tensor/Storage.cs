namespace SeLoRA.Engine;

/// <summary>
/// Reference-counted device memory. Created with one reference; the last <see cref="Release"/> hands the block back to its device's
/// pool. Any thread may retain and release. A storage that is lost without a release is returned by its finaliser, so an exception never leaks device memory for good.
/// </summary>
public abstract class Storage
{
    private int references = 1;

    /// <summary>Memory of <paramref name="bytes"/> bytes on <paramref name="backend"/>'s device.</summary>
    protected Storage(IBackend backend, long bytes)
    {
        Backend = backend;
        Bytes = bytes;
    }

    /// <summary>Returns lost memory to the pool.</summary>
    ~Storage()
    {
        if (Volatile.Read(ref references) > 0) Free();
    }

    /// <summary>The backend that owns the memory.</summary>
    public IBackend Backend { get; }

    /// <summary>Usable size in bytes.</summary>
    public long Bytes { get; }

    /// <summary>True while exactly one tensor or saved reference holds the memory, so that it may be overwritten.</summary>
    public bool IsUnique => References == 1;

    /// <summary>How many hold the memory.</summary>
    private protected int References => Volatile.Read(ref references);

    /// <summary>Adds a reference; an error where the last one was dropped already.</summary>
    public Storage Retain()
    {
        if (!TryRetain()) Check.Fail("Storage: used after its last tensor was disposed");
        return this;
    }

    /// <summary>Adds a reference unless the last one was dropped already.</summary>
    internal bool TryRetain()
    {
        int now = Volatile.Read(ref references);
        while (now > 0)
        {
            int before = Interlocked.CompareExchange(ref references, now + 1, now);
            if (before == now) return true;
            now = before;
        }
        return false;
    }

    /// <summary>Drops a reference; the last one frees the memory.</summary>
    public void Release()
    {
        int left = Interlocked.Decrement(ref references);
        if (left < 0) Check.Fail("Storage: released more often than retained");
        if (left > 0) return;
#pragma warning disable CA1816 // Release is this class's Dispose: after it the finaliser has nothing to return.
        GC.SuppressFinalize(this);
#pragma warning restore CA1816
        Free();
    }

    /// <summary>Hands the block back to the pool. May run on the finaliser thread: must not call the device driver.</summary>
    protected abstract void Free();
}
