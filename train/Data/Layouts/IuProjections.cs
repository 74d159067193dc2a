namespace SeLoRA.Train;

/// <summary>A row of <c>indiana_projections.csv</c>.</summary>
/// <param name="Line">Its line.</param>
/// <param name="Uid">Number of the report.</param>
/// <param name="File">Name of the image in the Kaggle copy.</param>
/// <param name="Frontal">True for a frontal view.</param>
/// <param name="Problem">Why the row cannot be used, or null.</param>
internal sealed record IuProjection(int Line, string Uid, string File, bool Frontal, string? Problem);

/// <summary>Which images of the Indiana University data are frontal. Only the table of the Kaggle copy says so.</summary>
internal static class IuProjections
{
    /// <summary>Name of the table.</summary>
    public const string FileName = "indiana_projections.csv";

    /// <summary>Reads the table.</summary>
    public static List<IuProjection> Read(string path)
    {
        CsvTable table = CsvTable.Read(path, "uid,filename,projection");
        int uid = table.Column("uid"), file = table.Column("filename"), view = table.Column("projection");
        return [.. table.Rows.Select(row =>
        {
            string projection = row[view];
            bool frontal = projection.Equals("Frontal", StringComparison.OrdinalIgnoreCase);
            string? problem = row.Problem
                ?? (frontal || projection.Equals("Lateral", StringComparison.OrdinalIgnoreCase)
                    ? null
                    : $"projection '{projection}'; expected Frontal or Lateral");
            return new IuProjection(row.Line, row[uid], row[file], frontal, problem);
        })];
    }

    /// <summary>
    /// What an image is called in both copies: <c>CXR1_1_IM-0001-3001</c> of report 1 and <c>1_IM-0001-3001.dcm.png</c> give
    /// <c>1/IM-0001-3001</c>.
    /// </summary>
    public static string Key(string uid, string name)
    {
        int at = name.IndexOf("IM-", StringComparison.Ordinal);
        return $"{uid}/{(at < 0 ? name : name[at..]).Split('.')[0]}";
    }
}
