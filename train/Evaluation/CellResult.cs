using SeLoRA.Adapters;

namespace SeLoRA.Train;

/// <summary>What a finished cell measured: values by name, in the order of the table's columns.</summary>
/// <param name="Seed">Its seed.</param>
/// <param name="Values">Values by name.</param>
internal sealed record CellResult(ulong Seed, IReadOnlyDictionary<string, double> Values)
{
    /// <summary>Name of the validation loss of the adapter that was kept.</summary>
    public const string Validation = "validation loss";

    /// <summary>Reads a finished cell's folder.</summary>
    public static CellResult Read(ComparisonCell cell, EvaluationFile evaluation)
    {
        RunFolder run = RunFolder.Open(cell.Config.Out!);
        var values = new Dictionary<string, double> { ["trainable weights"] = evaluation.Networks.Sum(n => n.Trainable) };
        foreach (AdapterShare network in evaluation.Networks) values[$"% of {network.Root}"] = network.Percent;
        values["total rank"] = evaluation.Networks.Sum(n => n.RankTotal);
        double validation = CheckpointFile.Newest(run.Checkpoints)!.BestValidation;
        if (double.IsFinite(validation)) values[Validation] = validation;
        foreach ((string name, double value) in evaluation.Metrics) values[name] = value;
        IReadOnlyList<MetricsRow> rows = run.ReadMetrics();
        double[] times = [.. rows.Select(r => r.Milliseconds).OfType<double>().Order()];
        values["ms/step"] = times[times.Length / 2];
        values["peak memory MB"] = rows.Max(r => r.MemoryMb) ?? 0;
        return new CellResult(cell.Config.Seed, values);
    }
}
