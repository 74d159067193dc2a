using System.Buffers.Binary;
using System.Globalization;

namespace SeLoRA.Train;

/// <summary>
/// A TensorBoard event file, <c>events.out.tfevents.SECONDS.selora</c>: records of length, checksum, a protobuf <c>Event</c>, checksum.
/// A record reaches the file in one write, so that what a crash leaves is a readable prefix.
/// </summary>
internal sealed class EventFile : IDisposable
{
    // Fields of tensorflow's event.proto.
    private const int WallTime = 1, EventStep = 2, FileVersion = 3, EventSummary = 5, SessionLog = 7;

    private readonly FileStream file;

    /// <summary>
    /// Starts a new file; TensorBoard reads a folder's files in the order of their names. A run that goes on says after which step, so
    /// that later events of an earlier file, whose steps are made again, are forgotten.
    /// </summary>
    public EventFile(string folder, int? resumedAfter)
    {
        file = Create(folder);
        Write(Math.Max(0, resumedAfter ?? 0), e => e.Text(FileVersion, "brain.Event:2"));
        if (resumedAfter is { } step) Write(step + 1, e => e.Message(SessionLog, new ProtoWriter().Int(1, 1)));
    }

    /// <summary>Appends the values of one step.</summary>
    public void Add(int step, SummaryValues values)
    {
        if (values.Count > 0) Write(step, e => e.Message(EventSummary, values.Message));
    }

    /// <summary>Closes the file.</summary>
    public void Dispose() => file.Dispose();

    private void Write(int step, Action<ProtoWriter> what)
    {
        double now = (DateTimeOffset.UtcNow - DateTimeOffset.UnixEpoch).TotalSeconds;
        ProtoWriter message = new ProtoWriter().Double(WallTime, now).Int(EventStep, step);
        what(message);
        ReadOnlySpan<byte> content = message.Bytes;
        byte[] record = new byte[12 + content.Length + 4];
        BinaryPrimitives.WriteInt64LittleEndian(record, content.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(8), Crc32C.Masked(record.AsSpan(0, 8)));
        content.CopyTo(record.AsSpan(12));
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(12 + content.Length), Crc32C.Masked(content));
        file.Write(record);
    }

    private static FileStream Create(string folder)
    {
        // Two starts within a second, or a clock that was set back: the later one gets the later name.
        long last = Directory.GetFiles(folder, "events.out.tfevents.*.selora").Select(Seconds).DefaultIfEmpty(0).Max();
        long seconds = Math.Max(DateTimeOffset.UtcNow.ToUnixTimeSeconds(), last + 1);
        string path = Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"events.out.tfevents.{seconds:D10}.selora"));
        return new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.Read, bufferSize: 0);
    }

    private static long Seconds(string path) =>
        long.TryParse(Path.GetFileName(path).Split('.')[3], NumberStyles.None, CultureInfo.InvariantCulture, out long seconds) ? seconds : 0;
}
