using System.Diagnostics;

namespace SeLoRA.Bench;

/// <summary>Time of one call: the median over chunks of calls, and their number and spread.</summary>
internal sealed record CallTime(double Milliseconds, double Min, double Max, int Chunks, int CallsPerChunk, double CpusUsed)
{
    private const double Budget = 0.4, Chunk = 0.005;
    private const int MostCalls = 1000, LeastChunks = 3, MostChunks = 50;

    /// <summary>Measures, by the PyTorch script's rule of chunks. Peers are built with this file too.</summary>
    /// <param name="call">What is timed.</param>
    /// <param name="wait">Waits for the device; called at the ends of what is timed.</param>
    /// <param name="before">What each call needs and is not timed; null where calls are timed back to back.</param>
    /// <param name="budget">Seconds for all chunks, of which there are three at least.</param>
    public static CallTime Measure(Action call, Action wait, Action? before = null, double budget = Budget)
    {
        Run(call, wait, before, 2);
        double once = Run(call, wait, before, 1);
        int calls = (int)Math.Clamp(Chunk / once, 1, MostCalls);
        int chunks = (int)Math.Clamp(budget / (once * calls), LeastChunks, MostChunks);
        TimeSpan cpu = Environment.CpuUsage.TotalTime;
        long start = Stopwatch.GetTimestamp();
        double[] times = [.. Enumerable.Range(0, chunks).Select(_ => 1e3 * Run(call, wait, before, calls))];
        double cpus = (Environment.CpuUsage.TotalTime - cpu) / Stopwatch.GetElapsedTime(start);
        return new CallTime(Median(times), times.Min(), times.Max(), chunks, calls, cpus);
    }

    /// <summary>The middle value, or the mean of the two in the middle.</summary>
    public static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        int half = sorted.Length / 2;
        return sorted.Length % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
    }

    private static double Run(Action call, Action wait, Action? before, int count)
    {
        wait();
        long timed = 0;
        if (before is null)
        {
            long start = Stopwatch.GetTimestamp();
            for (int i = 0; i < count; i++) call();
            wait();
            timed = Stopwatch.GetTimestamp() - start;
        }
        else
        {
            for (int i = 0; i < count; i++)
            {
                before();
                wait();
                long start = Stopwatch.GetTimestamp();
                call();
                wait();
                timed += Stopwatch.GetTimestamp() - start;
            }
        }
        return timed / (double)Stopwatch.Frequency / count;
    }
}
