using SeLoRA.Engine;
using Xunit;

namespace SeLoRA.Tests;

public class HostBackendTests
{
    [Fact]
    public unsafe void Pool_reuses_blocks_and_counts_them()
    {
        var pool = new HostMemory(1 << 20);
        byte* a = pool.Rent(1000), b = pool.Rent(1000);
        Assert.Equal(0, (long)a % 64);
        Assert.NotEqual((nint)a, (nint)b);
        Assert.Equal(new MemoryStats(2048, 2048, 2048), pool.Stats);
        pool.Return(a, 1000);
        Assert.Equal(new MemoryStats(1024, 2048, 2048), pool.Stats);
        Assert.Equal((nint)a, (nint)pool.Rent(1020));
        pool.Return(a, 1020);
        pool.Return(b, 1000);
        pool.ResetPeak();
        Assert.Equal(new MemoryStats(0, 2048, 0), pool.Stats);
        pool.ReleaseCached();
        Assert.Equal(new MemoryStats(0, 0, 0), pool.Stats);
    }

    [Fact]
    public unsafe void Out_of_memory_says_what_was_asked()
    {
        var pool = new HostMemory(1 << 20);
        byte* a = pool.Rent(700 * 1024);
        EngineException e = Assert.Throws<EngineException>(() => { pool.Rent(600 * 1024); });
        Assert.Contains("asked for 0.6 MB", e.Message);
        Assert.Contains("in use 0.7 MB", e.Message);
        pool.Return(a, 700 * 1024);
        byte* b = pool.Rent(600 * 1024), c = pool.Rent(424 * 1024);
        Assert.Equal(1 << 20, pool.Stats.Reserved);
        pool.Return(b, 600 * 1024);
        pool.Return(c, 424 * 1024);
        pool.ReleaseCached();
        Assert.Equal(0, pool.Stats.Reserved);
    }

    [Fact]
    public unsafe void Blocks_are_cut_from_freed_ones_and_joined_again()
    {
        const long Mb = 1 << 20;
        var pool = new HostMemory(64 * Mb);
        byte* a = pool.Rent(4 * Mb), b = pool.Rent(2 * Mb), c = pool.Rent(3 * Mb), d = pool.Rent(Mb);
        pool.Return(a, 4 * Mb);
        pool.Return(c, 3 * Mb);
        // The smallest that fits, from its start.
        Assert.Equal((nint)c, (nint)pool.Rent(Mb));
        Assert.Equal((nint)a, (nint)pool.Rent(7 * Mb / 2));
        Assert.Equal((nint)(c + Mb), (nint)pool.Rent(2 * Mb));
        Assert.Equal(10 * Mb, pool.Stats.Reserved);
        pool.Return(c + Mb, 2 * Mb);
        pool.Return(a, 7 * Mb / 2);
        pool.Return(c, Mb);
        pool.Return(b, 2 * Mb);
        Assert.Equal((nint)a, (nint)pool.Rent(9 * Mb));
        pool.Return(a, 9 * Mb);
        // A block at the edge is extended, not left behind.
        pool.Return(d, Mb);
        Assert.Equal((nint)a, (nint)pool.Rent(12 * Mb));
        Assert.Equal(new MemoryStats(12 * Mb, 12 * Mb, 12 * Mb), pool.Stats);
        pool.Return(a, 12 * Mb);
        pool.ReleaseCached();
        Assert.Equal(0, pool.Stats.Reserved);
    }

    [Fact]
    public unsafe void Blocks_in_use_never_overlap()
    {
        var pool = new HostMemory(1L << 30);
        var live = new List<(nint Start, long Bytes, byte Mark)>();
        for (int i = 0; i < 4000; i++)
        {
            if (live.Count > 0 && Philox.Int(1, (ulong)i, 100) < 48 + live.Count / 8)
            {
                int at = Philox.Int(2, (ulong)i, live.Count);
                (nint start, long bytes, byte mark) = live[at];
                live.RemoveAt(at);
                Assert.False(new Span<byte>((void*)start, (int)bytes).ContainsAnyExcept(mark));
                pool.Return((byte*)start, bytes);
            }
            else
            {
                long bytes = 1 + Philox.Int(3, (ulong)i, i % 3 == 0 ? 300_000 : 3000);
                byte* block = pool.Rent(bytes);
                Assert.Equal(0, (nint)block % 64);
                new Span<byte>(block, (int)bytes).Fill((byte)i);
                live.Add(((nint)block, bytes, (byte)i));
            }
        }
        foreach ((nint start, long bytes, _) in live) pool.Return((byte*)start, bytes);
        Assert.Equal(0, pool.Stats.InUse);
        pool.ReleaseCached();
        Assert.Equal(0, pool.Stats.Reserved);
    }

    [Fact]
    public unsafe void Pool_serves_many_threads()
    {
        var pool = new HostMemory(1 << 26);
        Parallel.For(0, 8, t =>
        {
            for (int i = 0; i < 1000; i++)
            {
                long bytes = 64 + (i * 37 + t * 101) % 5000;
                byte* block = pool.Rent(bytes);
                *(int*)block = t;
                block[bytes - 1] = (byte)t;
                Assert.Equal(t, *(int*)block);
                pool.Return(block, bytes);
            }
        });
        Assert.Equal(0, pool.Stats.InUse);
        pool.ReleaseCached();
        Assert.Equal(0, pool.Stats.Reserved);
    }

    [Fact]
    public void Lost_tensors_return_to_the_pool()
    {
        IBackend host = Backend.Get(Device.Cpu);
        const long Bytes = 300_000_000;
        Lose();
        for (int i = 0; i < 10 && host.Memory.InUse >= Bytes; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
        Assert.True(host.Memory.InUse < Bytes, $"{host.Memory.InUse} bytes still in use");

        [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
        void Lose()
        {
            var unused = Tensor.Empty(new Shape((int)(Bytes / 4)));
            Assert.True(host.Memory.InUse >= Bytes);
            Assert.False(unused.IsDisposed);
        }
    }
}
