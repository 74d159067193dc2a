using SeLoRA.Engine;

namespace SeLoRA.Train;

/// <summary>An image that an evaluation left behind.</summary>
/// <param name="Path">The generated image.</param>
/// <param name="RealPath">The real image of the same caption; only the first ones are kept.</param>
/// <param name="Caption">Its caption.</param>
/// <param name="Seed">Its seed.</param>
internal sealed record EvaluatedImage(string Path, string RealPath, string Caption, string Seed)
{
    /// <summary>Those of a run's folder in their order; none where it was not evaluated.</summary>
    /// <exception cref="EngineException">The list of images is damaged.</exception>
    public static IReadOnlyList<EvaluatedImage> Read(string run)
    {
        string folder = System.IO.Path.Combine(run, Evaluation.ImageFolder), list = System.IO.Path.Combine(folder, "metadata.csv");
        if (!File.Exists(list)) return [];
        CsvTable table = CsvTable.Read(list, SampleFolder.Header);
        int file = table.Column("file_name"), text = table.Column("text"), seed = table.Column("seed");
        return [.. table.Rows.Select((row, i) => row.Problem is { } problem
            ? throw new EngineException($"{list} line {row.Line}: {problem}")
            : new EvaluatedImage(System.IO.Path.Combine(folder, System.IO.Path.GetFileName(row.Fields[file])), Evaluation.RealPath(folder, i), row.Fields[text], row.Fields[seed]))];
    }
}
