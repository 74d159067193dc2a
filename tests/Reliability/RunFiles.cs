using SeLoRA.Engine;

namespace SeLoRA.Tests;

/// <summary>What of a run's files is the same whenever the run is.</summary>
internal static class RunFiles
{
    /// <summary>The tensors of a file, by name.</summary>
    public static Dictionary<string, string> Tensors(string path)
    {
        using SafetensorsReader reader = SafetensorsReader.Open(path);
        return reader.Names.ToDictionary(n => n, n => Convert.ToHexString(reader.Bytes(n)));
    }

    /// <summary>The columns of the table of a run that do not tell times.</summary>
    public static IEnumerable<string> Losses(string run) =>
        File.ReadAllLines(Path.Combine(run, "metrics.csv")).Select(line => string.Join(',', line.Split(',')[..5]));
}
