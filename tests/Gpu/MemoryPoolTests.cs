using SeLoRA.Engine;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>The caching pool of GPUs, on a source that counts instead of allocating.</summary>
public class MemoryPoolTests
{
    private const long Mib = 1 << 20;

    [Fact]
    public void Blocks_never_overlap_and_all_memory_goes_back()
    {
        var source = new CountingSource(1024 * Mib);
        var pool = new MemoryPool("test", source);
        var held = new List<MemoryPool.Block>();
        var random = new Random(5);
        for (int i = 0; i < 4000; i++)
        {
            if (held.Count > 0 && random.Next(100) < 48)
            {
                int at = random.Next(held.Count);
                pool.Return(held[at]);
                held.RemoveAt(at);
                continue;
            }
            long bytes = 1 + random.NextInt64(1L << random.Next(4, 23));
            MemoryPool.Block block = pool.Rent(bytes);
            Assert.Equal(0, block.Offset % MemoryPool.Alignment);
            Assert.True(block.Bytes >= bytes);
            Assert.True(block.Offset + block.Bytes <= ((Segment)block.Segment).Bytes);
            foreach (MemoryPool.Block other in held)
                Assert.False(ReferenceEquals(other.Segment, block.Segment)
                    && other.Offset < block.Offset + block.Bytes && block.Offset < other.Offset + other.Bytes, "two blocks overlap");
            held.Add(block);
        }
        Assert.Equal(held.Sum(b => b.Bytes), pool.Stats.InUse);
        foreach (MemoryPool.Block block in held) pool.Return(block);
        Assert.Equal(0, pool.Stats.InUse);
        pool.ReleaseCached();
        Assert.Equal((0, 0), (pool.Stats.Reserved, source.Taken));
    }

    [Fact]
    public void A_step_in_steady_state_asks_the_driver_for_nothing()
    {
        var source = new CountingSource(1024 * Mib);
        var pool = new MemoryPool("test", source);
        long[] sizes = [100, 3 * Mib, 70_000, 11 * Mib, 256, 5 * Mib, 900_000];
        void Step()
        {
            MemoryPool.Block[] blocks = [.. sizes.Select(pool.Rent)];
            foreach (MemoryPool.Block block in blocks) pool.Return(block);
        }
        Step();
        int calls = source.Calls;
        for (int i = 0; i < 100; i++) Step();
        Assert.Equal(calls, source.Calls);
    }

    [Fact]
    public void A_forgotten_scalar_does_not_pin_a_large_segment()
    {
        var source = new CountingSource(1024 * Mib);
        var pool = new MemoryPool("test", source);
        MemoryPool.Block large = pool.Rent(200 * Mib), scalar = pool.Rent(4);
        pool.Return(large);
        pool.ReleaseCached();
        Assert.True(pool.Stats.Reserved < 20 * Mib, $"{pool.Stats.Reserved} bytes are still reserved");
        pool.Return(scalar);
    }

    [Fact]
    public void Cached_segments_make_room_before_a_request_fails()
    {
        var source = new CountingSource(300 * Mib);
        var pool = new MemoryPool("test", source);
        pool.Return(pool.Rent(200 * Mib));
        MemoryPool.Block block = pool.Rent(280 * Mib);
        Assert.True(source.Taken >= 280 * Mib);
        pool.Return(block);
    }

    [Fact]
    public void Out_of_memory_says_what_was_asked_and_what_helps()
    {
        var pool = new MemoryPool("cuda:0 (a card)", new CountingSource(100 * Mib));
        MemoryPool.Block held = pool.Rent(60 * Mib);
        string message = Assert.Throws<EngineException>(() => pool.Rent(80 * Mib)).Message;
        foreach (string part in (string[])["cuda:0 (a card)", "80 MiB asked", "--batch"]) Assert.Contains(part, message);
        pool.Return(held);
        pool.Return(pool.Rent(80 * Mib));
    }

    [Fact]
    public void Peak_is_the_most_that_was_in_use_since_its_reset()
    {
        var pool = new MemoryPool("test", new CountingSource(1024 * Mib));
        pool.Return(pool.Rent(8 * Mib));
        Assert.Equal(8 * Mib, pool.Stats.PeakInUse);
        pool.ResetPeak();
        pool.Return(pool.Rent(2 * Mib));
        Assert.Equal(2 * Mib, pool.Stats.PeakInUse);
    }

    private sealed record Segment(long Bytes);

    private sealed class CountingSource(long size) : IMemorySource
    {
        public long Taken { get; private set; }

        public int Calls { get; private set; }

        public long FreeBytes => size - Taken;

        public object? TryAllocate(long bytes)
        {
            Calls++;
            if (Taken + bytes > size) return null;
            Taken += bytes;
            return new Segment(bytes);
        }

        public void Release(object segment) => Taken -= ((Segment)segment).Bytes;
    }
}
