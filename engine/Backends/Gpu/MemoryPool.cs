using System.Numerics;

namespace SeLoRA.Engine;

/// <summary>Where a <see cref="MemoryPool"/> gets its segments from; the pool calls it only from <see cref="MemoryPool.Rent"/> and
/// <see cref="MemoryPool.ReleaseCached"/>, so only on a thread that may talk to the driver, and once it is closed from
/// <see cref="MemoryPool.Return"/>.</summary>
internal interface IMemorySource
{
    /// <summary>A driver allocation, or null when the device has no room.</summary>
    object? TryAllocate(long bytes);

    /// <summary>Hands an allocation back to the driver.</summary>
    void Release(object segment);

    /// <summary>Bytes the device could still give, for messages.</summary>
    long FreeBytes { get; }
}

/// <summary>
/// The caching pool of one GPU. It takes few large segments from the driver and cuts blocks from them: free blocks are kept in size
/// classes (eight to an octave), split when they are too large and merged with free neighbours, as in TLSF (Masmano et al., 2004), so a
/// step in steady state never calls the driver. Small and large requests live in separate segments, so that a forgotten scalar
/// cannot pin a large segment. A freed block may be handed out at once, because all work of a backend is queued on one stream.
/// <see cref="Return"/> may run on the finaliser thread: it takes the pool's own lock and never calls the driver.
/// </summary>
internal sealed class MemoryPool(string name, IMemorySource source)
{
    /// <summary>Every block starts at a multiple of this.</summary>
    public const long Alignment = 256;

    private const int ClassesPerOctave = 8, Octaves = 48;
    private const long SmallLimit = 1L << 20, SmallSegment = 16L << 20, LargeSegment = 64L << 20, LargeRounding = 2L << 20;

    private readonly Lock gate = new();
    private readonly Bins small = new(), large = new();
    private readonly Stack<Block> spare = new();
    private readonly List<Block> segments = [];
    private long inUse, reserved, peak;
    private bool closed;

    /// <summary>A run of bytes in one segment, linked to its neighbours in address order.</summary>
    internal sealed class Block
    {
        public object Segment = null!;
        public long Offset, Bytes;
        public bool IsFree, IsSmall;
        public Block? Before, After;          // neighbours in the segment
        public Block? FreeBefore, FreeAfter;  // neighbours in the free list of its class
    }

    /// <summary>Free lists by size class, and a bit per class that has a block.</summary>
    private sealed class Bins
    {
        public readonly Block?[] Heads = new Block?[Octaves * ClassesPerOctave];
        public readonly ulong[] Used = new ulong[Octaves * ClassesPerOctave / 64];
    }

    /// <summary>In use, reserved and peak bytes, counted in whole blocks.</summary>
    public MemoryStats Stats
    {
        get { lock (gate) return new MemoryStats(inUse, reserved, peak); }
    }

    /// <summary>Bytes the device could still give, for messages.</summary>
    public long FreeBytes => source.FreeBytes;

    /// <summary>Starts a new peak measurement.</summary>
    public void ResetPeak()
    {
        lock (gate) peak = inUse;
    }

    /// <summary>A block of at least <paramref name="bytes"/> bytes; an error that says what was asked and what is free otherwise.</summary>
    public Block Rent(long bytes)
    {
        if (TryRent(bytes, out Block? block)) return block!;
        // Tensors that were dropped without Dispose hold memory until their finalisers run.
        GC.Collect();
        GC.WaitForPendingFinalizers();
        ReleaseCached();
        if (TryRent(bytes, out block)) return block!;
        MemoryStats stats = Stats;
        return Check.Fail<Block>($"{name}: out of memory: {Mib(bytes)} asked for, {Mib(FreeBytes)} free on the device, "
            + $"{Mib(stats.InUse)} in use and {Mib(stats.Reserved - stats.InUse)} cached in pieces; "
            + "a smaller --batch or --size, --checkpoint-blocks or --no-graphs needs less");
    }

    /// <summary>Takes a block back.</summary>
    public void Return(Block block)
    {
        lock (gate)
        {
            inUse -= block.Bytes;
            if (block.After is { IsFree: true } after) Absorb(block, after);
            if (block.Before is { IsFree: true } before)
            {
                Unlink(before);
                before.Bytes += block.Bytes;
                before.After = block.After;
                if (block.After is not null) block.After.Before = before;
                Recycle(block);
                block = before;
            }
            Link(block);
            if (closed) ReleaseCached();
        }
    }

    /// <summary>Hands every segment back, at once or when the last block of it returns. The source must bear calls on any thread.</summary>
    public void Close()
    {
        lock (gate)
        {
            closed = true;
            ReleaseCached();
        }
    }

