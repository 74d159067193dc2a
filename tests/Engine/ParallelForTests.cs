using SeLoRA.Engine;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>These tests change the number of threads of the whole process: results of others do not depend on it.</summary>
[Collection(nameof(ParallelForTests))]
public unsafe class ParallelForTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    public void Every_index_runs_once(int threads) => WithThreads(threads, () =>
    {
        foreach (long count in (long[])[0, 1, 63, 64, 65, 1000, 123_457])
        {
            var hits = new int[count];
            fixed (int* p = hits) ParallelFor.Range(count, 10, new HitBody(p));
            Assert.All(hits, h => Assert.Equal(1, h));
        }
    });

    [Fact]
    public void Many_short_loops_in_a_row() => WithThreads(4, () =>
    {
        long sum = 0;
        for (int i = 0; i < 20_000; i++) ParallelFor.Run(5, new AddBody(&sum));
        Assert.Equal(100_000, sum);
    });

    [Fact]
    public void Exceptions_reach_the_caller_and_the_pool_goes_on() => WithThreads(3, () =>
    {
        for (int i = 0; i < 50; i++)
        {
            EngineException e = Assert.Throws<EngineException>(() => ParallelFor.Run(100, new ThrowBody(i)));
            Assert.Equal($"chunk {i}", e.Message);
        }
        long sum = 0;
        ParallelFor.Run(10, new AddBody(&sum));
        Assert.Equal(10, sum);
    });

    [Fact]
    public void Nested_loops_run() => WithThreads(3, () =>
    {
        long sum = 0;
        ParallelFor.Run(20, new NestBody(&sum));
        Assert.Equal(20 * 30, sum);
    });

    [Fact]
    public void Loops_from_several_threads_at_once_run() => WithThreads(3, () => Parallel.For(0, 6, _ =>
    {
        for (int i = 0; i < 500; i++)
        {
            long sum = 0;
            ParallelFor.Run(7, new AddBody(&sum));
            Assert.Equal(7, sum);
        }
    }));

    [Fact]
    public void Results_are_the_same_bits_for_any_number_of_threads()
    {
        float[]? first = null;
        foreach (int threads in (int[])[1, 2, 3, 7])
        {
            WithThreads(threads, () =>
            {
                using var scope = new TensorScope();
                Tensor x = Tensor.Normal(new Shape(2, 3000, 64), 1), w = Tensor.Normal(new Shape(64), 2), dy = Tensor.Normal(x.Shape, 3);
                x.RequiresGrad = w.RequiresGrad = true;
                Tensor y = Ops.Softmax(Ops.Silu(Ops.GroupNorm(x, w, w, 8, 1e-5f, silu: true)));
                Tensor z = Ops.LayerNorm(y, w, w, 1e-5f);
                z.Backward(dy);
                float[] all = [.. z.ToArray(), .. x.Grad!.ToArray(), .. w.Grad!.ToArray(), Ops.Sum(z).Item(), .. Ops.Mean(z, 1).ToArray()];
                first ??= all;
                Assert.Equal(first, all);
            });
        }
    }

    [Fact]
    public void A_launch_allocates_nothing() => WithThreads(2, () =>
    {
        long sum = 0;
        ParallelFor.Run(2, new AddBody(&sum));
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++) ParallelFor.Run(2, new AddBody(&sum));
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    });

    private static void WithThreads(int threads, Action body)
    {
        int before = HostBackend.Threads;
        HostBackend.Threads = threads;
        try
        {
            body();
        }
        finally
        {
            HostBackend.Threads = before;
        }
    }

    private readonly struct HitBody(int* hits) : IRangeBody
    {
        private readonly int* hits = hits;

        public void Run(long begin, long end)
        {
            for (long i = begin; i < end; i++) Interlocked.Increment(ref hits[i]);
        }
    }

    private readonly struct AddBody(long* sum) : IChunkBody
    {
        private readonly long* sum = sum;

        public void Run(int chunk) => Interlocked.Increment(ref *sum);
    }

    private readonly struct ThrowBody(int bad) : IChunkBody
    {
        private readonly int bad = bad;

        public void Run(int chunk)
        {
            if (chunk == bad) throw new EngineException($"chunk {chunk}");
        }
    }

    private readonly struct NestBody(long* sum) : IChunkBody
    {
        private readonly long* sum = sum;

        public void Run(int chunk) => ParallelFor.Run(30, new AddBody(sum));
    }
}
