using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace SeLoRA.Bench;

/// <summary>What the processor can do at most, measured on all its threads: the roofs that operations are held against.</summary>
/// <param name="GflopPerSecond">Fused multiply-adds of the widest vectors, a multiply-add counting two.</param>
/// <param name="GbPerSecond">Copying arrays far larger than the caches, bytes read plus bytes written.</param>
internal sealed record Ceiling(double GflopPerSecond, double GbPerSecond)
{
    private const int Rounds = 5;

    /// <summary>Measures both; about two seconds.</summary>
    public static Ceiling Measure() => new(BestOf(Fma), BestOf(Copy));

    private static double BestOf(Func<double> rate) => Enumerable.Range(0, Rounds + 1).Select(_ => rate()).Skip(1).Max();

    private static double Fma()
    {
        const int Iterations = 4_000_000;
        int width = Vector512.IsHardwareAccelerated ? 16 : 8;
        double seconds = OnAllThreads(_ =>
        {
            float sink = width == 16 ? Fma512(Iterations) : Fma256(Iterations);
            GC.KeepAlive(sink);
        });
        return 2.0 * width * Accumulators * Iterations * Environment.ProcessorCount / seconds / 1e9;
    }

    // Enough independent sums to hide the latency of a multiply-add on every processor of today.
    private const int Accumulators = 12;

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static float Fma512(int iterations)
    {
        Vector512<float> a = Vector512.Create(0.999f), b = Vector512.Create(1e-3f);
        Vector512<float> s0 = b, s1 = b, s2 = b, s3 = b, s4 = b, s5 = b, s6 = b, s7 = b, s8 = b, s9 = b, s10 = b, s11 = b;
        for (int i = 0; i < iterations; i++)
        {
            s0 = Vector512.FusedMultiplyAdd(s0, a, b); s1 = Vector512.FusedMultiplyAdd(s1, a, b);
            s2 = Vector512.FusedMultiplyAdd(s2, a, b); s3 = Vector512.FusedMultiplyAdd(s3, a, b);
            s4 = Vector512.FusedMultiplyAdd(s4, a, b); s5 = Vector512.FusedMultiplyAdd(s5, a, b);
            s6 = Vector512.FusedMultiplyAdd(s6, a, b); s7 = Vector512.FusedMultiplyAdd(s7, a, b);
            s8 = Vector512.FusedMultiplyAdd(s8, a, b); s9 = Vector512.FusedMultiplyAdd(s9, a, b);
            s10 = Vector512.FusedMultiplyAdd(s10, a, b); s11 = Vector512.FusedMultiplyAdd(s11, a, b);
        }
        return Vector512.Sum(s0 + s1 + s2 + s3 + s4 + s5 + s6 + s7 + s8 + s9 + s10 + s11);
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static float Fma256(int iterations)
    {
        Vector256<float> a = Vector256.Create(0.999f), b = Vector256.Create(1e-3f);
        Vector256<float> s0 = b, s1 = b, s2 = b, s3 = b, s4 = b, s5 = b, s6 = b, s7 = b, s8 = b, s9 = b, s10 = b, s11 = b;
        for (int i = 0; i < iterations; i++)
        {
            s0 = Vector256.FusedMultiplyAdd(s0, a, b); s1 = Vector256.FusedMultiplyAdd(s1, a, b);
            s2 = Vector256.FusedMultiplyAdd(s2, a, b); s3 = Vector256.FusedMultiplyAdd(s3, a, b);
            s4 = Vector256.FusedMultiplyAdd(s4, a, b); s5 = Vector256.FusedMultiplyAdd(s5, a, b);
            s6 = Vector256.FusedMultiplyAdd(s6, a, b); s7 = Vector256.FusedMultiplyAdd(s7, a, b);
            s8 = Vector256.FusedMultiplyAdd(s8, a, b); s9 = Vector256.FusedMultiplyAdd(s9, a, b);
            s10 = Vector256.FusedMultiplyAdd(s10, a, b); s11 = Vector256.FusedMultiplyAdd(s11, a, b);
        }
        return Vector256.Sum(s0 + s1 + s2 + s3 + s4 + s5 + s6 + s7 + s8 + s9 + s10 + s11);
    }

    private static readonly Lazy<(float[] From, float[] To)[]> Arrays = new(() =>
        [.. Enumerable.Range(0, Environment.ProcessorCount).Select(_ => (new float[CopyFloats], new float[CopyFloats]))]);

    private const int CopyFloats = 1 << 24;

    private static double Copy()
    {
        (float[] From, float[] To)[] arrays = Arrays.Value;
        double seconds = OnAllThreads(thread => arrays[thread].From.AsSpan().CopyTo(arrays[thread].To));
        return 2.0 * sizeof(float) * CopyFloats * Environment.ProcessorCount / seconds / 1e9;
    }

    // The threads take the time themselves: this one may wait for a processor while they are at work already.
    private static double OnAllThreads(Action<int> work)
    {
        int count = Environment.ProcessorCount;
        using var ready = new Barrier(count);
        var starts = new long[count];
        Thread[] threads = [.. Enumerable.Range(0, count).Select(i => new Thread(() =>
        {
            ready.SignalAndWait();
            starts[i] = Stopwatch.GetTimestamp();
            work(i);
        }))];
        foreach (Thread thread in threads) thread.Start();
        foreach (Thread thread in threads) thread.Join();
        return Stopwatch.GetElapsedTime(starts.Min()).TotalSeconds;
    }
}
