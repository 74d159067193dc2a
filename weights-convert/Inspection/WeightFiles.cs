using System.Text.Json;
using SeLoRA.Engine;

namespace SeLoRA.WeightsConvert;

/// <summary>The weight files that a path names.</summary>
/// <param name="Paths">Safetensors files, pickled ones, and indices of sharded ones, in ordinal order.</param>
/// <param name="Notes">Lines about the folder as a whole.</param>
internal sealed record WeightFiles(IReadOnlyList<string> Paths, IReadOnlyList<string> Notes)
{
    private const int LongestValue = 100;

    private static readonly string[] IndexEndings = [".safetensors.index.json", ".bin.index.json"];

    /// <summary>How names of pickled files end.</summary>
    public static string[] PickleEndings { get; } = [".bin", ".ckpt", ".pt", ".pth"];

    private static string[] Endings { get; } = [".safetensors", .. PickleEndings];

    /// <summary>A file itself, or everything below a folder; the parts of a sharded file are not listed beside its index.</summary>
    /// <exception cref="EngineException">Nothing there, or a folder without weight files.</exception>
    public static WeightFiles Find(string path)
    {
        if (File.Exists(path)) return new WeightFiles([path], []);
        if (!Directory.Exists(path)) throw new EngineException($"{path}: no such file or folder");

        List<string> all = [.. Directory.EnumerateFiles(path, "*", new EnumerationOptions { RecurseSubdirectories = true })
            .Order(StringComparer.Ordinal)];
        string[] shards = [.. all.Select(f => (File: f, Ending: Array.Find(IndexEndings, e => f.EndsWith(e, StringComparison.Ordinal))))
            .Where(f => f.Ending is not null).Select(f => f.File[..^f.Ending!.Length] + "-")];
        List<string> found = [.. all.Where(f => Array.Exists(IndexEndings, e => f.EndsWith(e, StringComparison.Ordinal))
            || (HasEnding(f, Endings) && !Array.Exists(shards, s => f.StartsWith(s, StringComparison.Ordinal))))];
        if (found.Count == 0) throw new EngineException($"{path}: no weight file here or below ({string.Join(", ", Endings)})");
        var notes = new List<string>();
        string modelIndex = Path.Combine(path, "model_index.json");
        if (File.Exists(modelIndex)) notes.Add($"{path}: diffusers folder, pipeline {JsonText(modelIndex, "_class_name")}");
        return new WeightFiles(found, notes);
    }

    /// <summary>Whether a name ends in one of several ways, in capitals or not.</summary>
    public static bool HasEnding(string path, IEnumerable<string> endings) =>
        endings.Any(e => path.EndsWith(e, StringComparison.OrdinalIgnoreCase));

    private static string Shorten(string value) => value.Length > LongestValue ? value[..LongestValue] + "..." : value;

    /// <summary>A value of a JSON object as text.</summary>
    public static string JsonText(string path, string key)
    {
        try
        {
            using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(path));
            return json.RootElement.ValueKind == JsonValueKind.Object && json.RootElement.TryGetProperty(key, out JsonElement value)
                ? Shorten(Text.Clean(value.ToString()))
                : $"unknown (no {key} in {Path.GetFileName(path)})";
        }
        catch (JsonException e)
        {
            throw new EngineException($"{path}: is not JSON: {e.Message}", e);
        }
        catch (InvalidOperationException e)
        {
            throw new EngineException($"{path}: holds a string that is not Unicode text", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EngineException($"{path}: cannot be read: {e.Message}", e);
        }
    }
}
