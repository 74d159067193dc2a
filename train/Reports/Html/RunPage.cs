using System.Globalization;
using SeLoRA.Adapters;
using SeLoRA.Engine;

namespace SeLoRA.Train;

/// <summary>The report on one run: <c>report.html</c>, made from the files of its folder.</summary>
internal static class RunPage
{
    /// <summary>Reads the folder and writes the page into it.</summary>
    /// <returns>The page's path.</returns>
    /// <exception cref="EngineException">The folder holds no run or a damaged file, or cannot be written to.</exception>
    public static string Write(string folder)
    {
        string path = Path.Combine(folder, "report.html");
        Build(RunRecord.Read(folder)).Save(path);
        return path;
    }

    /// <summary>The page of a run.</summary>
    public static HtmlPage Build(RunRecord run)
    {
        var page = new HtmlPage($"{run.Setting("method")} on {run.Setting("model")}", Subtitle(run));
        page.Section("Summary", Summary(run), HtmlPage.Details("All settings",
            HtmlTable.Of("Settings of the run", ["setting", "value"], run.Config.Select(s => (string[])[s.Key, s.Value]))));
        page.Section("Loss", SvgLinePlot.Of("Loss", "loss",
        [
            new LineSeries("training loss", run.Curve(r => r.Loss), LineStyle.Smoothed),
            new LineSeries("validation loss", run.Curve(r => r.Validation), LineStyle.Dots),
        ]));
        page.Section("Ranks", Ranks(run));
        page.Section("Time and memory", SvgLinePlot.Of("Time and memory", "ms per step",
        [
            new LineSeries("time", run.Curve(r => r.Milliseconds), LineStyle.Smoothed),
            new LineSeries("peak memory", run.Curve(r => r.MemoryMb), LineStyle.Steps, RightAxis: true),
        ], "MB"));
        page.Section("Samples", Samples(run.Path));
        return page;
    }

    private static string Subtitle(RunRecord run)
    {
        int done = run.LastRow?.Step ?? 0;
        string[] parts = [$"data {run.Setting("data")}", $"{done} steps", $"seed {run.Setting("seed")}",
            run.Summary?.Device ?? $"device {run.Setting("device")}", run.Summary is null ? "not finished" : ""];
        return string.Join(" · ", parts.Where(p => p.Length > 0));
    }

    private static HtmlText Summary(RunRecord run)
    {
        if (run.Metrics.Count == 0) return HtmlPage.Note("No step has been made yet.");
        MetricsRow first = run.Metrics[0], last = run.Metrics[^1];
        var rows = new List<string[]>();
        void Add(string name, FormattableString text) => rows.Add([name, text.ToString(CultureInfo.InvariantCulture)]);
        if (first.Validation is { } before) Add("validation loss before training", $"{before:F4}");
        if (run.BestValidation is { } best) Add("best validation loss", $"{best:F4}");
        if (run.Summary is { } s)
        {
            Add("step of the adapter that was kept", $"{s.BestStep}");
            Add("images to train, to validate", $"{s.TrainImages:N0}, {s.ValidationImages:N0}");
            foreach (AdapterShare n in s.Networks)
                Add($"adapters in {n.Root}", $"{n.Modules} of {n.LinearLayers} linear layers, total rank {n.RankTotal:N0}, {n.Trainable:N0} trainable weights, {n.Percent:0.###} %");
        }
        Add("total rank before, after", $"{first.RankTotal}, {last.RankTotal}");
        if (run.MedianMilliseconds is { } median)
        {
            Add("time of a step, median", $"{median:F0} ms");
            Add("time of all steps", $"{ProgressLine.Span(TimeSpan.FromMilliseconds(run.Metrics.Sum(r => r.Milliseconds ?? 0)))}");
        }
        if (last.MemoryMb is { } memory) Add("peak memory", $"{memory:F0} MB");
        foreach ((string key, double value) in run.Evaluation) Add(key, $"{value:G5}");
        return HtmlTable.Of("The run in numbers", ["quantity", "value"], rows);
    }

    private static IEnumerable<HtmlText> Ranks(RunRecord run)
    {
        double limit = run.Setting("method") == "selora"
            && double.TryParse(run.Setting("lambda"), CultureInfo.InvariantCulture, out double lambda) ? lambda : double.NaN;
        int lastStep = run.LastRow?.Step ?? 0;
        yield return SvgLinePlot.Of("Total rank", "sum of all ranks", [new LineSeries("total rank", run.Curve(r => r.RankTotal), LineStyle.Steps)]);
        yield return HtmlHeatMap.Of(run.FinalRanks);
        yield return RankHistory.Drawings(run.Ranks, lastStep, limit);
        HtmlText table = RankHistory.Table(run.Ranks);
        if (table != HtmlText.Empty) yield return HtmlPage.Details("Each layer in numbers", table);
    }

    /// <summary>The sample grids of a run folder: before and after at first, those of single steps to open.</summary>
    private static HtmlText Samples(string folder)
    {
        string samples = Path.Combine(folder, "samples"), pair = Path.Combine(samples, "before-after.png");
        if (!Directory.Exists(samples)) return HtmlText.Empty;
        HtmlText both = File.Exists(pair) ? HtmlImage.Figure(pair, "Before and after",
            "Sample images before and after training: a row for each prompt, a column for each seed") : HtmlText.Empty;
        List<HtmlText> steps = [.. Directory.GetFiles(samples, "step-*.png").Order(StringComparer.Ordinal).Select(path =>
        {
            string step = Path.GetFileNameWithoutExtension(path)["step-".Length..].TrimStart('0').PadLeft(1, '0');
            return HtmlImage.Figure(path, $"Step {step}", $"Sample images after step {step}: a row for each prompt, a column for each seed");
        })];
        if (both == HtmlText.Empty) return HtmlText.Join(steps);
        // The grids of the two ends are in the first picture already.
        return steps.Count <= 2 ? both : HtmlText.Join([both, HtmlPage.Details($"All {steps.Count} steps", HtmlText.Join(steps))]);
    }
}