    /// <summary>Gives every segment without a block in use back to the driver.</summary>
    public void ReleaseCached()
    {
        lock (gate)
        {
            for (int i = segments.Count - 1; i >= 0; i--)
            {
                Block first = segments[i];
                if (!first.IsFree || first.After is not null) continue;
                Unlink(first);
                source.Release(first.Segment);
                reserved -= first.Bytes;
                segments.RemoveAt(i);
                Recycle(first);
            }
        }
    }

    /// <summary>Size that is asked for in place of <paramref name="bytes"/>: the smallest size of the next class, so that any block of a class fits.</summary>
    internal static long RoundUp(long bytes)
    {
        bytes = (bytes + Alignment - 1) / Alignment * Alignment;
        if (bytes < Alignment * ClassesPerOctave) return bytes;
        long step = 1L << (BitOperations.Log2((ulong)bytes) - 3);
        step = Math.Max(step, Alignment);
        return (bytes + step - 1) / step * step;
    }

    private static int ClassOf(long bytes)
    {
        int octave = BitOperations.Log2((ulong)bytes);
        return octave * ClassesPerOctave + (int)((bytes >> (octave - 3)) & 7);
    }

    /// <summary>A block if there is one, or room for it, now.</summary>
    public bool TryRent(long bytes, out Block? block)
    {
        long size = RoundUp(Math.Max(bytes, 1));
        lock (gate)
        {
            bool isSmall = size <= SmallLimit;
            block = Find(isSmall ? small : large, size) ?? Grow(size, isSmall);
            if (block is null) return false;
            Unlink(block);
            // A remainder below an eighth stays with the block: it could serve only much smaller requests, and merging costs nothing then.
            if (block.Bytes - size >= Math.Max(Alignment, isSmall ? Alignment : block.Bytes / 8)) Split(block, size);
            block.IsFree = false;
            inUse += block.Bytes;
            peak = Math.Max(peak, inUse);
            return true;
        }
    }

    private static Block? Find(Bins bins, long size)
    {
        int wanted = ClassOf(size);
        for (int word = wanted >> 6; word < bins.Used.Length; word++)
        {
            ulong used = bins.Used[word];
            if (word == wanted >> 6) used &= ulong.MaxValue << (wanted & 63);
            if (used != 0) return bins.Heads[(word << 6) + BitOperations.TrailingZeroCount(used)];
        }
        return null;
    }

    private Block? Grow(long size, bool isSmall)
    {
        long bytes = isSmall ? SmallSegment : Math.Max(LargeSegment, (size + LargeRounding - 1) / LargeRounding * LargeRounding);
        object? segment = source.TryAllocate(bytes);
        // Little is left: take no more than this request needs.
        if (segment is null && bytes > size) segment = source.TryAllocate(bytes = size);
        if (segment is null) return null;
        reserved += bytes;
        Block block = NewBlock(segment, 0, bytes, isSmall);
        segments.Add(block);
        Link(block);
        return block;
    }

    private void Split(Block block, long size)
    {
        Block rest = NewBlock(block.Segment, block.Offset + size, block.Bytes - size, block.IsSmall);
        block.Bytes = size;
        rest.After = block.After;
        rest.Before = block;
        if (rest.After is not null) rest.After.Before = rest;
        block.After = rest;
        Link(rest);
    }

    private void Absorb(Block block, Block after)
    {
        Unlink(after);
        block.Bytes += after.Bytes;
        block.After = after.After;
        if (after.After is not null) after.After.Before = block;
        Recycle(after);
    }

    private void Link(Block block)
    {
        Bins bins = block.IsSmall ? small : large;
        int at = ClassOf(block.Bytes);
        block.IsFree = true;
        block.FreeBefore = null;
        block.FreeAfter = bins.Heads[at];
        if (block.FreeAfter is not null) block.FreeAfter.FreeBefore = block;
        bins.Heads[at] = block;
        bins.Used[at >> 6] |= 1UL << (at & 63);
    }

    private void Unlink(Block block)
    {
        Bins bins = block.IsSmall ? small : large;
        int at = ClassOf(block.Bytes);
        if (block.FreeBefore is not null) block.FreeBefore.FreeAfter = block.FreeAfter;
        else bins.Heads[at] = block.FreeAfter;
        if (block.FreeAfter is not null) block.FreeAfter.FreeBefore = block.FreeBefore;
        if (bins.Heads[at] is null) bins.Used[at >> 6] &= ~(1UL << (at & 63));
        block.FreeBefore = block.FreeAfter = null;
        block.IsFree = false;
    }

    private Block NewBlock(object segment, long offset, long bytes, bool isSmall)
    {
        Block block = spare.TryPop(out Block? old) ? old : new Block();
        block.Segment = segment;
        block.Offset = offset;
        block.Bytes = bytes;
        block.IsSmall = isSmall;
        block.Before = block.After = null;
        return block;
    }

    private void Recycle(Block block)
    {
        block.Segment = null!;
        block.Before = block.After = null;
        spare.Push(block);
    }

    private static string Mib(long bytes) => $"{bytes / 1048576.0:0.#} MiB";
}
