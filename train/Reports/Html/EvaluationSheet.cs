using System.Globalization;

namespace SeLoRA.Train;

/// <summary>Real test images beside what every method made of the same captions with the same seeds, as figures 2 and 7 to 10 of the SeLoRA paper.</summary>
internal static class EvaluationSheet
{
    private const int RowsMax = Evaluation.RealKept;

    /// <summary>A row for each caption, a column for the real image and for each group's first run; nothing where no run was evaluated.</summary>
    /// <param name="groups">The methods; those that were not evaluated on the same captions are left out.</param>
    /// <exception cref="Engine.EngineException">A file of an evaluation is damaged.</exception>
    public static HtmlText Of(IReadOnlyList<RunGroup> groups)
    {
        List<(string Name, IReadOnlyList<EvaluatedImage> Images)> columns =
            [.. groups.Select(g => (g.Name, EvaluatedImage.Read(g.Runs[0].Path))).Where(c => c.Item2.Count > 0)];
        if (columns.Count == 0) return HtmlText.Empty;
        IReadOnlyList<EvaluatedImage> first = columns[0].Images;
        columns.RemoveAll(c => !c.Images.Select(i => (i.Caption, i.Seed)).SequenceEqual(first.Select(i => (i.Caption, i.Seed))));
        HtmlText head = HtmlText.Join(columns.Select(c => HtmlText.Of($"<th scope=\"col\">{c.Name}</th>")));
        HtmlText body = HtmlText.Join(Enumerable.Range(0, Math.Min(RowsMax, first.Count)).Select(i => HtmlText.Of(
            $"<tr><th scope=\"row\">{first[i].Caption}<br />seed {first[i].Seed}</th>{Real(first[i])}{HtmlText.Join(columns.Select(c => Cell(c.Images[i], c.Name)))}</tr>\n")));
        const string caption = "Test captions: the real image, and one of each method with the same seed";
        return HtmlTable.Wide(caption, HtmlText.Of(
            $"<table class=\"sheet\"><caption>{caption}</caption>\n<thead><tr><td></td><th scope=\"col\">real</th>{head}</tr></thead>\n<tbody>\n{body}</tbody></table>"));
    }

    private static HtmlText Real(EvaluatedImage image) => File.Exists(image.RealPath)
        ? HtmlText.Of($"<td>{HtmlImage.Inline(image.RealPath, $"Real image: {image.Caption}")}</td>")
        : new HtmlText("<td></td>");

    private static HtmlText Cell(EvaluatedImage image, string method) =>
        HtmlText.Of($"<td>{HtmlImage.Inline(image.Path, string.Create(CultureInfo.InvariantCulture, $"{method}: {image.Caption}"))}</td>");
}
