using System.Globalization;
using SeLoRA.Engine;

namespace SeLoRA.Train;

/// <summary>
/// The report on runs side by side, from a folder <c>METHOD[-LAMBDA]/seedN/</c> of run folders. What was measured on a run's images comes
/// from an <c>evaluation.json</c> in its folder, an object of numbers: <c>fid</c>, <c>clipScore</c> or any other key.
/// </summary>
internal static class ComparisonPage
{
    /// <summary>Reads the folders and writes <c>report.html</c> beside them.</summary>
    /// <returns>The page's path.</returns>
    /// <exception cref="EngineException">No runs in the folder, a damaged file, or the folder cannot be written to.</exception>
    public static string Write(string folder)
    {
        IReadOnlyList<RunGroup> groups = RunGroup.Find(folder);
        if (groups.Count == 0)
            throw new EngineException($"{folder}: neither a run (no config.json) nor a comparison (no METHOD/seedN/config.json in it)");
        string path = Path.Combine(folder, "report.html");
        Build(groups).Save(path);
        return path;
    }

    /// <summary>The page of a comparison.</summary>
    public static HtmlPage Build(IReadOnlyList<RunGroup> groups)
    {
        RunRecord any = groups[0].Runs[0];
        var page = new HtmlPage($"Comparison on {any.Setting("model")}",
            $"data {any.Setting("data")} · {string.Join(", ", groups.Select(g => g.Name))}");
        string[] evaluations = [.. groups.SelectMany(g => g.Runs).SelectMany(r => r.Evaluation.Keys).Distinct()];
        page.Section("Quality", HtmlTable.Of("Mean and standard deviation over the seeds", ["method", "runs", "best validation loss", .. evaluations],
            groups.Select(g => (string[])[g.Name, Number(g.Runs.Count), .. Quality(g, evaluations)])));
        page.Section("Cost", HtmlTable.Of("What a run takes, mean and standard deviation over the seeds",
            ["method", "total rank", "trainable weights", "share of text encoder, %", "share of U-Net, %", "ms per step", "peak memory, MB"],
            groups.Select(g => (string[])[g.Name, .. Cost(g)])));
        page.Section("Lambda", groups.GroupBy(g => g.Method).Select(m => Lambda(m.Key, [.. m], evaluations)));
        page.Section("Loss and rank",
            SvgLinePlot.Of("Validation loss, first seed", "loss", [.. groups.Select(g => new LineSeries(g.Name, g.Runs[0].Curve(r => r.Validation), LineStyle.Dots))]),
            SvgLinePlot.Of("Total rank, first seed", "sum of all ranks", [.. groups.Select(g => new LineSeries(g.Name, g.Runs[0].Curve(r => r.RankTotal), LineStyle.Steps))]));
        page.Section("Memory", SvgLinePlot.Of("Peak memory, first seed", "MB", [.. groups.Select(g => new LineSeries(g.Name, g.Runs[0].Curve(r => r.MemoryMb), LineStyle.Steps))]));
        page.Section("Ranks of each layer", groups.Select(g => HtmlPage.Details($"{g.Name}, first seed", HtmlHeatMap.Of(g.Runs[0].FinalRanks))));
        HtmlText samples = HtmlText.Join(groups.Select(Samples));
        page.Section("Samples", EvaluationSheet.Of(groups), samples == HtmlText.Empty ? samples
            : HtmlPage.Details("The prompts that were drawn while training", HtmlText.Of($"<div class=\"beside\">{samples}</div>")));
        return page;
    }

    private static IEnumerable<string> Quality(RunGroup group, string[] evaluations) =>
        [group.MeanText(r => r.BestValidation, "F4"), .. evaluations.Select(key => group.MeanText(r => r.Evaluation.TryGetValue(key, out double v) ? v : null, "G4"))];

    private static IEnumerable<string> Cost(RunGroup group) =>
    [
        group.MeanText(r => r.Summary?.Networks.Sum(n => n.RankTotal) ?? r.LastRow?.RankTotal, "F0"),
        group.MeanText(r => r.Summary?.Networks.Sum(n => n.Trainable), "F0"),
        group.MeanText(r => r.Summary?.Networks.FirstOrDefault(n => n.Root == "text_encoder")?.Percent, "0.###"),
        group.MeanText(r => r.Summary?.Networks.FirstOrDefault(n => n.Root == "unet")?.Percent, "0.###"),
        group.MeanText(r => r.MedianMilliseconds, "F0"),
        group.MeanText(r => r.LastRow?.MemoryMb, "F0"),
    ];

    /// <summary>The same method at different thresholds, where there are any.</summary>
    private static HtmlText Lambda(string method, IReadOnlyList<RunGroup> groups, string[] evaluations)
    {
        var byLambda = groups.Select(g => (Lambda: g.Runs[0].Setting("lambda"), Group: g))
            .OrderBy(g => double.TryParse(g.Lambda, CultureInfo.InvariantCulture, out double v) ? v : 0).ToList();
        if (byLambda.Select(g => g.Lambda).Distinct().Count() < 2) return HtmlText.Empty;
        return HtmlTable.Of($"{method} at different lambda", ["lambda", "total rank", "trainable weights", "best validation loss", .. evaluations],
            byLambda.Select(g => (string[])[g.Lambda, .. Cost(g.Group).Take(2), .. Quality(g.Group, evaluations)]));
    }

    private static HtmlText Samples(RunGroup group)
    {
        string folder = Path.Combine(group.Runs[0].Path, "samples");
        string? last = Directory.Exists(folder) ? Directory.GetFiles(folder, "step-*.png").Max(StringComparer.Ordinal) : null;
        return last is null ? HtmlText.Empty
            : HtmlImage.Figure(last, group.Name, $"Sample images of {group.Name}: a row for each prompt, a column for each seed");
    }

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}
