using SeLoRA.Engine;

namespace SeLoRA.Train;

/// <summary>Images under a common heading, such as "before" and "after".</summary>
/// <param name="Title">The heading.</param>
/// <param name="Images">One list for each prompt, one image for each seed.</param>
public sealed record SampleGroup(string Title, IReadOnlyList<IReadOnlyList<RgbImage>> Images);

/// <summary>Samples side by side: a row for each prompt, a column for each seed, a block of columns for each group.</summary>
public static class SampleGrid
{
    private const int Margin = 16, Gap = 4, GroupGap = 20, LabelWidth = 232, HeaderScale = 2, TextScale = 2, CellMin = 128;

    /// <summary>Draws the grid as PNG. Images are magnified by a whole number until their side is at least 128 pixels.</summary>
    /// <param name="path">The file to write.</param>
    /// <param name="title">Heading of the picture.</param>
    /// <param name="prompts">Row labels; long ones are wrapped and cut.</param>
    /// <param name="columns">Column labels within each group, such as <c>seed 1</c>.</param>
    /// <param name="groups">At least one; each with an image for every prompt and column.</param>
    /// <exception cref="ArgumentException">A group does not have prompts x columns images, or there is nothing to draw.</exception>
    /// <exception cref="EngineException">The file cannot be written.</exception>
    public static void Save(
        string path, string title, IReadOnlyList<string> prompts, IReadOnlyList<string> columns, IReadOnlyList<SampleGroup> groups)
    {
        if (prompts.Count == 0 || columns.Count == 0 || groups.Count == 0) throw new ArgumentException("SampleGrid: nothing to draw");
        foreach (SampleGroup group in groups)
            if (group.Images.Count != prompts.Count || group.Images.Any(row => row.Count != columns.Count))
                throw new ArgumentException($"SampleGrid: group {group.Title} has not {prompts.Count} x {columns.Count} images");

        List<RgbImage> all = [.. groups.SelectMany(g => g.Images).SelectMany(row => row)];
        int side = all.Max(i => Math.Max(i.Width, i.Height));
        int scale = Math.Max(1, (CellMin + side - 1) / side);
        int cell = side * scale;

        int groupWidth = columns.Count * cell + (columns.Count - 1) * Gap;
        int left = Margin + LabelWidth + Margin;
        int top = Margin + PixelFont.Rows * 2 + 14 + 2 * PixelFont.LineHeight * HeaderScale + 4;
        int width = left + groups.Count * groupWidth + (groups.Count - 1) * GroupGap + Margin;
        width = Math.Max(width, 2 * Margin + PixelFont.Width(title, 2));
        int height = top + prompts.Count * cell + (prompts.Count - 1) * Gap + Margin;

        using var drawing = new Drawing(width, height);
        drawing.Text(title, Margin, Margin, 2, Drawing.Ink);
        for (int g = 0; g < groups.Count; g++)
        {
            int x0 = left + g * (groupWidth + GroupGap);
            int header = top - 4 - 2 * PixelFont.LineHeight * HeaderScale;
            drawing.Text(Fit(groups[g].Title, groupWidth), x0 + groupWidth / 2, header, HeaderScale, Drawing.Ink, Align.Center);
            drawing.Line(x0, header + 19.5f, x0 + groupWidth, header + 19.5f, Drawing.Faint);
            for (int c = 0; c < columns.Count; c++)
            {
                int x = x0 + c * (cell + Gap);
                drawing.Text(Fit(columns[c], cell), x + cell / 2, header + 2 + PixelFont.LineHeight * HeaderScale, HeaderScale, Drawing.Faint, Align.Center);
                for (int r = 0; r < prompts.Count; r++)
                {
                    RgbImage image = groups[g].Images[r][c];
                    int y = top + r * (cell + Gap);
                    drawing.Image(image, x + (cell - image.Width * scale) / 2, y + (cell - image.Height * scale) / 2, scale);
                }
            }
        }
        for (int r = 0; r < prompts.Count; r++) Label(drawing, prompts[r], top + r * (cell + Gap), cell);
        drawing.Save(path);
    }

    // The label stands in the middle of its row's height, ragged towards the images.
    private static void Label(Drawing drawing, string prompt, int top, int cell)
    {
        int line = PixelFont.LineHeight * TextScale;
        IReadOnlyList<string> lines = PixelFont.Wrap(prompt, TextScale, LabelWidth, Math.Max(1, cell / line));
        int y = top + (cell - lines.Count * line) / 2;
        foreach (string text in lines)
        {
            drawing.Text(text, Margin + LabelWidth, y, TextScale, Drawing.Ink, Align.Right);
            y += line;
        }
    }

    private static string Fit(string text, int width) => PixelFont.Wrap(text, HeaderScale, width, 1) is [string line, ..] ? line : "";
}
