using SeLoRA.Train;

namespace SeLoRA.Tests;

/// <summary>A made-up copy of a published data set, removed at the end of the test.</summary>
internal sealed class DataFolderBuilder : IDisposable
{
    private readonly TemporaryFolder folder = new();

    /// <summary>Its full path.</summary>
    public string Path => folder.Path;

    public void Dispose() => folder.Dispose();

    /// <summary>Writes PNG files (also under names that end in .jpg: content decides) of one grey each.</summary>
    public DataFolderBuilder Images(params string[] names)
    {
        foreach (string name in names)
            ImageFile.SavePng(folder.File(name), new RgbImage(66, 70, [.. Enumerable.Repeat((byte)(name.Sum(c => c) % 256), 66 * 70 * 3)]));
        return this;
    }

    /// <summary>Writes a text file.</summary>
    public DataFolderBuilder Text(string name, string content)
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(folder.File(name))!);
        File.WriteAllText(folder.File(name), content);
        return this;
    }

    /// <summary>Reads it as <c>--data</c> does.</summary>
    public DataFolder Load(bool skipBad = false, string dataset = "auto", ulong seed = 42) => DataFolder.Load(Path, dataset, seed, skipBad);

    /// <summary>File name to caption of everything usable.</summary>
    public static Dictionary<string, string> Captions(DataFolder data) =>
        data.Images.ToDictionary(i => System.IO.Path.GetFileName(i.Path), i => i.Caption);
}
