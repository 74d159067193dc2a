using SkiaSharp;

namespace SeLoRA.Train;

/// <summary>The ranks of all layers as a table of coloured numbers, laid out as figures 3 to 6 of the SeLoRA paper.</summary>
internal static class HtmlHeatMap
{
    private const int UprightFrom = 4, RampStops = 7;

    /// <summary>A table for each part of the networks (text encoder, transformer blocks, time embedding), in one colour scale.</summary>
    public static HtmlText Of(IReadOnlyList<ModuleRank> ranks)
    {
        if (ranks.Count == 0) return HtmlText.Empty;
        int low = ranks.Min(r => r.Rank), high = ranks.Max(r => r.Rank);
        return HtmlText.Join(
        [
            .. RankPanel.Build(ranks).Select(panel => Table(panel, $"{panel.Title}: rank of each layer", rank =>
            {
                SKColor color = Color(rank, low, high);
                return HtmlText.Of($"<td style=\"background:{Css(color)};color:{Css(ColorRamp.TextOn(color))}\">{rank}</td>");
            })),
            Legend(low, high),
        ]);
    }

    /// <summary>A panel as a table, with a cell for each of its numbers.</summary>
    public static HtmlText Table(RankPanel panel, string caption, Func<int, HtmlText> cell)
    {
        HtmlText head = HtmlText.Join(panel.Columns.Select(c => c.Length >= UprightFrom
            ? HtmlText.Of($"<th scope=\"col\"><span class=\"up\">{c}</span></th>")
            : HtmlText.Of($"<th scope=\"col\">{c}</th>")));
        HtmlText body = HtmlText.Join(panel.Rows.Select(row => HtmlText.Of($"<tr><th scope=\"row\">{row}</th>{HtmlText.Join(panel.Columns.Select(
            column => panel.Ranks.TryGetValue((row, column), out int value) ? cell(value) : new HtmlText("<td class=\"none\"></td>")))}</tr>\n")));
        return HtmlTable.Wide(caption, HtmlText.Of(
            $"<table class=\"map\"><caption>{caption}</caption>\n<thead><tr><td></td>{head}</tr></thead>\n<tbody>\n{body}</tbody></table>"));
    }

    private static HtmlText Legend(int low, int high)
    {
        if (low == high) return HtmlPage.Note($"All layers have rank {low}.");
        string stops = string.Join(',', Enumerable.Range(0, RampStops).Select(i => Css(ColorRamp.At(i / (RampStops - 1.0)))));
        return HtmlText.Of($"<p class=\"key\">rank {low}<span class=\"ramp\" style=\"background:linear-gradient(to right,{stops})\"></span>{high}</p>\n");
    }

    private static SKColor Color(int rank, int low, int high) => ColorRamp.At(high == low ? 0.5 : (double)(rank - low) / (high - low));

    private static string Css(SKColor color) => $"#{color.Red:x2}{color.Green:x2}{color.Blue:x2}";
}
