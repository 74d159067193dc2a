namespace SeLoRA.Train;

/// <summary>One row of a data folder on its way through the checks.</summary>
/// <param name="source">The metadata file, or the image where there is none.</param>
/// <param name="row">Its row there, or 0.</param>
/// <param name="fileName">Path of the image relative to the folder, forward slashes.</param>
/// <param name="caption">The caption, trimmed.</param>
internal sealed class CaptionedRow(string source, int row, string fileName, string caption)
{
    public string Source { get; } = source;

    public int Row { get; } = row;

    public string FileName { get; } = fileName.Replace('\\', '/');

    public string Caption { get; } = caption;

    /// <summary>How often an epoch shows the image.</summary>
    public int Repeats { get; init; } = 1;

    /// <summary>Whom or what the image shows: images of one patient stand in one split. Empty: the image is a case of its own.</summary>
    public string Patient { get; init; } = "";

    /// <summary>Full path; empty until it was checked to lie inside the folder.</summary>
    public string Path { get; set; } = "";

    /// <summary>Size of the decoded image in pixels; 0 x 0 until it was decoded.</summary>
    public (int Width, int Height) Size { get; set; }

    /// <summary>Why the row cannot be used, or null.</summary>
    public string? Problem { get; set; }

    /// <summary>The row as a usable image.</summary>
    public CaptionedImage ToImage() => new(Path, Caption, Patient.Length > 0 ? Patient : Path, Size.Width, Size.Height);
}
