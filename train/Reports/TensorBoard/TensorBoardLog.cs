using System.Buffers.Binary;
using SeLoRA.Adapters;

namespace SeLoRA.Train;

/// <summary>What a training run shows in TensorBoard while it trains: curves, distribution of the ranks, sample grids.</summary>
internal sealed class TensorBoardLog : IDisposable
{
    private readonly EventFile events;
    private readonly int imagesPerStep;

    /// <summary>Starts a new event file in the run's folder.</summary>
    /// <param name="folder">The run's folder.</param>
    /// <param name="imagesPerStep">Images that an optimiser step sees.</param>
    /// <param name="resumedAfter">The last step that the run goes on from, -1 where it makes all of them again; null for a new run.</param>
    public TensorBoardLog(string folder, int imagesPerStep, int? resumedAfter)
    {
        this.imagesPerStep = imagesPerStep;
        events = new EventFile(folder, resumedAfter);
    }

    /// <summary>The curves of one step.</summary>
    public void Add(MetricsRow row) => events.Add(row.Step, new SummaryValues()
        .Scalar("loss/train", row.Loss)
        .Scalar("loss/validation", row.Validation)
        .Scalar("rank/total", row.RankTotal)
        .Scalar("gradient/norm", row.GradNorm)
        .Scalar("time/ms per step", row.Milliseconds)
        .Scalar("time/images per s", 1000.0 * imagesPerStep / row.Milliseconds)
        .Scalar("memory/MB", row.MemoryMb)
        .Scalar("loss/scale", row.LossScale));

    /// <summary>How the ranks of each network are distributed.</summary>
    public void AddRanks(int step, AdapterSet adapters)
    {
        var values = new SummaryValues();
        foreach (IGrouping<string, IAdapter> network in adapters.Adapters.GroupBy(a => a.Target.Root.Name))
            values.Counts($"rank/{network.Key}", [.. network.Select(a => a.Rank)]);
        events.Add(step, values);
    }

    /// <summary>A sample grid, where one was drawn.</summary>
    public void AddImage(int step, string png)
    {
        if (!File.Exists(png)) return;
        byte[] bytes = File.ReadAllBytes(png);
        // A PNG's first chunk is IHDR: width and height at bytes 16 and 20.
        int width = BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(16)), height = BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(20));
        events.Add(step, new SummaryValues().Image("samples", width, height, bytes));
    }

    /// <summary>Closes the event file.</summary>
    public void Dispose() => events.Dispose();
}
