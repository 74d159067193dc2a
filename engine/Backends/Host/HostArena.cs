using System.Runtime.InteropServices;

namespace SeLoRA.Engine;

/// <summary>
/// Memory cut from large segments. Free ranges stand in one array in order of address, so that neighbours merge, and the smallest range
/// that is large enough serves a request: some tens of ranges in a training step, looked through faster than a tree of them is kept.
/// What a segment never gave out was never touched, hence takes no memory: segments may be much larger than what is needed.
/// Not safe for several threads.
/// </summary>
internal sealed unsafe class HostArena(long segmentBytes)
{
    private readonly List<Segment> segments = [];
    private Range[] free = new Range[64];
    private int count;

    /// <summary>Bytes that were given out at least once and not handed back to the system.</summary>
    public long Reserved { get; private set; }

    /// <summary>A block of <paramref name="bytes"/> bytes if one is free.</summary>
    public bool TryReuse(long bytes, out byte* block)
    {
        int best = -1;
        for (int i = 0; i < count; i++)
            if (free[i].Bytes >= bytes && (best < 0 || free[i].Bytes < free[best].Bytes)) best = i;
        block = best < 0 ? null : free[best].Start;
        if (best >= 0) Cut(best, bytes);
        return best >= 0;
    }

    /// <summary>
    /// A block that reaches into memory not used before, <see cref="Reserved"/> growing to <paramref name="limit"/> at most; false where
    /// it would exceed that or the system has none.
    /// </summary>
    public bool TryGrow(long bytes, long limit, out byte* block)
    {
        foreach (Segment segment in segments)
            if (TryExtend(segment, bytes, limit, out block)) return true;
        block = null;
        if (Reserved + bytes > limit || !TryAddSegment(bytes, out Segment? added)) return false;
        return TryExtend(added!, bytes, limit, out block);
    }

    /// <summary>Takes a block back.</summary>
    public void Return(byte* block, long bytes)
    {
        int at = FirstAfter(block);
        bool joinsBefore = at > 0 && free[at - 1].End == block, joinsAfter = at < count && free[at].Start == block + bytes;
        if (joinsBefore)
        {
            free[at - 1].Bytes += bytes;
            if (!joinsAfter) return;
            free[at - 1].Bytes += free[at].Bytes;
            RemoveAt(at);
        }
        else if (joinsAfter)
        {
            free[at].Start = block;
            free[at].Bytes += bytes;
        }
        else
        {
            Insert(at, new Range { Start = block, Bytes = bytes });
        }
    }

    /// <summary>Gives every segment without a block in use back to the system.</summary>
    public void ReleaseCached()
    {
        for (int i = segments.Count - 1; i >= 0; i--)
        {
            Segment segment = segments[i];
            int at = FirstAfter(segment.Start) - 1;
            if (at < 0 || free[at].End < segment.Top) continue;
            // The system may put segments side by side: then a range can reach beyond this one.
            Range range = free[at];
            RemoveAt(at);
            if (range.End > segment.Top) Insert(at, new Range { Start = segment.Top, Bytes = range.End - segment.Top });
            if (range.Start < segment.Start) Insert(at, new Range { Start = range.Start, Bytes = segment.Start - range.Start });
            Reserved -= segment.Top - segment.Start;
            NativeMemory.AlignedFree(segment.Start);
            segments.RemoveAt(i);
        }
    }

    private bool TryExtend(Segment segment, long bytes, long limit, out byte* block)
    {
        // A free range at the edge of what was given out is used up first.
        int last = FirstAfter(segment.Top) - 1;
        long edge = last >= 0 && free[last].End == segment.Top ? Math.Min(free[last].Bytes, segment.Top - segment.Start) : 0;
        long more = bytes - edge;
        block = segment.Top - edge;
        if (segment.Top + more > segment.End || Reserved + more > limit) return false;
        if (edge > 0)
        {
            free[last].Bytes -= edge;
            if (free[last].Bytes == 0) RemoveAt(last);
        }
        segment.Top += more;
        Reserved += more;
        return true;
    }

    private bool TryAddSegment(long bytes, out Segment? segment)
    {
        long needed = (bytes + HugePages.Bytes - 1) / HugePages.Bytes * HugePages.Bytes;
        segment = Segment.TryAllocate(Math.Max(needed, segmentBytes)) ?? Segment.TryAllocate(needed);
        if (segment is not null) segments.Add(segment);
        return segment is not null;
    }

    private void Cut(int at, long bytes)
    {
        free[at].Start += bytes;
        free[at].Bytes -= bytes;
        if (free[at].Bytes == 0) RemoveAt(at);
    }

    /// <summary>Index of the first range that begins after an address.</summary>
    private int FirstAfter(byte* address)
    {
        int low = 0, high = count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (free[middle].Start <= address) low = middle + 1;
            else high = middle;
        }
        return low;
    }

    private void Insert(int at, Range range)
    {
        if (count == free.Length) Array.Resize(ref free, 2 * count);
        Array.Copy(free, at, free, at + 1, count - at);
        free[at] = range;
        count++;
    }

    private void RemoveAt(int at) => Array.Copy(free, at + 1, free, at, --count - at);

    private struct Range
    {
        public byte* Start;
        public long Bytes;

        public readonly byte* End => Start + Bytes;
    }

    private sealed class Segment
    {
        private Segment(byte* start, long bytes)
        {
            Start = Top = start;
            End = start + bytes;
        }

        public byte* Start { get; }

        public byte* End { get; }

        /// <summary>End of what was given out.</summary>
        public byte* Top { get; set; }

        public static Segment? TryAllocate(long bytes)
        {
            try
            {
                var start = (byte*)NativeMemory.AlignedAlloc((nuint)bytes, (nuint)HugePages.Bytes);
                HugePages.Ask(start, bytes);
                return new Segment(start, bytes);
            }
            catch (OutOfMemoryException)
            {
                return null;
            }
        }
    }
}
