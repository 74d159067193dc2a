using SeLoRA.Engine;

namespace SeLoRA.Train;

/// <summary>An image file with its caption.</summary>
/// <param name="Path">The image file.</param>
/// <param name="Caption">What it shows; never empty.</param>
/// <param name="Patient">Whom it shows, as far as the data set says; otherwise the image's path.</param>
/// <param name="Width">Width in pixels.</param>
/// <param name="Height">Height in pixels.</param>
public sealed record CaptionedImage(string Path, string Caption, string Patient, int Width, int Height);

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
/// <param name="Test">Folder <c>test</c>; null where absent.</param>
public sealed record ImageFolderSplits(ImageFolder Train, ImageFolder? Validation, ImageFolder? Test);

/// <summary>
/// Images with captions from a folder, in the layouts of Hugging Face's imagefolder (<c>metadata.csv</c> or
/// <c>metadata.jsonl</c> with the columns <c>file_name</c> and <c>text</c>, splits as subfolders) and of kohya's scripts
/// (<c>10_name/img.png</c> beside <c>img.txt</c>, 10 being how often an epoch shows the image).
/// </summary>
public sealed class ImageFolder
{
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

    /// <summary>True where a folder has metadata, splits, or images with captions beside them.</summary>
    internal static bool IsAt(string folder) =>
        MetadataFile.Find(folder) is not null || Directory.Exists(Path.Combine(folder, "train")) || CaptionFiles.Read(folder).Count > 0;

    /// <summary>
    /// Reads a folder and checks every row: the file exists, lies inside the folder, is listed once, has a caption, and
    /// decodes.
    /// </summary>
    /// <param name="folder">A folder with a metadata file or with captions beside the images.</param>
    /// <param name="skipBad">Leave bad rows out and list them in <see cref="Problems"/> instead of throwing.</param>
    /// <param name="captionColumn">Column of the captions; null takes <c>text</c>, else <c>caption</c> or <c>prompt</c>.</param>
    /// <param name="progress">Called with (decoded, to decode) while images are checked.</param>
    /// <param name="cancel">Ends it between two images.</param>
    /// <exception cref="EngineException">The folder or its metadata cannot be read, a row is bad and
    /// <paramref name="skipBad"/> is false (the message lists the first few), or no row is usable.</exception>
    public static ImageFolder Load(string folder, bool skipBad = false, string? captionColumn = null,
        Action<int, int>? progress = null, CancellationToken cancel = default)
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

        (List<CaptionedImage> samples, List<DataProblem> problems) = RowChecks.Run(folder, metadata ?? folder, rows, skipBad, progress, cancel);
        if (metadata is not null) NoteUnlisted(folder, rows, notes);
        return new ImageFolder(folder, samples, problems, notes);
    }

    /// <summary>
    /// Reads a folder with its splits: where it has a subfolder <c>train</c> and no metadata of its own, that one and
    /// its neighbours <c>validation</c> and <c>test</c>; otherwise the folder itself, all of it for training.
    /// </summary>
    /// <param name="folder">The data set's folder.</param>
    /// <param name="skipBad">As <see cref="Load"/>.</param>
    /// <param name="captionColumn">As <see cref="Load"/>.</param>
    /// <param name="progress">As <see cref="Load"/>.</param>
    /// <param name="cancel">As <see cref="Load"/>.</param>
    /// <exception cref="EngineException">As <see cref="Load"/>.</exception>
    public static ImageFolderSplits LoadSplits(string folder, bool skipBad = false, string? captionColumn = null,
        Action<int, int>? progress = null, CancellationToken cancel = default)
    {
        if (!Directory.Exists(Path.Combine(folder, "train")) || MetadataFile.Find(folder) is not null)
            return new ImageFolderSplits(Load(folder, skipBad, captionColumn, progress, cancel), null, null);
        return new ImageFolderSplits(Part("train")!, Part("validation", "valid", "val"), Part("test"));

        ImageFolder? Part(params string[] names) =>
            names.Select(name => Path.Combine(folder, name)).FirstOrDefault(Directory.Exists) is { } part
                ? Load(part, skipBad, captionColumn, progress, cancel)
                : null;
    }

    private static void NoteUnlisted(string folder, List<CaptionedRow> rows, List<string> notes)
    {
        HashSet<string> listed = [.. rows.Select(r => r.Path)];
        List<string> unlisted = [.. CaptionFiles.Images(folder, SearchOption.TopDirectoryOnly)
            .Select(Path.GetFullPath).Where(p => !listed.Contains(p)).Select(p => Path.GetFileName(p))];
        if (unlisted.Count > 0)
            notes.Add($"{folder}: {unlisted.Count} image files have no row and are not used, such as {unlisted[0]}");
    }
}
