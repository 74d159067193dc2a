namespace SeLoRA.Train;

/// <summary>Indiana University's chest X-rays as Kaggle has them: two tables and a folder of PNG files.</summary>
internal sealed class IuXrayLayout : IDataLayout
{
    private const string Reports = "indiana_reports.csv";

    private static readonly string[] s_imageFolders = ["images/images_normalized", "images_normalized", "images", ""];

    /// <inheritdoc/>
    public string Name => "iu-xray";

    /// <inheritdoc/>
    public string Title => "IU X-Ray (Kaggle tables), frontal views";

    /// <inheritdoc/>
    public string Needs => $"{Reports}, {IuProjections.FileName} and the images in images/images_normalized/";

    /// <inheritdoc/>
    public SplitShares Shares => IuSplit;

    /// <summary>80 % for training, 16 % for validation, 4 % for the test.</summary>
    public static SplitShares IuSplit { get; } = new(Validation: 0.16, Test: 0.04);

    /// <inheritdoc/>
    public bool IsAt(string folder) => File.Exists(Path.Combine(folder, Reports));

    /// <inheritdoc/>
    public LayoutRows Read(string folder, ulong seed)
    {
        string projections = Path.Combine(folder, IuProjections.FileName);
        var result = new LayoutRows(projections, [], []);
        Dictionary<string, (int Line, string Caption)> reports = ReadReports(Path.Combine(folder, Reports), result.Rows);
        var used = new HashSet<string>();
        int lateral = 0, textless = 0;
        foreach (IuProjection image in IuProjections.Read(projections))
        {
            string? problem = image.Problem;
            if (problem is null && !image.Frontal)
            {
                lateral++;
                continue;
            }
            string caption = "";
            if (problem is null && !reports.ContainsKey(image.Uid)) problem = $"uid {image.Uid} is not in {Reports}";
            else if (problem is null)
            {
                caption = reports[image.Uid].Caption;
                used.Add(image.Uid);
                if (caption.Length == 0)
                {
                    textless++;
                    continue;
                }
            }
            result.Rows.Add(new CaptionedRow(projections, image.Line, Locate(folder, image.File), caption) { Patient = image.Uid, Problem = problem });
        }
        result.Note(lateral, "lateral views left out");
        result.Note(textless, "frontal views left out: the report has neither findings nor impression");
        result.Note(reports.Keys.Count(uid => !used.Contains(uid)), "reports have no frontal view");
        return result;
    }

    private static Dictionary<string, (int Line, string Caption)> ReadReports(string path, List<CaptionedRow> rows)
    {
        CsvTable table = CsvTable.Read(path, "uid,findings,impression");
        int uid = table.Column("uid"), findings = table.Column("findings"), impression = table.Column("impression");
        var reports = new Dictionary<string, (int Line, string Caption)>(StringComparer.Ordinal);
        foreach (CsvRow row in table.Rows)
        {
            string id = row[uid];
            string? problem = row.Problem ?? (id.Length == 0 ? "empty uid" : null);
            if (problem is null && !reports.TryAdd(id, (row.Line, RadiologyReport.Caption(row[findings], row[impression]))))
                problem = $"uid {id}: listed before, in row {reports[id].Line}";
            if (problem is not null) rows.Add(new CaptionedRow(path, row.Line, id, "") { Problem = problem });
        }
        return reports;
    }

    private static string Locate(string folder, string file)
    {
        string found = s_imageFolders.FirstOrDefault(f => File.Exists(Path.Combine(folder, f, file)))
            ?? s_imageFolders.First(f => Directory.Exists(Path.Combine(folder, f)));
        return Path.Combine(found, file);
    }
}
