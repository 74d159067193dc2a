namespace SeLoRA.Engine;

/// <summary>What an <see cref="UploadRing"/> needs of a driver: memory that it copies from in its own time, and marks in the order of its work.</summary>
internal interface IStaging
{
    /// <summary>Page-locked memory of the host.</summary>
    Span<byte> Memory { get; }

    /// <summary>How many marks there are.</summary>
    int Marks { get; }

    /// <summary>Queues the copy of a part of <see cref="Memory"/> to an address on the device.</summary>
    void Copy(int offset, int bytes, nint target);

    /// <summary>Puts mark <paramref name="index"/> behind all that is queued.</summary>
    void Mark(int index);

    /// <summary>Waits until all is done that was queued before the mark was put.</summary>
    void Await(int index);
}

/// <summary>
/// Uploads that wait for no earlier work: the bytes are copied into page-locked memory, which is used in a ring, and from there to the device
/// when its turn comes. A place in the ring is used again once the mark behind its copy is passed. One thread at a time.
/// </summary>
internal sealed class UploadRing(IStaging staging)
{
    private readonly long[] ends = new long[staging.Marks];

    // Positions count all bytes ever staged; a position modulo the size of the memory is its place there.
    private long next, passed;
    private int first, pending;

    /// <summary>Bytes of an upload, at most: with four places even uploads of that size need not wait for each other.</summary>
    public int Largest => staging.Memory.Length / 4;

    /// <summary>Queues an upload, after which <paramref name="source"/> may change; false if it is too large for the ring.</summary>
    public bool TryUpload(ReadOnlySpan<byte> source, nint target)
    {
        if (source.Length > Largest) return false;
        long start = MakeRoom(source.Length);
        int offset = (int)(start % staging.Memory.Length), mark = (first + pending) % ends.Length;
        source.CopyTo(staging.Memory[offset..]);
        staging.Copy(offset, source.Length, target);
        staging.Mark(mark);
        pending++;
        ends[mark] = next = start + source.Length;
        return true;
    }

    /// <summary>The position of a free place, in one piece, and a free mark.</summary>
    private long MakeRoom(int bytes)
    {
        int size = staging.Memory.Length;
        long start = (next + MemoryPool.Alignment - 1) / MemoryPool.Alignment * MemoryPool.Alignment;
        long left = size - start % size;
        if (left < bytes) start += left;
        while (pending > 0 && (pending == ends.Length || start + bytes - passed > size))
        {
            staging.Await(first);
            passed = ends[first];
            first = (first + 1) % ends.Length;
            pending--;
        }
        return start;
    }
}
