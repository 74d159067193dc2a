using SeLoRA.Engine;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>The ring of page-locked memory for uploads to CUDA, on a stream of the tests' own: no card is needed.</summary>
public class UploadRingTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void Bytes_are_those_of_the_call_however_late_the_device_copies(int threads)
    {
        var stream = new LateStream(memory: 16 << 10, marks: 20, device: threads << 20);
        var ring = new UploadRing(stream);
        byte[] expected = new byte[stream.Device.Length];
        var gate = new Lock();
        Threads.Together([.. Enumerable.Range(0, threads).Select<int, Action>(thread => () =>
        {
            var random = new Random(thread);
            byte[] source = new byte[ring.Largest];
            for (int at = thread << 20, end = (thread + 1 << 20) - source.Length, i = 0; at < end; i++)
            {
                // Runs of large and of small ones: now the room is used up, now the marks.
                Span<byte> bytes = source.AsSpan(0, 1 + random.Next(i % 80 < 40 ? ring.Largest : 100));
                random.NextBytes(bytes);
                bytes.CopyTo(expected.AsSpan(at));
                lock (gate) Assert.True(ring.TryUpload(bytes, at));
                at += bytes.Length;
            }
        })]);
        stream.Finish();
        Assert.True(expected.AsSpan().SequenceEqual(stream.Device));
    }

    [Fact]
    public void Uploads_wait_only_where_the_room_is_taken_and_for_the_oldest_first()
    {
        var stream = new LateStream(memory: 4096, marks: 100, device: 1024);
        var ring = new UploadRing(stream);
        for (int i = 0; i < 4; i++) ring.TryUpload(new byte[1024], 0);
        Assert.Empty(stream.Awaited);
        ring.TryUpload(new byte[1], 0);
        Assert.Equal([0], stream.Awaited);
        ring.TryUpload(new byte[700], 0);
        Assert.Equal([0], stream.Awaited);
        ring.TryUpload(new byte[700], 0);
        Assert.Equal([0, 1], stream.Awaited);
    }

    [Fact]
    public void An_upload_lies_in_one_piece_and_leaves_out_an_end_that_is_too_short()
    {
        var stream = new LateStream(memory: 4096, marks: 100, device: 1024);
        var ring = new UploadRing(stream);
        // The last leaves 256 bytes at the end.
        foreach (int bytes in (int[])[1024, 1024, 1024, 768]) ring.TryUpload(new byte[bytes], 0);
        ring.TryUpload(new byte[257], 0);
        Assert.Equal([0, 1024, 2048, 3072, 0], stream.Offsets);
        Assert.Equal([0], stream.Awaited);
    }

    [Fact]
    public void A_mark_is_put_again_only_after_it_was_passed()
    {
        var stream = new LateStream(memory: 4096, marks: 3, device: 1024);
        var ring = new UploadRing(stream);
        for (int i = 0; i < 8; i++) ring.TryUpload(new byte[1], 0);
        Assert.Equal([0, 1, 2, 0, 1], stream.Awaited);
    }

    [Fact]
    public void What_is_too_large_is_left_to_others()
    {
        var stream = new LateStream(memory: 4096, marks: 3, device: 2048);
        var ring = new UploadRing(stream);
        Assert.False(ring.TryUpload(new byte[1025], 0));
        Assert.Empty(stream.Offsets);
        Assert.True(ring.TryUpload(new byte[1024], 0));
    }

    [Fact]
    public void A_copy_that_the_driver_refuses_takes_no_place()
    {
        var stream = new LateStream(memory: 4096, marks: 2, device: 4096);
        var ring = new UploadRing(stream);
        ring.TryUpload([1], 0);
        for (int i = 0; i < 10; i++) Assert.Throws<EngineException>(() => ring.TryUpload([9], -1));
        ring.TryUpload([2], 1);
        Assert.Empty(stream.Awaited);
        stream.Finish();
        Assert.Equal([1, 2, 0], stream.Device[..3]);
    }

    [Theory]
    [InlineData("opencl")]
    [InlineData("cuda")]
    public void Threads_may_reuse_what_they_uploaded_and_free_the_tensors(string deviceName)
    {
        Device device = TestDevices.Require(deviceName);
        // On CUDA in the ring, at its limit of 4 MiB and beyond it.
        int[] counts = [1, 77, 1023, 65_536, 1 << 20, (1 << 20) + 1];
        Threads.Together([.. Enumerable.Range(0, 4).Select<int, Action>(thread => () =>
        {
            float[] source = new float[counts[^1]];
            for (int i = 0; i < 2 * counts.Length; i++)
            {
                int count = counts[(i + thread) % counts.Length];
                Span<float> values = source.AsSpan(0, count);
                for (int k = 0; k < count; k++) values[k] = k * (thread + 1f) + i;
                float[] expected = values.ToArray();
                using Tensor x = Tensor.From(values, new Shape(count), device);
                values.Fill(-1f);
                // Takes the place of a tensor whose upload may still be queued.
                Tensor.From(values, new Shape(count), device).Dispose();
                Assert.True(expected.AsSpan().SequenceEqual(x.ToArray()), $"thread {thread}: {count} numbers");
            }
        })]);
    }

    /// <summary>A device that puts its work off until it is waited for, which is when a place that was used again too early shows.</summary>
    private sealed class LateStream(int memory, int marks, int device) : IStaging
    {
        private readonly byte[] locked = new byte[memory];
        private readonly Queue<Action> queued = [];
        private readonly long[] put = new long[marks];
        private long queuedCopies, done;

        public byte[] Device { get; } = new byte[device];

        public List<int> Awaited { get; } = [];

        public List<int> Offsets { get; } = [];

        public Span<byte> Memory => locked;

        public int Marks => marks;

        public void Copy(int offset, int bytes, nint target)
        {
            if (target < 0) throw new EngineException("refused");
            Offsets.Add(offset);
            queued.Enqueue(() => locked.AsSpan(offset, bytes).CopyTo(Device.AsSpan((int)target)));
            queuedCopies++;
        }

        public void Mark(int index)
        {
            Assert.True(put[index] <= done, $"mark {index} was put again before it was passed");
            put[index] = queuedCopies;
        }

        public void Await(int index)
        {
            Awaited.Add(index);
            Run(put[index]);
        }

        public void Finish() => Run(queuedCopies);

        private void Run(long until)
        {
            for (; done < until; done++) queued.Dequeue()();
        }
    }
}
