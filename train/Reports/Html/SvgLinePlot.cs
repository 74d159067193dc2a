using System.Globalization;

namespace SeLoRA.Train;

/// <summary>Curves against the training step as an SVG figure: <see cref="LinePlot"/> for pages.</summary>
internal static class SvgLinePlot
{
    private const int Width = 900, Height = 330, Left = 70, Top = 12, Bottom = 48, Room = 6, Buckets = 700, DotsMax = 120, Colors = 6;

    /// <summary>A figure with heading, legend, axes and lines; nothing where no series has a finite value.</summary>
    /// <param name="title">Heading.</param>
    /// <param name="leftLabel">Name of the left axis.</param>
    /// <param name="series">The lines; those without a finite value are left out.</param>
    /// <param name="rightLabel">Name of the right axis, drawn where a series uses it.</param>
    public static HtmlText Of(string title, string leftLabel, IReadOnlyList<LineSeries> series, string rightLabel = "")
    {
        List<(LineSeries Series, string Color)> shown = [.. series
            .Select((s, i) => (s with { Points = [.. s.Points.Where(p => double.IsFinite(p.Step))] }, $"c{i % Colors}"))
            .Where(s => s.Item1.Points.Any(p => double.IsFinite(p.Value)))];
        if (shown.Count == 0) return HtmlText.Empty;
        bool right = shown.Any(s => s.Series.RightAxis);
        var area = new Area(Left, Top, Width - (right ? Left : 16), Height - Bottom);
        PlotAxis x = PlotAxis.OverSteps(shown.SelectMany(s => s.Series.Points).Select(p => p.Step));
        PlotAxis y = PlotAxis.OverValues(shown.Where(s => !s.Series.RightAxis).Select(s => s.Series));
        PlotAxis y2 = PlotAxis.OverValues(shown.Where(s => s.Series.RightAxis).Select(s => s.Series));
        HtmlText lines = HtmlText.Join(shown.Select(s => Line(s.Series, s.Color, area, x, s.Series.RightAxis ? y2 : y)));
        // Spikes beyond the range end at the inner drawing's border; dots on the edge of the range are whole.
        int width = area.Right - area.Left + 2 * Room, height = area.Bottom - area.Top + 2 * Room;
        return HtmlText.Of($"""
            <figure><figcaption>{title}</figcaption>
            <p class="key">{HtmlText.Join(shown.Select(s => Key(s.Series, s.Color)))}</p>
            <svg class="plot" viewBox="0 0 {Width} {Height}" role="img"><title>{title}</title><desc>{Description(shown)}</desc>
            {Axes(area, x, y, right ? y2 : null, leftLabel, rightLabel)}
            <svg x="{area.Left - Room}" y="{area.Top - Room}" width="{width}" height="{height}" viewBox="{area.Left - Room} {area.Top - Room} {width} {height}">{lines}</svg>
            </svg></figure>

            """);
    }

    private static string Description(List<(LineSeries Series, string Color)> shown) => string.Join("; ", shown.Select(s =>
    {
        List<(double Step, double Value)> finite = [.. s.Series.Points.Where(p => double.IsFinite(p.Value))];
        return string.Create(CultureInfo.InvariantCulture,
            $"{s.Series.Name}: {finite[0].Value:G4} at step {finite[0].Step}, {finite[^1].Value:G4} at step {finite[^1].Step}, "
            + $"lowest {finite.Min(p => p.Value):G4}, highest {finite.Max(p => p.Value):G4}");
    }));

    private static HtmlText Key(LineSeries series, string color)
    {
        string suffix = series.Style == LineStyle.Smoothed ? " (faint: each step)" : series.RightAxis ? " (right axis)" : "";
        HtmlText mark = series.Style == LineStyle.Dots ? new HtmlText("<circle cx=\"13\" cy=\"5\" r=\"4\" />") : HtmlText.Empty;
        return HtmlText.Of(
            $"<span><svg class=\"{color}\" width=\"26\" height=\"10\" aria-hidden=\"true\"><path d=\"M0 5H26\" stroke-width=\"3\" />{mark}</svg>{series.Name}{suffix}</span>");
    }

