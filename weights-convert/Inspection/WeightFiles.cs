using System.Text.Json;
using SeLoRA.Engine;

namespace SeLoRA.WeightsConvert;

/// <summary>The weight files that a path names.</summary>
/// <param name="Paths">Safetensors files and indices of sharded ones, in ordinal order.</param>
/// <param name="Notes">Lines about the folder as a whole.</param>
internal sealed record WeightFiles(IReadOnlyList<string> Paths, IReadOnlyList<string> Notes)
{
    private const string IndexEnding = ".safetensors.index.json";

    private static readonly string[] PickleEndings = [".bin", ".ckpt", ".pt", ".pth"];

    /// <summary>A file itself, or everything below a folder; the parts of a sharded file are not listed beside its index.</summary>
    /// <exception cref="EngineException">Nothing there, or a folder without safetensors files.</exception>
    public static WeightFiles Find(string path)
    {
        if (File.Exists(path)) return new WeightFiles([path], []);
        if (!Directory.Exists(path)) throw new EngineException($"{path}: no such file or folder");

        List<string> all = [.. Directory.EnumerateFiles(path, "*", new EnumerationOptions { RecurseSubdirectories = true })
            .Order(StringComparer.Ordinal)];
        string[] indices = [.. all.Where(f => f.EndsWith(IndexEnding, StringComparison.Ordinal))];
        bool IsShard(string file) => Array.Exists(indices, index =>
            file.StartsWith(index[..^IndexEnding.Length] + "-", StringComparison.Ordinal));
        List<string> found = [.. all.Where(f =>
            f.EndsWith(IndexEnding, StringComparison.Ordinal) || (f.EndsWith(".safetensors", StringComparison.Ordinal) && !IsShard(f)))];

        int pickles = all.Count(f => Array.Exists(PickleEndings, e => f.EndsWith(e, StringComparison.OrdinalIgnoreCase)));
        if (found.Count == 0)
        {
            throw new EngineException($"{path}: no .safetensors file here or below" +
                (pickles > 0 ? $"; {pickles} pickle file(s) (.bin, .ckpt, .pt, .pth) are not read" : ""));
        }
        var notes = new List<string>();
        string modelIndex = Path.Combine(path, "model_index.json");
        if (File.Exists(modelIndex)) notes.Add($"{path}: diffusers folder, pipeline {JsonText(modelIndex, "_class_name")}");
        if (pickles > 0) notes.Add($"{path}: {pickles} pickle file(s) (.bin, .ckpt, .pt, .pth) are not read");
        return new WeightFiles(found, notes);
    }

    /// <summary>Opens a file or the index of a sharded one.</summary>
    public static ITensorSource Open(string path) => path.EndsWith(IndexEnding, StringComparison.Ordinal)
        ? ShardedSafetensors.Open(path)
        : SafetensorsReader.Open(path);

    /// <summary>A value of a JSON object as text.</summary>
    public static string JsonText(string path, string key)
    {
        try
        {
            using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(path));
            return json.RootElement.ValueKind == JsonValueKind.Object && json.RootElement.TryGetProperty(key, out JsonElement value)
                ? Text.Clean(value.ToString())
                : $"unknown (no {key} in {Path.GetFileName(path)})";
        }
        catch (JsonException e)
        {
            throw new EngineException($"{path}: is not JSON: {e.Message}", e);
        }
    }
}
