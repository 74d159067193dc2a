using SeLoRA.Engine;

namespace SeLoRA.Train;

/// <summary>A folder of images with captions, read and checked, whatever its layout.</summary>
/// <param name="Folder">The folder.</param>
/// <param name="Layout">Name of the layout.</param>
/// <param name="Title">The layout in words.</param>
/// <param name="Split">The usable images in three parts.</param>
/// <param name="DrawsSplit">True where the parts were drawn by patient; false where the folder separates them itself.</param>
/// <param name="Problems">Rows that cannot be used; empty unless skipping was asked for.</param>
/// <param name="Notes">What the user should know although nothing is wrong.</param>
internal sealed record DataFolder(string Folder, string Layout, string Title, DataSplit Split, bool DrawsSplit,
    IReadOnlyList<DataProblem> Problems, IReadOnlyList<string> Notes)
{
    /// <summary>All usable images.</summary>
    public IEnumerable<CaptionedImage> Images => Split.Train.Concat(Split.Validation).Concat(Split.Test);

    /// <summary>Reads a folder in any of <see cref="DataLayouts"/> and decodes every image once.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="dataset">Name of its layout, or <c>auto</c>.</param>
    /// <param name="seed">Decides draws and splits.</param>
    /// <param name="skipBad">Leave bad rows out and list them instead of throwing.</param>
    /// <param name="column">Caption column of an image folder's metadata; null for the usual ones.</param>
    /// <param name="progress">Called with (decoded, to decode).</param>
    /// <param name="cancel">Ends it between two images.</param>
    /// <exception cref="EngineException">Layout or tables are not as they should be, a row is bad, or none is usable.</exception>
    public static DataFolder Load(string folder, string dataset, ulong seed, bool skipBad, string? column = null,
        Action<int, int>? progress = null, CancellationToken cancel = default)
    {
        if (DataLayouts.Find(folder, dataset) is not { } layout) return LoadImageFolder(folder, skipBad, column, progress, cancel);
        if (column is not null) throw new EngineException($"--column {column}: {folder} is {layout.Name}, whose captions are made of fixed columns");
        LayoutRows table = layout.Read(folder, seed);
        if (table.Rows.Count == 0) throw new EngineException($"{table.Source}: lists no image that can be used; {layout.Name} needs {layout.Needs}");
        (List<CaptionedImage> images, List<DataProblem> problems) = RowChecks.Run(folder, table.Source, table.Rows, skipBad, progress, cancel);
        return new DataFolder(folder, layout.Name, layout.Title, DataSplit.Draw(images, layout.Shares, seed), true, problems, table.Notes);
    }

    private static DataFolder LoadImageFolder(string folder, bool skipBad, string? column, Action<int, int>? progress, CancellationToken cancel)
    {
        ImageFolderSplits parts = ImageFolder.LoadSplits(folder, skipBad, column, progress, cancel);
        ImageFolder[] all = [.. new[] { parts.Train, parts.Validation, parts.Test }.OfType<ImageFolder>()];
        var split = new DataSplit(parts.Train.Samples, parts.Validation?.Samples ?? [], parts.Test?.Samples ?? []);
        return new DataFolder(folder, DataLayouts.ImageFolderName, "images with captions", split, false,
            [.. all.SelectMany(f => f.Problems)], [.. all.SelectMany(f => f.Notes)]);
    }
}
