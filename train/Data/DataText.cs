namespace SeLoRA.Train;

/// <summary>Text of a data set's files, which may be anyone's, made fit for a message.</summary>
internal static class DataText
{
    private const int Longest = 300, ColumnsShown = 20;

    /// <summary>The first some hundred characters on one line, what a terminal would obey as question marks.</summary>
    public static string Shown(string text)
    {
        if (text.Length > Longest) text = text[..Longest] + "...";
        return string.Concat(text.ReplaceLineEndings(" ").Select(c => char.IsControl(c) ? '?' : c));
    }

    /// <summary>The first few names.</summary>
    public static string List(IReadOnlyCollection<string> names) =>
        string.Join(", ", names.Take(ColumnsShown).Select(Shown)) + (names.Count > ColumnsShown ? $" and {names.Count - ColumnsShown} more" : "");
}
