using System.Globalization;
using SeLoRA.Engine;

namespace SeLoRA.Train;

/// <summary>Runs that differ in their seed alone: the folder <c>METHOD[-LAMBDA]</c> of a comparison, with <c>seedN</c> in it.</summary>
internal sealed record RunGroup(string Name, IReadOnlyList<RunRecord> Runs)
{
    /// <summary>The method of its runs.</summary>
    public string Method => Runs[0].Setting("method");

    /// <summary>The groups of a comparison's folder, by name.</summary>
    /// <exception cref="EngineException">A run has a damaged file.</exception>
    public static IReadOnlyList<RunGroup> Find(string folder) => [.. Directory.GetDirectories(folder).Order(StringComparer.Ordinal)
        .Select(group => new RunGroup(Path.GetFileName(group),
            [.. Directory.GetDirectories(group, "seed*").Where(RunRecord.IsRun).OrderBy(Path.GetFileName, StringComparer.Ordinal).Select(RunRecord.Read)]))
        .Where(group => group.Runs.Count > 0)];

    /// <summary>Mean, and standard deviation where there are two values or more, of what the runs have.</summary>
    /// <param name="value">A run's value; null where it has none.</param>
    /// <param name="format">Of both numbers.</param>
    public string MeanText(Func<RunRecord, double?> value, string format)
    {
        double[] values = [.. Runs.Select(value).Where(v => v is not null).Select(v => v!.Value)];
        if (values.Length == 0) return "";
        double mean = values.Average();
        string text = mean.ToString(format, CultureInfo.InvariantCulture);
        if (values.Length == 1) return text;
        double deviation = Math.Sqrt(values.Sum(v => (v - mean) * (v - mean)) / (values.Length - 1));
        return $"{text} ± {deviation.ToString(format, CultureInfo.InvariantCulture)}";
    }
}
