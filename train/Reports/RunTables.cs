using System.Globalization;
using SeLoRA.Engine;

namespace SeLoRA.Train;

/// <summary>A row of <c>ranks.csv</c>; the ratio is NaN where the method has none.</summary>
internal sealed record RankRow(int Step, string Module, int Before, int After, double Ratio);

/// <summary>Reads a run's tables, those of a run that was killed in the middle of a row too.</summary>
internal static class RunTables
{
    /// <summary><c>metrics.csv</c>; no rows where there is no file.</summary>
    /// <exception cref="EngineException">A row is damaged; the message names it.</exception>
    public static IReadOnlyList<MetricsRow> Metrics(string folder) => Read(Path.Combine(folder, "metrics.csv"), MetricsRow.Parse);

    /// <summary><c>ranks.csv</c>; no rows where there is no file.</summary>
    /// <exception cref="EngineException">A row is damaged; the message names it.</exception>
    public static IReadOnlyList<RankRow> Ranks(string folder) => Read(Path.Combine(folder, "ranks.csv"), line =>
    {
        // step,module,rank,fi_original,fi_expanded,ratio,grown
        string[] f = line.Split(',');
        int rank = int.Parse(f[2], CultureInfo.InvariantCulture);
        double ratio = f[5].Length == 0 ? double.NaN : double.Parse(f[5], CultureInfo.InvariantCulture);
        return new RankRow(int.Parse(f[0], CultureInfo.InvariantCulture), f[1], rank, rank + int.Parse(f[6], CultureInfo.InvariantCulture), ratio);
    });

    private static List<T> Read<T>(string path, Func<string, T> parse)
    {
        if (!File.Exists(path)) return [];
        string[] lines = File.ReadAllText(path).Split('\n');
        var rows = new List<T>(lines.Length);
        // What stands behind the last line end is nothing, or the half of a row that a kill left.
        for (int i = 1; i < lines.Length - 1; i++)
        {
            try
            {
                rows.Add(parse(lines[i].TrimEnd('\r')));
            }
            catch (Exception e) when (e is FormatException or OverflowException or IndexOutOfRangeException)
            {
                throw new EngineException($"{path} line {i + 1}: damaged row \"{DataText.Shown(lines[i])}\"", e);
            }
        }
        return rows;
    }
}
