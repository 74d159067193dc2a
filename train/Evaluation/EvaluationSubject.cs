using System.Globalization;
using SeLoRA.Engine;

namespace SeLoRA.Train;

/// <summary>What is evaluated: an adapter and the run it comes from.</summary>
/// <param name="Config">Options of the run, as far as they are known.</param>
/// <param name="Adapter">The adapter file.</param>
/// <param name="Folder">Where results go: the run folder, or one beside an adapter that lies alone.</param>
internal sealed record EvaluationSubject(RunConfig Config, string Adapter, string Folder)
{
    private const int StepsDefault = 20;

    /// <summary>Opens a run folder, or an adapter file in one or alone.</summary>
    /// <exception cref="EngineException">It is neither, or the run has no adapter yet.</exception>
    public static EvaluationSubject Open(string path)
    {
        if (Directory.Exists(path)) return OfRun(RunFolder.Open(path));
        if (!File.Exists(path)) throw new EngineException($"{path}: no such run folder or adapter file");
        string folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        if (File.Exists(Path.Combine(folder, "metrics.csv"))) return OfRun(RunFolder.Open(folder)) with { Adapter = path };
        // The seed decides which images the adapter has not seen.
        using SafetensorsReader file = SafetensorsReader.Open(path);
        ulong seed = file.Metadata.TryGetValue("ss_seed", out string? text) && ulong.TryParse(text, CultureInfo.InvariantCulture, out ulong known)
            ? known
            : new RunConfig().Seed;
        return new EvaluationSubject(new RunConfig { Seed = seed }, path, Path.Combine(folder, Path.GetFileNameWithoutExtension(path) + "-evaluation"));
    }

    private static EvaluationSubject OfRun(RunFolder run)
    {
        if (!File.Exists(run.Adapter)) throw new EngineException($"{run.Path}: no adapter.safetensors yet; let the run end first (--resume {run.Path})");
        RunConfig config = RunConfig.Read(run.Sub("config.json"));
        if (config.SampleSteps == 0) config.SampleSteps = StepsDefault;
        return new EvaluationSubject(config, run.Adapter, run.Path);
    }
}
