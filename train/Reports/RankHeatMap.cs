using System.Globalization;
using SeLoRA.Engine;
using SkiaSharp;

namespace SeLoRA.Train;

/// <summary>
/// The ranks of all adapted modules as numbers in coloured cells, laid out as figures 3 and 4 of the SeLoRA paper: layers across in
/// data-flow order, the linear layers of a block downwards.
/// </summary>
public static class RankHeatMap
{
    private const int Margin = 20, Cell = 44, CellHeight = 30, Text = 2, Caption = 2, PanelGap = 34, LegendHeight = 14,
        Heading = 76;

    /// <summary>
    /// Draws a panel for each part that the names belong to (text encoder, U-Net transformer blocks, U-Net time embedding, anything else
    /// by its full name), all in one colour scale.
    /// </summary>
    /// <param name="path">The file to write, PNG.</param>
    /// <param name="title">Heading.</param>
    /// <param name="ranks">At least one module.</param>
    /// <exception cref="ArgumentException">No modules.</exception>
    /// <exception cref="EngineException">The file cannot be written.</exception>
    public static void Save(string path, string title, IReadOnlyList<ModuleRank> ranks)
    {
        if (ranks.Count == 0) throw new ArgumentException("RankHeatMap: no modules");
        List<RankPanel> panels = RankPanel.Build(ranks);
        int low = ranks.Min(r => r.Rank), high = ranks.Max(r => r.Rank);

        string summary = $"{ranks.Count} modules, total rank {ranks.Sum(r => (long)r.Rank)}, {low} to {high}";
        int left = Margin + panels.SelectMany(p => p.Rows).Max(r => PixelFont.Width(r, Text)) + 10;
        int width = Math.Max(left + panels.Max(p => Math.Max(p.Columns.Count * Cell, PixelFont.Width(p.Title, Caption))), Margin + PixelFont.Width(title, 3));
        width = Math.Max(width, Margin + PixelFont.Width(summary, Text)) + Margin;
        int height = Margin + Heading + panels.Sum(PanelHeight) + 40 + Margin;

        using var drawing = new Drawing(width, height);
        drawing.Text(title, Margin, Margin, 3, Drawing.Ink);
        drawing.Text(summary, Margin, Margin + 32, Text, Drawing.Faint);
        int top = Margin + Heading;
        foreach (RankPanel panel in panels)
        {
            DrawPanel(drawing, panel, left, top, low, high);
            top += PanelHeight(panel);
        }
        DrawLegend(drawing, left, top, low, high);
        drawing.Save(path);
    }

    private static int LabelHeight(RankPanel panel) => panel.Columns.Max(c => Upright(c) ? PixelFont.Width(c, Text) : PixelFont.CapHeight * Text) + 10;

    private static bool Upright(string column) => PixelFont.Width(column, Text) > Cell - 4;

    private static int PanelHeight(RankPanel panel) =>
        PixelFont.LineHeight * Caption + 8 + LabelHeight(panel) + panel.Rows.Count * CellHeight + PanelGap;

    private static void DrawPanel(Drawing drawing, RankPanel panel, int left, int top, int low, int high)
    {
        drawing.Text(panel.Title, left, top, Caption, Drawing.Ink);
        top += PixelFont.LineHeight * Caption + 8 + LabelHeight(panel);
        for (int c = 0; c < panel.Columns.Count; c++)
        {
            string column = panel.Columns[c];
            float middle = left + c * Cell + Cell / 2f;
            if (Upright(column)) drawing.TextUp(column, middle - PixelFont.CapHeight * Text / 2f, top - 8, Text, Drawing.Faint);
            else drawing.Text(column, middle, top - 8 - PixelFont.CapHeight * Text, Text, Drawing.Faint, Align.Center);
        }
        for (int r = 0; r < panel.Rows.Count; r++)
        {
            int y = top + r * CellHeight;
            int textY = y + (CellHeight - PixelFont.CapHeight * Text) / 2;
            drawing.Text(panel.Rows[r], left - 10, textY, Text, Drawing.Ink, Align.Right);
            for (int c = 0; c < panel.Columns.Count; c++)
            {
                int x = left + c * Cell;
                if (!panel.Ranks.TryGetValue((panel.Rows[r], panel.Columns[c]), out int rank))
                {
                    drawing.Fill(x, y, Cell - 2, CellHeight - 2, Drawing.Rule);
                    continue;
                }
                SKColor color = Color(rank, low, high);
                drawing.Fill(x, y, Cell - 2, CellHeight - 2, color);
                string number = rank.ToString(CultureInfo.InvariantCulture);
                drawing.Text(number, x + (Cell - 2) / 2f, textY - 1, PixelFont.Width(number, Text) > Cell - 4 ? 1 : Text, ColorRamp.TextOn(color), Align.Center);
            }
        }
    }

    private static void DrawLegend(Drawing drawing, int left, int top, int low, int high)
    {
        int width = Math.Min(320, drawing.Width - left - Margin);
        drawing.Text("rank", left - 10, top, Text, Drawing.Faint, Align.Right);
        for (int x = 0; x < width; x++)
        {
            // The bar shows the colours that occur: one field a rank.
            int rank = low + (int)((long)x * (high - low + 1) / width);
            drawing.Fill(left + x, top, 1, LegendHeight, Color(rank, low, high));
        }
        drawing.Text(low.ToString(CultureInfo.InvariantCulture), left, top + LegendHeight + 6, Text, Drawing.Faint);
        if (high > low) drawing.Text(high.ToString(CultureInfo.InvariantCulture), left + width, top + LegendHeight + 6, Text, Drawing.Faint, Align.Right);
    }

    private static SKColor Color(int rank, int low, int high) => ColorRamp.At(high == low ? 0.5 : (double)(rank - low) / (high - low));
}
