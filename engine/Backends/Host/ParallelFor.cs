using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;

namespace SeLoRA.Engine;

/// <summary>A parallel loop's body and its captured state; chunks run in any order, on any thread.</summary>
internal interface IChunkBody
{
    /// <summary>Does chunk <paramref name="chunk"/>.</summary>
    void Run(int chunk);
}

/// <summary>A parallel loop's body over a range of indices.</summary>
internal interface IRangeBody
{
    /// <summary>Does indices begin to end - 1.</summary>
    void Run(long begin, long end);
}

/// <summary>
/// The host's parallel loop. A launch allocates nothing and costs a few microseconds: the body is a struct on the caller's stack, workers
/// spin briefly between launches before they sleep, and the caller works too, so it never waits for a thread that is not awake
/// yet. How the work is cut depends on its size only, never on the number of threads: whatever a chunk computes, it computes the same
/// bits on one thread or many. Loops inside loops, and loops launched while another thread's runs, run on their caller alone.
/// </summary>
internal static unsafe class ParallelFor
{
    // More chunks than cores evens out uneven ones; more than this only costs counter traffic.
    private const int MaxChunks = 256;

    // A training step launches the next loop within a few microseconds; longer pauses should not heat a core.
    private static readonly long SpinTicks = Stopwatch.Frequency / 20_000;

    private static readonly Lock Growth = new();
    private static readonly object Sleep = new();
    private static int threads = Environment.ProcessorCount;
    private static int workers;

    // The one running job. Its fields are written only while it is closed and no worker is inside.
    private static delegate*<void*, int, void> jobRun;
    private static void* jobBody;
    private static int jobChunks, jobNext, jobOpen, inside, busy, generation, sleepers;
    private static Exception? jobError;

    [ThreadStatic] private static bool running;

    /// <summary>Threads a loop may use, the caller's included.</summary>
    public static int Threads
    {
        get => threads;
        set
        {
            if (value < 1) Check.Fail($"HostBackend.Threads: {value}, at least 1 is needed");
            threads = value;
        }
    }

    /// <summary>Iterations a chunk should have at least when one costs <paramref name="cost"/> and a chunk is worth <paramref name="worth"/>.</summary>
    public static long Grain(long worth, long cost) => Math.Max(1, worth / Math.Max(1, cost));

    /// <summary>Size of the pieces that <see cref="Range"/> cuts; depends on its arguments only.</summary>
    public static long ChunkSize(long count, long grain)
    {
        long size = Math.Max(grain, (count + MaxChunks - 1) / MaxChunks);
        // Whole cache lines of floats, so that neighbours do not write to one line.
        return size < 64 ? size : (size + 63) / 64 * 64;
    }

    /// <summary>Number of pieces that <see cref="Range"/> cuts.</summary>
    public static int ChunkCount(long count, long grain)
    {
        long size = ChunkSize(count, grain);
        return (int)((count + size - 1) / size);
    }

    /// <summary>Runs the body over 0 .. count - 1 in pieces of at least <paramref name="grain"/> indices (but the last).</summary>
    public static void Range<TBody>(long count, long grain, TBody body) where TBody : unmanaged, IRangeBody
    {
        long size = ChunkSize(count, grain);
        if (count <= size)
        {
            if (count > 0) body.Run(0, count);
            return;
        }
        Run((int)((count + size - 1) / size), new RangeChunks<TBody>(body, count, size));
    }

    /// <summary>Runs chunks 0 .. chunks - 1 of the body and returns when all are done. The first exception of any chunk is rethrown.</summary>
    public static void Run<TBody>(int chunks, TBody body) where TBody : unmanaged, IChunkBody
    {
        if (chunks <= 1 || threads == 1 || running || Interlocked.CompareExchange(ref busy, 1, 0) != 0)
        {
            for (int i = 0; i < chunks; i++) body.Run(i);
            return;
        }
        try
        {
            Launch(chunks, &Invoke<TBody>, &body);
        }
        finally
        {
            Volatile.Write(ref busy, 0);
        }
    }

    private static void Invoke<TBody>(void* body, int chunk) where TBody : unmanaged, IChunkBody => ((TBody*)body)->Run(chunk);

    private static void Launch(int chunks, delegate*<void*, int, void> run, void* body)
    {
        if (workers < threads - 1) StartWorkers();
        jobRun = run;
        jobBody = body;
        jobChunks = chunks;
        jobNext = 0;
        jobError = null;
        Volatile.Write(ref jobOpen, 1);
        Interlocked.Increment(ref generation);
        if (Volatile.Read(ref sleepers) > 0)
        {
            lock (Sleep) Monitor.PulseAll(Sleep);
        }
        running = true;
        WorkOnJob();
        running = false;
        // Close first, then wait for those inside: a worker that comes later sees the job closed and leaves.
        Interlocked.Exchange(ref jobOpen, 0);
        var wait = new SpinWait();
        while (Volatile.Read(ref inside) != 0) wait.SpinOnce(sleep1Threshold: -1);
        if (jobError is { } error)
        {
            jobError = null;
            ExceptionDispatchInfo.Throw(error);
        }
    }

    private static void WorkOnJob()
    {
        try
        {
            int chunk;
            while ((chunk = Interlocked.Increment(ref jobNext) - 1) < jobChunks) jobRun(jobBody, chunk);
        }
#pragma warning disable CA1031 // Carried to the thread that launched the loop.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Interlocked.CompareExchange(ref jobError, e, null);
            // The rest is not started; half of int's range leaves room for the other threads' increments.
            Volatile.Write(ref jobNext, int.MaxValue / 2);
        }
    }

    private static void Worker(int index)
    {
        running = true;
        int seen = 0;
        while (true)
        {
            seen = Await(seen);
            if (index >= threads - 1) continue;
            Interlocked.Increment(ref inside);
            if (Volatile.Read(ref jobOpen) == 1) WorkOnJob();
            Interlocked.Decrement(ref inside);
        }
    }

    private static int Await(int seen)
    {
        long until = Stopwatch.GetTimestamp() + SpinTicks;
        do
        {
            int now = Volatile.Read(ref generation);
            if (now != seen) return now;
            Thread.SpinWait(8);
        }
        while (Stopwatch.GetTimestamp() < until);
        lock (Sleep)
        {
            Interlocked.Increment(ref sleepers);
            while (Volatile.Read(ref generation) == seen) Monitor.Wait(Sleep);
            Interlocked.Decrement(ref sleepers);
        }
        return Volatile.Read(ref generation);
    }

    private static void StartWorkers()
    {
        lock (Growth)
        {
            while (workers < threads - 1)
            {
                int index = workers++;
                new Thread(() => Worker(index)) { IsBackground = true, Name = $"SeLoRA host {index + 1}" }.Start();
            }
        }
    }

    private readonly struct RangeChunks<TBody>(TBody body, long count, long size) : IChunkBody where TBody : unmanaged, IRangeBody
    {
        private readonly TBody body = body;
        private readonly long count = count, size = size;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Run(int chunk)
        {
            long begin = chunk * size;
            body.Run(begin, Math.Min(begin + size, count));
        }
    }
}
