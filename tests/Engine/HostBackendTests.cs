using SeLoRA.Engine;
using Xunit;

namespace SeLoRA.Tests;

public class HostBackendTests
{
    [Theory]
    [InlineData(1, 64)]
    [InlineData(64, 64)]
    [InlineData(65, 128)]
    [InlineData(513, 576)]
    [InlineData(1000, 1024)]
    [InlineData(1025, 1152)]
    [InlineData(1L << 33, 1L << 33)]
    public void Size_classes_waste_an_eighth_at_most(long bytes, long expected) => Assert.Equal(expected, HostMemory.ClassOf(bytes));

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
        // The cached block is of another size: it is given back to make room.
        byte* b = pool.Rent(600 * 1024);
        Assert.True(pool.Stats.Reserved < 1 << 20);
        pool.Return(b, 600 * 1024);
        pool.ReleaseCached();
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
