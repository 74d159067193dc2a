using System.Globalization;
using SeLoRA.Engine;
using SeLoRA.Train;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>
/// A run with all that a run does, watched from the side. SELORA_LONG_STEPS sets its length; the figures are in docs/reliability.md.
/// </summary>
[Collection(nameof(StepMemoryTests))]
public class LongRunTests(ITestOutputHelper log)
{
    private const int StepsDefault = 160, Samples = 16, LookEvery = 5;

    [Fact]
    public async Task Memory_stays_flat_over_a_run()
    {
        int steps = int.TryParse(Environment.GetEnvironmentVariable("SELORA_LONG_STEPS"), CultureInfo.InvariantCulture, out int wanted) ? wanted : StepsDefault;
        using var folder = new TemporaryFolder();
        string run = folder.File("run"), table = Path.Combine(run, "metrics.csv");
        var seen = new List<(int Step, double Managed, double InUse, double Reserved)>();
        RunConfig config = new RunConfig
        {
            Device = "cpu", Phantoms = 40, Batch = 1, Steps = steps, SampleSteps = 0, CheckpointEvery = 40, Method = "lora", Rank = 4, Out = run,
        }.Resolve();
        Task<int> task = Task.Run(() => TrainingRun.Start(config, CancellationToken.None));
        // What lives: a step's own values are in use or not, by the moment, hence the least and the most of many looks.
        double least = double.MaxValue, most = 0;
        while (await Task.WhenAny(task, Task.Delay(LookEvery)) != task)
        {
            MemoryStats look = Backend.Get(Device.Cpu).Memory;
            (least, most) = (Math.Min(least, look.InUse / 1e6), Math.Max(most, look.Reserved / 1e6));
            int step = File.Exists(table) ? File.ReadAllText(table).Count(c => c == '\n') - 2 : 0;
            if (step < (seen.Count + 1) * steps / Samples || step >= steps) continue;
            double managed = GC.GetTotalMemory(forceFullCollection: true) / 1e6;
            seen.Add((step, managed, least, most));
            (least, most) = (double.MaxValue, 0);
        }
        Assert.Equal(0, await task);
        double[] times = [.. RunTables.Metrics(run).Select(r => r.Milliseconds).OfType<double>()];
        foreach (var s in seen)
        {
            log.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"step {s.Step}: managed {s.Managed:F2} MB, in use {s.InUse:F2} MB, reserved {s.Reserved:F2} MB, {Median(times, s.Step - steps / Samples, s.Step):F1} ms/step"));
        }
        (int Step, double Managed, double InUse, double Reserved)[] settled = [.. seen.Skip(Samples / 8)];
        // A checkpoint being written is alive for a moment, hence the least of the last looks; what leaks stays in them all.
        Assert.True(settled[^(Samples / 4)..].Min(s => s.Managed) < settled[..(Samples / 4)].Min(s => s.Managed) + 1, "managed memory grows");
        Assert.True(settled[^1].InUse < settled[0].InUse + 10, "memory in use grows");
        Assert.True(settled.Max(s => s.Reserved) < settled[0].Reserved + 10, "reserved memory grows");
    }

    private static double Median(double[] times, int from, int to)
    {
        double[] part = [.. times[Math.Max(0, from)..Math.Min(to, times.Length)].Order()];
        return part[part.Length / 2];
    }
}
