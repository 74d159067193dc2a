using System.Globalization;
using SeLoRA.Engine;
using SeLoRA.Model;

namespace SeLoRA.Train;

/// <summary>
/// A folder of samples with a <c>metadata.csv</c> (<c>file_name,text,seed</c>), which trains again as it is. Numbers go on after those
/// that are there: an earlier image is never replaced, and no other process writes here meanwhile.
/// </summary>
internal sealed class SampleFolder : IDisposable
{
    /// <summary>Columns of <c>metadata.csv</c>.</summary>
    public const string Header = "file_name,text,seed";

    private readonly string folder, metadata;
    private readonly FolderLock held;
    private int next;

    /// <summary>Opens or makes the folder.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="clear">Take away the samples that are there.</param>
    /// <exception cref="EngineException">It has a metadata.csv of other columns, or another process writes to it.</exception>
    public SampleFolder(string folder, bool clear = false)
    {
        this.folder = folder;
        metadata = Path.Combine(folder, "metadata.csv");
        held = FolderLock.Take(folder);
        try
        {
            AtomicFile.RemoveLeftovers(folder);
            if (clear) Clear();
            if (!File.Exists(metadata)) File.WriteAllText(metadata, Header + "\n");
            else if (File.ReadLines(metadata).FirstOrDefault() != Header)
                throw new EngineException($"{metadata}: has other columns than {Header}; choose another --out");
            next = Directory.GetFiles(folder, "*-seed*.png").Select(Number).DefaultIfEmpty(-1).Max() + 1;
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    /// <summary>Writes an image and its row.</summary>
    /// <returns>The file's name.</returns>
    public string Add(SampledImage image, string prompt)
    {
        string file = string.Create(CultureInfo.InvariantCulture, $"{next++:D4}-seed{image.Seed}.png");
        ImageFile.SavePng(Path.Combine(folder, file), new RgbImage(image.Width, image.Height, image.ToBytes()));
        File.AppendAllText(metadata, $"{file},\"{prompt.Replace("\"", "\"\"", StringComparison.Ordinal)}\",{image.Seed}\n");
        return file;
    }

    /// <summary>Lets other processes write here.</summary>
    public void Dispose() => held.Dispose();

    private void Clear()
    {
        foreach (string old in Directory.GetFiles(folder, "*-seed*.png")) File.Delete(old);
        File.Delete(metadata);
    }

    private static int Number(string path) =>
        int.TryParse(Path.GetFileName(path).Split('-')[0], NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : -1;
}
