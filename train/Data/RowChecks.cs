using SeLoRA.Engine;

namespace SeLoRA.Train;

/// <summary>What holds for a row of any layout before it is trained on.</summary>
internal static class RowChecks
{
    private const int ProblemsShown = 5;

    /// <summary>
    /// Checks every row: the file exists, lies inside the folder, is listed once, has a caption, and decodes. Images are decoded in
    /// parallel and not kept.
    /// </summary>
    /// <param name="folder">The data set's folder.</param>
    /// <param name="source">Where the rows come from, for messages.</param>
    /// <param name="rows">The rows; each gets its path, its size and its problem.</param>
    /// <param name="skipBad">Leave bad rows out instead of throwing.</param>
    /// <param name="progress">Called with (decoded, to decode), one call at a time.</param>
    /// <param name="cancel">Ends it between two images.</param>
    /// <exception cref="EngineException">A row is bad and <paramref name="skipBad"/> is false (the message lists the first few), or
    /// no row is usable.</exception>
    public static (List<CaptionedImage> Images, List<DataProblem> Problems) Run(
        string folder, string source, List<CaptionedRow> rows, bool skipBad, Action<int, int>? progress, CancellationToken cancel)
    {
        CheckListing(folder, rows);
        Decode([.. rows.Where(r => r.Problem is null)], progress, cancel);
        List<DataProblem> problems = [.. rows.Where(r => r.Problem is not null).Select(r => new DataProblem(r.Source, r.Row, DataText.Shown(r.Problem!)))];
        if (!skipBad) Refuse(source, problems, rows.Count);
        List<CaptionedImage> images = [.. rows.Where(r => r.Problem is null).SelectMany(r => Enumerable.Repeat(r.ToImage(), r.Repeats))];
        if (images.Count == 0) throw new EngineException($"{source}: none of {rows.Count} rows is usable: {First(problems)}");
        return (images, problems);
    }

    /// <summary>Throws where there are problems.</summary>
    public static void Refuse(string source, IReadOnlyList<DataProblem> problems, int rows)
    {
        if (problems.Count > 0)
            throw new EngineException(
                $"{source}: {problems.Count} of {rows} rows cannot be used: {First(problems)}. Repair them, or leave them out with --skip-bad");
    }

    private static void CheckListing(string folder, List<CaptionedRow> rows)
    {
        string inside = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)) + Path.DirectorySeparatorChar;
        var seen = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (CaptionedRow row in rows)
        {
            if (row.Problem is not null) continue;
            row.Problem = CheckPath(row, inside) ?? (string.IsNullOrWhiteSpace(row.Caption) ? $"{row.FileName}: empty caption" : null);
            if (row.Problem is null && !seen.TryAdd(row.Path, row.Row))
                row.Problem = $"{row.FileName}: listed before, in row {seen[row.Path]}";
        }
    }

    private static string? CheckPath(CaptionedRow row, string inside)
    {
        if (row.FileName.Length == 0) return "empty file_name";
        if (row.FileName.Contains('\0', StringComparison.Ordinal)) return "file_name contains a zero byte";
        if (Path.IsPathRooted(row.FileName)) return $"{row.FileName}: absolute path; expected one relative to the metadata file";
        row.Path = Path.GetFullPath(Path.Combine(inside, row.FileName));
        if (!row.Path.StartsWith(inside, StringComparison.Ordinal)) return $"{row.FileName}: leaves the data folder";
        return File.Exists(row.Path) ? null : $"{row.FileName}: no such file";
    }

    private static void Decode(List<CaptionedRow> rows, Action<int, int>? progress, CancellationToken cancel)
    {
        var counting = new Lock();
        int done = 0;
        Parallel.ForEach(rows, new ParallelOptions { CancellationToken = cancel }, row =>
        {
            try
            {
                RgbImage image = ImageLoader.Decode(row.Path);
                row.Size = (image.Width, image.Height);
            }
            catch (EngineException e)
            {
                // The row names the file relative to the folder; the full path would only repeat it.
                row.Problem = e.Message.Replace(row.Path, row.FileName, StringComparison.Ordinal);
            }
            lock (counting) progress?.Invoke(++done, rows.Count);
        });
    }

    private static string First(IReadOnlyList<DataProblem> problems) =>
        string.Join("; ", problems.Take(ProblemsShown)) + (problems.Count > ProblemsShown ? $"; and {problems.Count - ProblemsShown} more" : "");
}
