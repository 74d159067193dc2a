using SeLoRA.Engine;
using SkiaSharp;

namespace SeLoRA.Train;

/// <summary>How a line is drawn.</summary>
public enum LineStyle
{
    /// <summary>The values faint, and over them their exponential moving average.</summary>
    Smoothed,

    /// <summary>Straight lines between the points, a dot on each.</summary>
    Dots,

    /// <summary>Constant until the next point, as a rank is.</summary>
    Steps,
}

/// <summary>One line of a plot.</summary>
/// <param name="Name">Its name in the legend.</param>
/// <param name="Points">(step, value) in ascending order of steps; values that are not finite leave a gap.</param>
/// <param name="Style">How it is drawn.</param>
/// <param name="RightAxis">Whether its values belong to the axis on the right.</param>
public sealed record LineSeries(string Name, IReadOnlyList<(double Step, double Value)> Points, LineStyle Style, bool RightAxis = false);

/// <summary>Curves against the training step, with an optional second axis on the right.</summary>
public static class LinePlot
{
    private const int Width = 1200, Height = 640, Left = 110, Top = 84, Bottom = 72, Text = 2;

    // Blue, orange, green, violet, red: apart for colour-blind readers and, in this order, in grey print.
    private static readonly SKColor[] s_colors =
        [new(0x1F, 0x5F, 0xA8), new(0xD9, 0x6B, 0x0B), new(0x2E, 0x8B, 0x57), new(0x7A, 0x4F, 0xA3), new(0xB3, 0x26, 0x2E)];

    /// <summary>The plot of a training run: loss smoothed, validation loss, total rank on the right.</summary>
    /// <param name="path">The file to write, PNG.</param>
    /// <param name="title">Heading.</param>
    /// <param name="loss">Training loss of each step.</param>
    /// <param name="validation">Validation loss; may be empty.</param>
    /// <param name="rank">Total rank of all adapters; may be empty.</param>
    /// <exception cref="EngineException">The file cannot be written.</exception>
    public static void SaveTraining(
        string path,
        string title,
        IReadOnlyList<(double Step, double Value)> loss,
        IReadOnlyList<(double Step, double Value)> validation,
        IReadOnlyList<(double Step, double Value)> rank) => Save(path, title, "step", "loss", "total rank",
        [
            new LineSeries("training loss", loss, LineStyle.Smoothed),
            new LineSeries("validation loss", validation, LineStyle.Dots),
            new LineSeries("total rank", rank, LineStyle.Steps, RightAxis: true),
        ]);

    /// <summary>Draws lines with axes, grid and legend; series without a finite point are left out.</summary>
    /// <param name="path">The file to write, PNG.</param>
    /// <param name="title">Heading.</param>
    /// <param name="xLabel">Name of the horizontal axis.</param>
    /// <param name="leftLabel">Name of the left axis.</param>
    /// <param name="rightLabel">Name of the right axis, drawn where a series uses it.</param>
    /// <param name="series">The lines.</param>
    /// <exception cref="EngineException">The file cannot be written.</exception>
    public static void Save(string path, string title, string xLabel, string leftLabel, string rightLabel, IReadOnlyList<LineSeries> series)
    {
        List<(LineSeries Series, SKColor Color)> shown = [.. series
            .Select((s, i) => (s with { Points = [.. s.Points.Where(p => double.IsFinite(p.Step))] }, s_colors[i % s_colors.Length]))
            .Where(s => s.Item1.Points.Any(p => double.IsFinite(p.Value)))];
        bool right = shown.Any(s => s.Series.RightAxis);

        using var drawing = new Drawing(Width, Height);
        drawing.Text(title, Left, 18, 3, Drawing.Ink);
        var area = new SKRect(Left, Top, Width - (right ? 110 : 30), Height - Bottom);
        PlotAxis x = PlotAxis.OverSteps(shown.SelectMany(s => s.Series.Points).Select(p => p.Step));
        PlotAxis y = PlotAxis.OverValues(shown.Where(s => !s.Series.RightAxis).Select(s => s.Series));
        PlotAxis y2 = PlotAxis.OverValues(shown.Where(s => s.Series.RightAxis).Select(s => s.Series));

        DrawGrid(drawing, area, x, y, right ? y2 : null, xLabel, leftLabel, rightLabel);
        drawing.Canvas.Save();
        drawing.Canvas.ClipRect(SKRect.Inflate(area, 6, 6));
        foreach ((LineSeries s, SKColor color) in shown) DrawSeries(drawing.Canvas, s, color, area, x, s.RightAxis ? y2 : y);
        drawing.Canvas.Restore();
        DrawLegend(drawing, shown);
        drawing.Save(path);
    }

