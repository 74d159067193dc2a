using System.Globalization;
using SeLoRA.Engine;

namespace SeLoRA.Train;

/// <summary>Captions beside the images, as kohya's scripts have them: <c>10_name/img.png</c> and <c>10_name/img.txt</c>.</summary>
internal static class CaptionFiles
{
    private const int RepeatsMax = 1000;

    private static readonly string[] s_captionExtensions = [".txt", ".caption"];

    /// <summary>Images in the folder itself and in subfolders named number_name.</summary>
    public static List<CaptionedRow> Read(string folder)
    {
        List<CaptionedRow> rows = [.. Images(folder, SearchOption.TopDirectoryOnly).Select(image => Row(folder, image, 1))];
        foreach (string subfolder in Directory.EnumerateDirectories(folder).Order(StringComparer.Ordinal))
        {
            string name = Path.GetFileName(subfolder);
            if (!int.TryParse(name.Split('_')[0], NumberStyles.None, CultureInfo.InvariantCulture, out int repeats)) continue;
            if (repeats is < 1 or > RepeatsMax)
                throw new EngineException($"{subfolder}: {repeats} repeats; expected 1 to {RepeatsMax}");
            rows.AddRange(Images(subfolder, SearchOption.AllDirectories).Select(image => Row(folder, image, repeats)));
        }
        return rows;
    }

    /// <summary>PNG and JPEG files by extension, in ordinal order.</summary>
    public static IEnumerable<string> Images(string folder, SearchOption depth) =>
        Directory.EnumerateFiles(folder, "*", depth)
            .Where(f => ImageLoader.Extensions.Contains(Path.GetExtension(f).ToLowerInvariant()))
            .Order(StringComparer.Ordinal);

    private static CaptionedRow Row(string folder, string image, int repeats)
    {
        string fileName = Path.GetRelativePath(folder, image);
        string? captionFile = s_captionExtensions.Select(e => Path.ChangeExtension(image, e)).FirstOrDefault(File.Exists);
        if (captionFile is null)
            return new CaptionedRow(image, 0, fileName, "") { Problem = $"{fileName}: no caption file {Path.GetFileNameWithoutExtension(image)}.txt beside it" };
        try
        {
            return new CaptionedRow(image, 0, fileName, File.ReadAllText(captionFile).ReplaceLineEndings(" ").Trim()) { Repeats = repeats };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EngineException($"{captionFile}: cannot be read: {e.Message}", e);
        }
    }
}
