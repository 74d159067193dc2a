using System.Runtime.InteropServices;
using ILGPU;
using ILGPU.Runtime;

namespace SeLoRA.Engine;

/// <summary>
/// Tables of the optimiser's chunks that lie on a device. A table is never overwritten, because a recorded step may use it: other places make
/// another table, and the oldest that is in no recording is dropped.
/// </summary>
internal sealed class AdamWTables
{
    // Recorded and plain steps of a trainer or two, in a few launches each.
    private const int Kept = 8;

    private readonly List<Table> tables = [];
    private readonly List<long> rows = [];
    private readonly List<MemoryBuffer> segments = [];
    private readonly List<ArrayView<float>> views = [];

    /// <summary>Bytes of the table that is being made.</summary>
    public long Bytes => (long)rows.Count * sizeof(long);

    /// <summary>Begins a table.</summary>
    public void Begin()
    {
        rows.Clear();
        segments.Clear();
        views.Clear();
    }

    /// <summary>Adds a tensor's chunks; false if that takes more segments than a launch reaches, and then nothing is added.</summary>
    public bool Add(ArrayView<float> p, ArrayView<float> g, ArrayView<float> m, ArrayView<float> v)
    {
        int known = segments.Count;
        long pAt = Place(p), gAt = Place(g), mAt = Place(m), vAt = Place(v);
        if (segments.Count > AdamWKernels.SegmentsMax)
        {
            segments.RemoveRange(known, segments.Count - known);
            views.RemoveRange(known, views.Count - known);
            return false;
        }
        for (long i = 0; i < p.Length; i += AdamWKernels.Chunk)
        {
            long skipped = AdamWKernels.Place(i, 0);
            CollectionsMarshal.SetCount(rows, rows.Count + AdamWKernels.RowLength);
            Span<long> row = CollectionsMarshal.AsSpan(rows)[^AdamWKernels.RowLength..];
            (row[0], row[1], row[2], row[3]) = (pAt + skipped, gAt + skipped, mAt + skipped, vAt + skipped);
            row[4] = Math.Min(AdamWKernels.Chunk, p.Length - i);
        }
        return true;
    }

    /// <summary>The table if it is on the device already.</summary>
    public Table? Find()
    {
        foreach (Table table in tables)
            if (table.Is(CollectionsMarshal.AsSpan(rows), CollectionsMarshal.AsSpan(segments))) return table;
        return null;
    }

    /// <summary>Keeps the table, with memory for it.</summary>
    public Table Keep(GpuStorage storage)
    {
        if (tables.Count == Kept)
        {
            // A table that a recording holds goes last: without it the step must be recorded anew.
            int oldest = Math.Max(0, tables.FindIndex(t => t.Storage.IsUnique));
            tables[oldest].Storage.Release();
            tables.RemoveAt(oldest);
        }
        var table = new Table([.. rows], [.. segments], new AdamWSegments(CollectionsMarshal.AsSpan(views)), storage);
        tables.Add(table);
        return table;
    }

    private long Place(ArrayView<float> view)
    {
        (MemoryBuffer buffer, long index) = PlaceOf(view);
        int segment = segments.IndexOf(buffer);
        if (segment < 0)
        {
            segment = segments.Count;
            segments.Add(buffer);
            views.Add(buffer.AsRawArrayView().Cast<float>());
        }
        return AdamWKernels.Place(index, segment);
    }

    // Only the interface shows these; a generic call does not box the view.
    private static (MemoryBuffer Buffer, long Index) PlaceOf<TView>(TView view) where TView : struct, IContiguousArrayView => (view.Buffer, view.Index);

    /// <summary>A table: its rows, and the segments that they count from.</summary>
    internal sealed class Table(long[] rows, MemoryBuffer[] buffers, AdamWSegments segments, GpuStorage storage)
    {
        /// <summary>Chunks.</summary>
        public int Chunks => rows.Length / AdamWKernels.RowLength;

        /// <summary>What the kernel is given.</summary>
        public AdamWSegments Segments => segments;

        /// <summary>The rows on the device.</summary>
        public GpuStorage Storage => storage;

        /// <summary>The rows on the host.</summary>
        public ReadOnlySpan<byte> Bytes => MemoryMarshal.AsBytes<long>(rows);

        /// <summary>Whether it says the same.</summary>
        public bool Is(ReadOnlySpan<long> other, ReadOnlySpan<MemoryBuffer> otherBuffers) =>
            other.SequenceEqual(rows) && otherBuffers.SequenceEqual(buffers);
    }
}
