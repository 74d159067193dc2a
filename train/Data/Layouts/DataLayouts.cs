using SeLoRA.Engine;

namespace SeLoRA.Train;

/// <summary>The layouts that a folder of data can have.</summary>
internal static class DataLayouts
{
    /// <summary>Name of the general layout, <see cref="ImageFolder"/>, which has no draws and no shares of its own.</summary>
    public const string ImageFolderName = "imagefolder";

    private static readonly IDataLayout[] s_published = [new IuXrayLayout(), new OpenILayout(), new MontgomeryLayout(), new PatchGastricLayout()];

    /// <summary>Every name that <c>--dataset</c> takes for a folder.</summary>
    public static IReadOnlyList<string> Names { get; } = ["auto", ImageFolderName, .. s_published.Select(l => l.Name)];

    /// <summary>The published layout with a name, or the one that the folder looks like; null for an image folder.</summary>
    /// <exception cref="EngineException">There is no such folder, or it looks like nothing known.</exception>
    public static IDataLayout? Find(string folder, string name)
    {
        if (name == ImageFolderName) return null;
        if (!Directory.Exists(folder))
            throw new EngineException(File.Exists(folder) ? $"{folder}: is a file; expected a folder; {Known()}" : $"{folder}: no such folder; {Known()}");
        if (s_published.FirstOrDefault(l => l.Name == name) is { } named) return named;
        // Whoever wrote metadata beside a published data set means it.
        if (MetadataFile.Find(folder) is not null) return null;
        if (s_published.FirstOrDefault(l => l.IsAt(folder)) is { } found) return found;
        return ImageFolder.IsAt(folder) ? null : throw new EngineException($"{folder}: no layout that is known here; {Known()}");
    }

    private static string Known() =>
        $"{ImageFolderName} needs metadata.csv or metadata.jsonl (file_name,text), or a .txt beside each image; "
        + string.Join("; ", s_published.Select(l => $"{l.Name} needs {l.Needs}"));
}
