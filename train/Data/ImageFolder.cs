using SeLoRA.Engine;

namespace SeLoRA.Train;

/// <summary>An image file with its caption.</summary>
/// <param name="Path">The image file.</param>
/// <param name="Caption">What it shows; never empty.</param>
public sealed record CaptionedImage(string Path, string Caption);

/// <summary>Something in a data folder that cannot be trained on.</summary>
/// <param name="File">The metadata file, or the image where there is no metadata file.</param>
/// <param name="Row">Line of the metadata file where the row starts, the header of a CSV being line 1; 0 where there is none.</param>
/// <param name="Message">What is wrong.</param>
public sealed record DataProblem(string File, int Row, string Message)
{
    /// <summary><c>metadata.csv row 5: scan5.png: no such file</c>.</summary>
    public override string ToString() => Row > 0 ? $"{System.IO.Path.GetFileName(File)} row {Row}: {Message}" : Message;
}

/// <summary>The parts of a data set that its folder separates.</summary>
/// <param name="Train">What to train on.</param>
/// <param name="Validation">Folder <c>validation</c> (or <c>val</c>, <c>valid</c>); null where absent.</param>
public sealed record ImageFolderSplits(ImageFolder Train, ImageFolder? Validation);

/// <summary>
/// Images with captions from a folder, in the layouts of Hugging Face's imagefolder (<c>metadata.csv</c> or
/// <c>metadata.jsonl</c> with the columns <c>file_name</c> and <c>text</c>, splits as subfolders) and of kohya's scripts
/// (<c>10_name/img.png</c> beside <c>img.txt</c>, 10 being how often an epoch shows the image).
/// </summary>
public sealed class ImageFolder
{
    private const int ProblemsShown = 5;

    private ImageFolder(string folder, IReadOnlyList<CaptionedImage> samples, IReadOnlyList<DataProblem> problems, IReadOnlyList<string> notes)
    {
        Folder = folder;
        Samples = samples;
        Problems = problems;
        Notes = notes;
    }

    /// <summary>The folder that was read.</summary>
    public string Folder { get; }

    /// <summary>The usable images in the order of the metadata file, or of their paths where there is none.</summary>
    public IReadOnlyList<CaptionedImage> Samples { get; }

    /// <summary>What was skipped, in the same order; empty unless skipping was asked for.</summary>
    public IReadOnlyList<DataProblem> Problems { get; }

    /// <summary>What the user should know although nothing is wrong, such as images without a row.</summary>
    public IReadOnlyList<string> Notes { get; }

    /// <summary>
    /// Reads a folder and checks every row: the file exists, lies inside the folder, is listed once, has a caption, and
    /// decodes. Images are decoded in parallel and not kept.
    /// </summary>
    /// <param name="folder">A folder with a metadata file or with captions beside the images.</param>
    /// <param name="skipBad">Leave bad rows out and list them in <see cref="Problems"/> instead of throwing.</param>
    /// <param name="captionColumn">Column of the captions; null takes <c>text</c>, else <c>caption</c> or <c>prompt</c>.</param>
    /// <exception cref="EngineException">The folder or its metadata cannot be read, a row is bad and
    /// <paramref name="skipBad"/> is false (the message lists the first few), or no row is usable.</exception>
    public static ImageFolder Load(string folder, bool skipBad = false, string? captionColumn = null)
    {
        if (!Directory.Exists(folder))
            throw new EngineException(File.Exists(folder)
                ? $"{folder}: is a file; expected a folder with images and metadata.csv"
                : $"{folder}: no such folder; expected one with images and metadata.csv");

        var notes = new List<string>();
        string? metadata = MetadataFile.Find(folder);
        List<CaptionedRow> rows = metadata is null
            ? CaptionFiles.Read(folder)
            : MetadataFile.Read(metadata, captionColumn, notes);
        if (rows.Count == 0)
            throw new EngineException(metadata is null
                ? $"{folder}: no metadata.csv, no metadata.jsonl and no PNG or JPEG files with captions; "
                    + "expected metadata.csv with the columns file_name,text"
                : $"{metadata}: no rows below the header");

        Check(folder, rows);
        if (metadata is not null) NoteUnlisted(folder, rows, notes);

        List<DataProblem> problems = [.. rows.Where(r => r.Problem is not null).Select(r => new DataProblem(r.Source, r.Row, r.Problem!))];
        if (problems.Count > 0 && !skipBad) throw new EngineException(Summary(metadata ?? folder, problems, rows.Count));
        List<CaptionedImage> samples = [.. rows.Where(r => r.Problem is null)
            .SelectMany(r => Enumerable.Repeat(new CaptionedImage(r.Path, r.Caption), r.Repeats))];
        if (samples.Count == 0) throw new EngineException($"{metadata ?? folder}: none of {rows.Count} rows is usable: {First(problems)}");
        return new ImageFolder(folder, samples, problems, notes);
    }

    /// <summary>
    /// Reads a folder with its splits: where it has a subfolder <c>train</c> and no metadata of its own, that one and
    /// its neighbour <c>validation</c>; otherwise the folder itself, all of it for training.
    /// </summary>
    /// <param name="folder">The data set's folder.</param>
    /// <param name="skipBad">As <see cref="Load"/>.</param>
    /// <param name="captionColumn">As <see cref="Load"/>.</param>
    /// <exception cref="EngineException">As <see cref="Load"/>.</exception>
    public static ImageFolderSplits LoadSplits(string folder, bool skipBad = false, string? captionColumn = null)
    {
        string train = Path.Combine(folder, "train");
        if (!Directory.Exists(train) || MetadataFile.Find(folder) is not null)
            return new ImageFolderSplits(Load(folder, skipBad, captionColumn), null);
        string? validation = new[] { "validation", "valid", "val" }.Select(n => Path.Combine(folder, n)).FirstOrDefault(Directory.Exists);
        return new ImageFolderSplits(Load(train, skipBad, captionColumn), validation is null ? null : Load(validation, skipBad, captionColumn));
    }

    private static void Check(string folder, List<CaptionedRow> rows)
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
        Parallel.ForEach(rows.Where(r => r.Problem is null), row =>
        {
            try
            {
                ImageLoader.Decode(row.Path);
            }
            catch (EngineException e)
            {
                // The row names the file relative to the folder; the full path would only repeat it.
                row.Problem = e.Message.Replace(row.Path, row.FileName, StringComparison.Ordinal);
            }
        });
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

    private static void NoteUnlisted(string folder, List<CaptionedRow> rows, List<string> notes)
    {
        HashSet<string> listed = [.. rows.Select(r => r.Path)];
        List<string> unlisted = [.. CaptionFiles.Images(folder, SearchOption.TopDirectoryOnly)
            .Select(Path.GetFullPath).Where(p => !listed.Contains(p)).Select(p => Path.GetFileName(p))];
        if (unlisted.Count > 0)
            notes.Add($"{folder}: {unlisted.Count} image files have no row and are not used, such as {unlisted[0]}");
    }

    private static string Summary(string source, List<DataProblem> problems, int rows) =>
        $"{source}: {problems.Count} of {rows} rows cannot be used: {First(problems)}. Repair them, or leave them out with --skip-bad";

    private static string First(List<DataProblem> problems) =>
        string.Join("; ", problems.Take(ProblemsShown)) + (problems.Count > ProblemsShown ? $"; and {problems.Count - ProblemsShown} more" : "");
}
