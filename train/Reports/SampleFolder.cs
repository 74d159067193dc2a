using System.Globalization;
using SeLoRA.Engine;
using SeLoRA.Model;

namespace SeLoRA.Train;

/// <summary>
/// A folder of samples with a <c>metadata.csv</c> (<c>file_name,text,seed</c>), which trains again as it is. Numbers go on after those
/// that are there: an earlier image is never replaced.
/// </summary>
internal sealed class SampleFolder
{
    /// <summary>Columns of <c>metadata.csv</c>.</summary>
    public const string Header = "file_name,text,seed";

    private readonly string metadata;
    private int next;

    /// <summary>The folder.</summary>
    public string Path { get; }

    /// <summary>Opens or makes the folder.</summary>
    /// <exception cref="EngineException">It has a metadata.csv of other columns.</exception>
    public SampleFolder(string folder)
    {
        Path = folder;
        metadata = System.IO.Path.Combine(folder, "metadata.csv");
        Directory.CreateDirectory(folder);
        if (!File.Exists(metadata)) File.WriteAllText(metadata, Header + "\n");
        else if (File.ReadLines(metadata).FirstOrDefault() != Header)
            throw new EngineException($"{metadata}: has other columns than {Header}; choose another --out");
        next = Directory.GetFiles(folder, "*-seed*.png").Select(Number).DefaultIfEmpty(-1).Max() + 1;
    }

    /// <summary>Writes an image and its row.</summary>
    /// <returns>The file's name.</returns>
    public string Add(SampledImage image, string prompt)
    {
        string file = string.Create(CultureInfo.InvariantCulture, $"{next++:D4}-seed{image.Seed}.png");
        ImageFile.SavePng(System.IO.Path.Combine(Path, file), new RgbImage(image.Width, image.Height, image.ToBytes()));
        File.AppendAllText(metadata, $"{file},\"{prompt.Replace("\"", "\"\"", StringComparison.Ordinal)}\",{image.Seed}\n");
        return file;
    }

    private static int Number(string path) =>
        int.TryParse(System.IO.Path.GetFileName(path).Split('-')[0], NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : -1;
}
