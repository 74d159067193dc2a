using System.Globalization;

namespace SeLoRA.Train;

/// <summary>Rank and Fisher ratio of every layer over the steps: small drawings in one scale, laid out as the heat map.</summary>
internal static class RankHistory
{
    private const int Width = 56, Height = 32, Pad = 2, Buckets = 40;

    /// <summary>The drawings of all layers that a method decided on; nothing where there were no decisions.</summary>
    /// <param name="rows">The decisions.</param>
    /// <param name="lastStep">Right end of the drawings.</param>
    /// <param name="limit">The ratio at which a layer grows, drawn dotted; NaN draws none.</param>
    public static HtmlText Drawings(IReadOnlyList<RankRow> rows, int lastStep, double limit)
    {
        if (rows.Count == 0) return HtmlText.Empty;
        List<IGrouping<string, RankRow>> layers = [.. rows.GroupBy(r => r.Module)];
        var scale = new Scale(lastStep, rows.Max(r => Math.Max(r.Before, r.After)), RatioMax(rows, limit), limit);
        // The panels place whatever number a layer carries: here its place in the list.
        List<RankPanel> panels = RankPanel.Build(layers.Select((layer, i) => new ModuleRank(layer.Key, i)));
        bool ratios = double.IsFinite(scale.RatioMax);
        string legend = string.Create(CultureInfo.InvariantCulture, $"Each drawing: steps 0 to {lastStep} across; rank from 0 to {scale.RankMax}")
            + (ratios ? string.Create(CultureInfo.InvariantCulture, $"; Fisher ratio from 1 to {scale.RatioMax:G3}") : "")
            + (ratios && double.IsFinite(limit) ? string.Create(CultureInfo.InvariantCulture, $"; dotted: the ratio {limit} from which a layer grows.") : ".");
        static HtmlText Mark(string color) =>
            HtmlText.Of($"<svg class=\"{color}\" width=\"26\" height=\"10\" aria-hidden=\"true\"><path d=\"M0 5H26\" stroke-width=\"2.5\" /></svg>");
        HtmlText ratioKey = ratios ? HtmlText.Of($"<span>{Mark("c1")}Fisher ratio</span>") : HtmlText.Empty;
        return HtmlText.Join(
        [
            HtmlText.Of($"<p class=\"key\"><span>{Mark("c0")}rank</span>{ratioKey}{legend}</p>\n"),
            .. panels.Select(panel => HtmlHeatMap.Table(panel, $"{panel.Title}: each layer over the steps",
                i => HtmlText.Of($"<td>{Drawing([.. layers[i]], scale)}</td>"))),
        ]);
    }

    /// <summary>The same as numbers, a row for each layer.</summary>
    public static HtmlText Table(IReadOnlyList<RankRow> rows) => rows.Count == 0 ? HtmlText.Empty : HtmlTable.Of("Decisions on each layer's rank",
        ["layer", "decisions", "first rank", "last rank", "changed at step", "lowest ratio", "highest ratio"],
        rows.GroupBy(r => r.Module).Select(layer => (string[])[layer.Key, Number(layer.Count()), Number(layer.First().Before), Number(layer.Last().After),
            string.Join(", ", layer.Where(r => r.After != r.Before).Select(r => Number(r.Step))), Ratio(layer.Min(r => r.Ratio)), Ratio(layer.Max(r => r.Ratio))]));

    private static HtmlText Drawing(List<RankRow> rows, Scale scale)
    {
        IEnumerable<(double, double)> ranks = [(0, rows[0].Before), .. rows.Where(r => r.After != r.Before).Select(r => ((double)r.Step, (double)r.After)),
            (scale.LastStep, rows[^1].After)];
        List<(double Step, double Value)> ratios = [.. rows.Where(r => double.IsFinite(r.Ratio)).Select(r => ((double)r.Step, Math.Min(r.Ratio, scale.RatioMax)))];
        string text = string.Create(CultureInfo.InvariantCulture, $"{rows[0].Module}: rank {rows[0].Before} to {rows[^1].After}")
            + (ratios.Count == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $", ratio {ratios.Min(r => r.Value):G4} to {ratios.Max(r => r.Value):G4}"));
        // One measurement makes no line: it lies across the whole width.
        if (ratios.Count == 1) ratios = [(0, ratios[0].Value), (scale.LastStep, ratios[0].Value)];
        HtmlText limit = ratios.Count > 0 && double.IsFinite(scale.Limit)
            ? HtmlText.Of($"<line class=\"limit\" x1=\"0\" x2=\"{Width}\" y1=\"{scale.RatioY(scale.Limit):0.#}\" y2=\"{scale.RatioY(scale.Limit):0.#}\" />") : HtmlText.Empty;
        string ratioPath = SvgPath.Through(SvgPath.Thin(ratios, Buckets), scale.X, scale.RatioY), rankPath = SvgPath.Through(ranks, scale.X, scale.RankY, steps: true);
        return HtmlText.Of(
            $"<svg width=\"{Width}\" height=\"{Height}\" role=\"img\"><title>{text}</title>{limit}<path class=\"c1\" d=\"{ratioPath}\" /><path class=\"c0\" stroke-width=\"2\" d=\"{rankPath}\" /></svg>");
    }

    // One layer far above all others shall not flatten them: the highest two in a hundred are cut.
    private static double RatioMax(IReadOnlyList<RankRow> rows, double limit)
    {
        List<double> sorted = [.. rows.Select(r => r.Ratio).Where(double.IsFinite).Order()];
        if (sorted.Count == 0) return double.NaN;
        return Math.Max(sorted[^(1 + sorted.Count / 50)], 1.2 * (double.IsFinite(limit) ? limit : 1));
    }

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Ratio(double value) => double.IsNaN(value) ? "" : value.ToString("F3", CultureInfo.InvariantCulture);

    private sealed record Scale(int LastStep, int RankMax, double RatioMax, double Limit)
    {
        public double X(double step) => step / Math.Max(1, LastStep) * Width;

        public double RankY(double rank) => Y(rank / Math.Max(1, RankMax));

        public double RatioY(double ratio) => Y((ratio - 1) / (RatioMax - 1));

        private static double Y(double share) => Height - Pad - share * (Height - 2 * Pad);
    }
}