    private static HtmlText Axes(Area area, PlotAxis x, PlotAxis y, PlotAxis? y2, string leftLabel, string rightLabel) => HtmlText.Join(
    [
        .. y.Ticks.Select(tick => HtmlText.Of($"""
            <line class="grid" x1="{area.Left}" x2="{area.Right}" y1="{area.Y(y, tick):0.#}" y2="{area.Y(y, tick):0.#}" /><text x="{area.Left - 8}" y="{area.Y(y, tick) + 4:0.#}" text-anchor="end">{y.Label(tick)}</text>
            """)),
        .. x.Ticks.Select(tick => HtmlText.Of($"""
            <line class="tick" x1="{area.X(x, tick):0.#}" x2="{area.X(x, tick):0.#}" y1="{area.Bottom}" y2="{area.Bottom + 5}" /><text x="{area.X(x, tick):0.#}" y="{area.Bottom + 19}" text-anchor="middle">{x.Label(tick)}</text>
            """)),
        .. (y2?.Ticks ?? []).Select(tick => HtmlText.Of($"""
            <line class="tick" x1="{area.Right}" x2="{area.Right + 5}" y1="{area.Y(y2!, tick):0.#}" y2="{area.Y(y2!, tick):0.#}" /><text x="{area.Right + 9}" y="{area.Y(y2!, tick) + 4:0.#}">{y2!.Label(tick)}</text>
            """)),
        HtmlText.Of($"<line class=\"tick\" x1=\"{area.Left}\" x2=\"{area.Right}\" y1=\"{area.Bottom}\" y2=\"{area.Bottom}\" />"),
        HtmlText.Of($"<text x=\"{(area.Left + area.Right) / 2}\" y=\"{Height - 8}\" text-anchor=\"middle\">step</text>"),
        Upright(14, (area.Top + area.Bottom) / 2, leftLabel),
        y2 is null ? HtmlText.Empty : Upright(Width - 8, (area.Top + area.Bottom) / 2, rightLabel),
    ]);

    private static HtmlText Upright(int x, int y, string text) =>
        HtmlText.Of($"<text transform=\"translate({x} {y}) rotate(-90)\" text-anchor=\"middle\">{text}</text>");

    private static HtmlText Line(LineSeries series, string color, Area area, PlotAxis x, PlotAxis y)
    {
        HtmlText Path(IReadOnlyList<(double Step, double Value)> points, string more, double width, bool steps = false) => HtmlText.Of(
            $"<path class=\"{color}{more}\" stroke-width=\"{width}\" d=\"{SvgPath.Through(SvgPath.Thin(points, Buckets), s => area.X(x, s), v => area.Y(y, v), steps)}\" />");
        List<(double Step, double Value)> finite = [.. series.Points.Where(p => double.IsFinite(p.Value))];
        // A single point makes no line: it is shown as a dot in every style.
        HtmlText dots = finite.Count > 1 && (series.Style != LineStyle.Dots || finite.Count > DotsMax) ? HtmlText.Empty
            : HtmlText.Join(finite.Select(p => HtmlText.Of(
                $"<circle class=\"{color}\" cx=\"{area.X(x, p.Step):0.#}\" cy=\"{area.Y(y, p.Value):0.#}\" r=\"3.5\"><title>{series.Name}, step {p.Step}: {p.Value:G5}</title></circle>")));
        HtmlText line = series.Style switch
        {
            LineStyle.Smoothed => HtmlText.Join([Path(series.Points, " raw", 1), Path(Smoothing.Average(series.Points), "", 2.5)]),
            // What was reached last holds to the end.
            LineStyle.Steps => Path([.. series.Points, (x.High, series.Points[^1].Value)], "", 2, steps: true),
            _ => Path(series.Points, "", 2),
        };
        return HtmlText.Join([line, dots]);
    }

    private readonly record struct Area(int Left, int Top, int Right, int Bottom)
    {
        public double X(PlotAxis axis, double step) => axis.Position(step, Left, Right);

        public double Y(PlotAxis axis, double value) => axis.Position(value, Bottom, Top);
    }
}
