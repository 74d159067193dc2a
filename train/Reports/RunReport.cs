using SeLoRA.Adapters;

namespace SeLoRA.Train;

/// <summary>The pictures of a run, made from its tables: loss curve and the maps of the ranks.</summary>
internal static class RunReport
{
    /// <summary>Writes <c>loss.png</c>, and <c>ranks-NETWORK.png</c> for each network with adapters.</summary>
    public static void Write(RunFolder folder, string method, AdapterSet adapters)
    {
        IReadOnlyList<MetricsRow> rows = folder.ReadMetrics();
        LinePlot.SaveTraining(folder.Sub("loss.png"), $"{method}: loss and total rank",
            [.. rows.Where(r => r.Loss is not null).Select(r => ((double)r.Step, r.Loss!.Value))],
            [.. rows.Where(r => r.Validation is not null).Select(r => ((double)r.Step, r.Validation!.Value))],
            [.. rows.Select(r => ((double)r.Step, (double)r.RankTotal))]);
        foreach (IGrouping<string, IAdapter> network in adapters.Adapters.GroupBy(a => a.Target.Root.Name))
        {
            RankHeatMap.Save(folder.Sub($"ranks-{network.Key.Replace('_', '-')}.png"), $"{method}: rank of each layer, {network.Key}",
                [.. network.Select(a => new ModuleRank(a.Target.FullName, a.Rank))]);
        }
    }
}
