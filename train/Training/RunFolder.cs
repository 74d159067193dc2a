using System.Globalization;
using System.Text;
using SeLoRA.Adapters;
using SeLoRA.Engine;

namespace SeLoRA.Train;

/// <summary>
/// The files of one run: <c>config.json</c>, <c>metrics.csv</c>, <c>ranks.csv</c>, <c>checkpoints/</c>, <c>adapter.safetensors</c>,
/// <c>samples/</c> and the plots. Whole files are written to a temporary name and renamed; tables are appended line by line.
/// </summary>
internal sealed class RunFolder
{
    /// <summary>Where runs go that have no place of their own.</summary>
    public const string Parent = "runs";

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

    /// <summary>Makes the folder of a new run; one that already holds a run, or that another process writes to, is an error.</summary>
    /// <param name="config">Options of the run.</param>
    /// <param name="held">Keeps the folder to this process until it is disposed.</param>
    public static RunFolder Create(RunConfig config, out FolderLock held)
    {
        var folder = new RunFolder(System.IO.Path.GetFullPath(config.Out ?? FreeName(config.Method)));
        held = FolderLock.Take(folder.Path);
        try
        {
            RefuseRun(folder.Path);
            AtomicFile.RemoveLeftovers(folder.Path);
            folder.MakeFolders();
            folder.WriteText("metrics.csv", MetricsRow.Header + "\n");
            folder.WriteText("ranks.csv", RanksHeader + "\n");
            // Last: a folder that has it is a whole run, however short.
            folder.WriteText("config.json", config.ToJson());
            return folder;
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    /// <summary>Refuses a folder that holds a run already: before anything that takes time, and again when the folder is made.</summary>
    public static void RefuseRun(string? path)
    {
        if (path is not null && File.Exists(System.IO.Path.Combine(path, "config.json")))
            throw new EngineException($"{path}: holds a run already; continue it with --resume {path}, or choose another --out");
    }

    /// <summary>Opens the folder of an interrupted run to go on with it.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="held">Keeps the folder to this process until it is disposed.</param>
    public static RunFolder Resume(string path, out FolderLock held)
    {
        RunFolder folder = Open(path);
        held = FolderLock.Take(folder.Path);
        AtomicFile.RemoveLeftovers(folder.Path);
        folder.MakeFolders();
        return folder;
    }

    /// <summary>Opens the folder of a run to read it.</summary>
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
            // What stands behind the last line end is nothing, or the half of a row that a kill or a full disk left.
            string[] lines = File.ReadAllText(Sub(name)).Split('\n')[..^1];
            IEnumerable<string> kept = lines.Where((line, i) => i == 0
                || (int.TryParse(line.Split(',')[0], CultureInfo.InvariantCulture, out int s) && s <= step));
            WriteText(name, string.Join('\n', kept) + "\n");
        }
    }

    /// <summary>Appends one step.</summary>
    public void AppendMetrics(MetricsRow row) => Append("metrics.csv", row.ToCsv() + "\n");

    /// <summary>Appends a step's decisions on ranks: <c>grown</c> is the ranks won or, below 0, lost; scores that a method has not are empty.</summary>
    public void AppendRanks(IReadOnlyList<RankDecision> decisions)
    {
        if (decisions.Count == 0) return;
        Append("ranks.csv", string.Concat(decisions.Select(d => string.Create(CultureInfo.InvariantCulture,
            $"{d.Step},{d.Module},{d.Rank},{Score(d.FiOriginal)},{Score(d.FiExpanded)},{Score(d.Ratio)},{d.RankAfter - d.Rank}\n"))));

        static string Score(double value) => double.IsNaN(value) ? "" : value.ToString("G9", CultureInfo.InvariantCulture);
    }

    /// <summary>All rows so far; the first is step 0, before training.</summary>
    public IReadOnlyList<MetricsRow> ReadMetrics() => [.. File.ReadLines(Sub("metrics.csv")).Skip(1).Select(MetricsRow.Parse)];

    /// <summary>Writes a whole text file or nothing.</summary>
    public void WriteText(string name, string text) => AtomicFile.Write(Sub(name), stream => stream.Write(Encoding.UTF8.GetBytes(text)));

    private void Append(string name, string text)
    {
        try
        {
            File.AppendAllText(Sub(name), text);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EngineException($"{Sub(name)}: cannot be written: {e.Message}", e);
        }
    }

    private void MakeFolders()
    {
        Directory.CreateDirectory(Checkpoints);
        Directory.CreateDirectory(Samples);
    }

    // Two runs that start within a second, or a clock that was set back, must not meet in one folder.
    private static string FreeName(string method)
    {
        string name = System.IO.Path.Combine(Parent, $"{DateTime.Now.ToString("yyyyMMdd-HHmmss", CultureInfo.InvariantCulture)}-{method}");
        for (int i = 1; ; i++)
        {
            string path = i == 1 ? name : $"{name}-{i}";
            if (!Directory.Exists(path)) return path;
        }
    }
}