    private static void DrawGrid(
        Drawing drawing, SKRect area, PlotAxis x, PlotAxis y, PlotAxis? y2, string xLabel, string leftLabel, string rightLabel)
    {
        foreach (double tick in y.Ticks)
        {
            float at = MathF.Round(y.Position(tick, area.Bottom, area.Top)) + 0.5f;
            drawing.Line(area.Left, at, area.Right, at, Drawing.Rule);
            drawing.Text(y.Label(tick), area.Left - 10, at - 7, Text, Drawing.Faint, Align.Right);
        }
        foreach (double tick in x.Ticks)
        {
            float at = MathF.Round(x.Position(tick, area.Left, area.Right)) + 0.5f;
            drawing.Line(at, area.Bottom, at, area.Bottom + 6, Drawing.Faint);
            drawing.Text(x.Label(tick), at, area.Bottom + 12, Text, Drawing.Faint, Align.Center);
        }
        drawing.Line(area.Left, area.Bottom + 0.5f, area.Right, area.Bottom + 0.5f, Drawing.Faint);
        drawing.Text(xLabel, area.MidX, Height - 26, Text, Drawing.Ink, Align.Center);
        drawing.TextUp(leftLabel, 14, area.MidY, Text, Drawing.Ink, Align.Center);
        if (y2 is null) return;
        foreach (double tick in y2.Ticks)
        {
            float at = MathF.Round(y2.Position(tick, area.Bottom, area.Top)) + 0.5f;
            drawing.Line(area.Right, at, area.Right + 6, at, Drawing.Faint);
            drawing.Text(y2.Label(tick), area.Right + 10, at - 7, Text, Drawing.Faint);
        }
        drawing.TextUp(rightLabel, Width - 28, area.MidY, Text, Drawing.Ink, Align.Center);
    }

    private static void DrawSeries(SKCanvas canvas, LineSeries series, SKColor color, SKRect area, PlotAxis x, PlotAxis y)
    {
        SKPoint At((double Step, double Value) p) => new(x.Position(p.Step, area.Left, area.Right), y.Position(p.Value, area.Bottom, area.Top));
        switch (series.Style)
        {
            case LineStyle.Smoothed:
                DrawPath(canvas, series.Points, At, color.WithAlpha(60), 1f, steps: false);
                DrawPath(canvas, Smoothing.Average(series.Points), At, color, 3f, steps: false);
                break;
            case LineStyle.Steps:
                // What was reached last holds to the end.
                DrawPath(canvas, [.. series.Points, (x.High, series.Points[^1].Value)], At, color, 2.5f, steps: true);
                break;
            default:
                DrawPath(canvas, series.Points, At, color, 2.5f, steps: false);
                break;
        }
        // A single point makes no line: it is shown as a dot in every style.
        if (series.Style != LineStyle.Dots && series.Points.Count(p => double.IsFinite(p.Value)) > 1) return;
        using var dot = new SKPaint { Color = color, IsAntialias = true };
        foreach (var p in series.Points)
            if (double.IsFinite(p.Value)) canvas.DrawCircle(At(p), 5, dot);
    }

    private static void DrawPath(
        SKCanvas canvas, IReadOnlyList<(double Step, double Value)> points, Func<(double Step, double Value), SKPoint> at, SKColor color, float width, bool steps)
    {
        using var paint = new SKPaint { Color = color, StrokeWidth = width, IsAntialias = true, Style = SKPaintStyle.Stroke, StrokeJoin = SKStrokeJoin.Round };
        using var path = new SKPathBuilder();
        bool open = false;
        float last = 0;
        foreach (var p in points)
        {
            if (!double.IsFinite(p.Value))
            {
                open = false;
                continue;
            }
            SKPoint to = at(p);
            if (!open) path.MoveTo(to);
            else if (steps) path.LineTo(to.X, last);
            path.LineTo(to);
            (open, last) = (true, to.Y);
        }
        using SKPath line = path.Detach();
        canvas.DrawPath(line, paint);
    }

    private static void DrawLegend(Drawing drawing, List<(LineSeries Series, SKColor Color)> shown)
    {
        float x = Left;
        foreach ((LineSeries s, SKColor color) in shown)
        {
            drawing.Fill(x, 58, 26, 5, color);
            string name = s.Style == LineStyle.Smoothed ? $"{s.Name} (smoothed)" : s.RightAxis ? $"{s.Name} (right axis)" : s.Name;
            drawing.Text(name, x + 34, 53, Text, Drawing.Ink);
            x += 34 + PixelFont.Width(name, Text) + 30;
        }
    }
}
