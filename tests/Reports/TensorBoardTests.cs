using System.Text;
using SeLoRA.Train;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>Event files, read back with a parser of their own (<see cref="EventReader"/>).</summary>
public sealed class TensorBoardTests : IDisposable
{
    // Fields of Event, Summary.Value and HistogramProto.
    private const int WallTime = 1, Step = 2, FileVersion = 3, Summary = 5, SessionLog = 7, Tag = 1, Simple = 2, Image = 4, Histogram = 5;

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Checksum_is_that_of_the_published_vectors()
    {
        (byte[] Bytes, uint Crc)[] vectors =
        [
            (Encoding.ASCII.GetBytes("123456789"), 0xE3069283),
            ([], 0),
            // RFC 3720, B.4.
            (new byte[32], 0x8A9136AA),
            ([.. Enumerable.Repeat((byte)0xFF, 32)], 0x62A8AB43),
            ([.. Enumerable.Range(0, 32).Select(i => (byte)i)], 0x46DD794E),
        ];
        Assert.All(vectors, v => Assert.Equal(v.Crc, EventReader.Crc(v.Bytes)));
        Assert.All(vectors, v => Assert.Equal(v.Crc, Crc32C.Of(v.Bytes)));
        Assert.Equal(EventReader.Crc("odd length of 21 byte"u8), Crc32C.Of("odd length of 21 byte"u8));
    }

    [Fact]
    public void Curves_images_and_ranks_are_read_back()
    {
        string png = folder.File("grid.png");
        ImageFile.SavePng(png, new RgbImage(7, 5));
        double before = (DateTime.UtcNow - DateTime.UnixEpoch).TotalSeconds;
        using (var log = new TensorBoardLog(folder.Path, imagesPerStep: 8, resumedAfter: null))
        {
            log.Add(new MetricsRow(0, 0, null, 0.5, 107, null, null, null));
            log.Add(new MetricsRow(300, 1, 0.25, null, 110, 0.125, 50, 64));
            log.AddImage(300, png);
            log.AddImage(301, folder.File("none.png"));
        }
        List<EventReader.Message> events = EventReader.Events(Assert.Single(Files()));
        Assert.Equal("brain.Event:2", events[0].Text(FileVersion));
        Assert.InRange(events[0].Double(WallTime), before - 1, before + 60);
        Assert.Equal((long[])[0, 0, 300, 300], events.Select(e => e.Int(Step)));
        Assert.DoesNotContain(events, e => e.Has(SessionLog));
        Assert.Equal([("loss/validation", 0.5f), ("rank/total", 107f)], Scalars(events[1]));
        Assert.Equal([("loss/train", 0.25f), ("rank/total", 110f), ("gradient/norm", 0.125f), ("time/ms per step", 50f), ("time/images per s", 160f),
            ("memory/MB", 64f)], Scalars(events[2]));
        EventReader.Message image = Assert.Single(events[3].Messages(Summary).Single().Messages(1)).Messages(Image).Single();
        Assert.Equal((5, 7, 3), (image.Int(1), image.Int(2), image.Int(3)));
        Assert.Equal(File.ReadAllBytes(png), image.Bytes(4));
    }

    [Fact]
    public void A_histogram_counts_each_rank()
    {
        using (var file = new EventFile(folder.Path, null))
        {
            file.Add(40, new SummaryValues().Counts("rank/unet", [1, 1, 2, 4, 1]));
            file.Add(80, new SummaryValues().Counts("rank/none", []));
        }
        List<EventReader.Message> events = EventReader.Events(Assert.Single(Files()));
        Assert.Equal(2, events.Count);
        EventReader.Message value = events[1].Messages(Summary).Single().Messages(1).Single(), ranks = value.Messages(Histogram).Single();
        Assert.Equal("rank/unet", value.Text(Tag));
        Assert.Equal((double[])[1, 4, 5, 9, 23], Enumerable.Range(1, 5).Select(ranks.Double));
        Assert.Equal((double[])[0.5, 1.5, 2.5, 3.5, 4.5], ranks.Doubles(6));
        Assert.Equal((double[])[0, 3, 1, 0, 1], ranks.Doubles(7));
    }

    [Fact]
    public void A_run_that_goes_on_gets_a_later_file_and_drops_the_steps_it_makes_again()
    {
        new EventFile(folder.Path, null).Dispose();
        new EventFile(folder.Path, 120).Dispose();
        string[] files = Files();
        Assert.Equal(2, files.Length);
        EventReader.Message start = EventReader.Events(files[1])[1];
        Assert.Equal(121, start.Int(Step));
        Assert.Equal(1, start.Messages(SessionLog).Single().Int(1));
    }

    [Fact]
    public void What_a_crash_leaves_is_readable_up_to_the_last_whole_record()
    {
        using (var log = new TensorBoardLog(folder.Path, 8, null))
        {
            for (int step = 1; step <= 3; step++) log.Add(new MetricsRow(step, 1, 0.5, null, 1, null, 10, null));
            // Nothing waits in a buffer.
            Assert.Equal(4, EventReader.Records(Shared(Files()[0])).Count);
        }
        byte[] whole = File.ReadAllBytes(Files()[0]);
        List<byte[]> records = EventReader.Records(whole);
        for (int length = 0; length <= whole.Length; length++)
        {
            int end = 0, expected = records.Count(r => (end += 16 + r.Length) <= length);
            Assert.Equal(records.Take(expected), EventReader.Records(whole.AsSpan(0, length)));
        }
        whole[20] ^= 1;
        Assert.Throws<InvalidDataException>(() => EventReader.Records(whole));
    }

    private static IEnumerable<(string Tag, float Value)> Scalars(EventReader.Message e) =>
        e.Messages(Summary).Single().Messages(1).Select(v => (v.Text(Tag), v.Float(Simple)));

    private static byte[] Shared(string path)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }

    private string[] Files() => [.. Directory.GetFiles(folder.Path, "events.out.tfevents.*").Order(StringComparer.Ordinal)];
}
