using System.Globalization;
using SeLoRA.Adapters;
using SeLoRA.Engine;

namespace SeLoRA.Train;

/// <summary>
/// The files of one run: <c>config.json</c>, <c>metrics.csv</c>, <c>ranks.csv</c>, <c>checkpoints/</c>, <c>adapter.safetensors</c>,
/// <c>samples/</c> and the plots. Whole files are written to a temporary name and renamed; tables are appended line by line.
/// </summary>
internal sealed class RunFolder
{
    private const string RanksHeader = "step,module,rank,fi_original,fi_expanded,ratio,grown";

    private RunFolder(string path) => Path = path;

    /// <summary>The folder.</summary>
    public string Path { get; }

    /// <summary>Trained adapter, the best by validation.</summary>
    public string Adapter => Sub("adapter.safetensors");

    /// <summary>Checkpoint files.</summary>
    public string Checkpoints => Sub("checkpoints");

    /// <summary>Sample grids.</summary>
    public string Samples => Sub("samples");

    /// <summary>The run came to its end: the loss curve is drawn after everything else that takes time.</summary>
    public bool IsComplete => File.Exists(Sub("loss.png"));

    /// <summary>Path of a file in the folder.</summary>
    public string Sub(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>Makes the folder of a new run; one that already holds a run is an error.</summary>
    public static RunFolder Create(RunConfig config)
    {
        string path = config.Out ?? System.IO.Path.Combine("runs",
            $"{DateTime.Now.ToString("yyyyMMdd-HHmmss", CultureInfo.InvariantCulture)}-{config.Method}");
        var folder = new RunFolder(System.IO.Path.GetFullPath(path));
        if (File.Exists(folder.Sub("config.json")))
            throw new EngineException($"{path}: holds a run already; continue it with --resume {path}, or choose another --out");
        Directory.CreateDirectory(folder.Checkpoints);
        Directory.CreateDirectory(folder.Samples);
        folder.WriteText("config.json", config.ToJson());
        File.WriteAllText(folder.Sub("metrics.csv"), MetricsRow.Header + "\n");
        File.WriteAllText(folder.Sub("ranks.csv"), RanksHeader + "\n");
        return folder;
    }

    /// <summary>Opens the folder of an interrupted run.</summary>
    public static RunFolder Open(string path)
    {
        var folder = new RunFolder(System.IO.Path.GetFullPath(path));
        if (!File.Exists(folder.Sub("config.json"))) throw new EngineException($"{path}: no config.json, so no run to resume");
        return folder;
    }

    /// <summary>Cuts both tables after the given step.</summary>
    public void TruncateTables(int step)
    {
        foreach (string name in (string[])["metrics.csv", "ranks.csv"])
        {
            string[] lines = File.ReadAllLines(Sub(name));
            IEnumerable<string> kept = lines.Where((line, i) => i == 0
                || (int.TryParse(line.Split(',')[0], CultureInfo.InvariantCulture, out int s) && s <= step));
            WriteText(name, string.Join('\n', kept) + "\n");
        }
    }

    /// <summary>Appends one step.</summary>
    public void AppendMetrics(MetricsRow row) => File.AppendAllText(Sub("metrics.csv"), row.ToCsv() + "\n");

    /// <summary>Appends a step's decisions on ranks: <c>grown</c> is the ranks won or, below 0, lost; scores that a method has not are empty.</summary>
    public void AppendRanks(IReadOnlyList<RankDecision> decisions)
    {
        if (decisions.Count == 0) return;
        File.AppendAllLines(Sub("ranks.csv"), decisions.Select(d => string.Create(CultureInfo.InvariantCulture,
            $"{d.Step},{d.Module},{d.Rank},{Score(d.FiOriginal)},{Score(d.FiExpanded)},{Score(d.Ratio)},{d.RankAfter - d.Rank}")));

        static string Score(double value) => double.IsNaN(value) ? "" : value.ToString("G9", CultureInfo.InvariantCulture);
    }

    /// <summary>All rows so far; the first is step 0, before training.</summary>
    public IReadOnlyList<MetricsRow> ReadMetrics() => [.. File.ReadLines(Sub("metrics.csv")).Skip(1).Select(MetricsRow.Parse)];

    /// <summary>Writes a whole text file or nothing.</summary>
    public void WriteText(string name, string text)
    {
        string temporary = Sub(name + ".tmp");
        File.WriteAllText(temporary, text);
        File.Move(temporary, Sub(name), overwrite: true);
    }
}
