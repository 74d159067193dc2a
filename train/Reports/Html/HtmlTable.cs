namespace SeLoRA.Train;

/// <summary>Tables of text and numbers.</summary>
internal static class HtmlTable
{
    /// <summary>A table whose first column names the rows; what begins with a digit or a sign before one stands to the right.</summary>
    /// <param name="caption">What it shows.</param>
    /// <param name="columns">Headings, the first for the names of the rows.</param>
    /// <param name="rows">A text for each column.</param>
    public static HtmlText Of(string caption, IReadOnlyList<string> columns, IEnumerable<IReadOnlyList<string>> rows)
    {
        List<IReadOnlyList<string>> all = [.. rows];
        bool[] numeric = [.. columns.Select((_, c) => c > 0 && all.Count > 0 && all.All(row => row[c].Length == 0 || IsNumber(row[c])))];
        HtmlText head = HtmlText.Join(columns.Select((column, c) => HtmlText.Of($"<th scope=\"col\"{Class(numeric[c])}>{column}</th>")));
        HtmlText body = HtmlText.Join(all.Select(row => HtmlText.Of($"<tr><th scope=\"row\">{row[0]}</th>{Cells(row)}</tr>\n")));
        return Wide(caption, HtmlText.Of(
            $"<table><caption>{caption}</caption>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody></table>"));
    }

    /// <summary>A part of a page that scrolls sideways where the window is narrow, by keyboard too.</summary>
    public static HtmlText Wide(string label, HtmlText content) =>
        HtmlText.Of($"<div class=\"wide\" role=\"region\" tabindex=\"0\" aria-label=\"{label}\">{content}</div>\n");

    private static HtmlText Cells(IReadOnlyList<string> row) =>
        HtmlText.Join(row.Skip(1).Select(cell => HtmlText.Of($"<td{Class(IsNumber(cell))}>{cell}</td>")));

    private static HtmlText Class(bool numeric) => numeric ? new HtmlText(" class=\"n\"") : HtmlText.Empty;

    private static bool IsNumber(string text) =>
        text.Length > 0 && (char.IsAsciiDigit(text[0]) || text[0] is '-' or '+' && text.Length > 1 && char.IsAsciiDigit(text[1]));
}
