using System.Globalization;
using SeLoRA.Engine;

namespace SeLoRA.Train;

/// <summary>One run of a comparison.</summary>
/// <param name="Name">The method, with SeLoRA's lambda: <c>selora-1.1</c>.</param>
/// <param name="Config">Its resolved options; <see cref="RunConfig.Out"/> is its folder.</param>
internal sealed record ComparisonCell(string Name, RunConfig Config)
{
    /// <summary>Every cell, method by method; lambda matters to SeLoRA only.</summary>
    /// <param name="common">What all cells share; its seed is the first one.</param>
    /// <param name="methods">Names of methods.</param>
    /// <param name="lambdas">SeLoRA's thresholds.</param>
    /// <param name="seeds">Number of seeds.</param>
    /// <exception cref="EngineException">A name or value is impossible for one of the cells.</exception>
    public static IReadOnlyList<ComparisonCell> Plan(RunConfig common, IReadOnlyList<string> methods, IReadOnlyList<double> lambdas, int seeds) =>
    [
        .. from method in methods.Distinct()
           from lambda in method == "selora" ? lambdas.Distinct() : [common.Lambda]
           from seed in Enumerable.Range(0, seeds).Select(i => common.Seed + (ulong)i)
           let name = method == "selora" ? $"selora-{lambda.ToString("0.0#####", CultureInfo.InvariantCulture)}" : method
           select new ComparisonCell(name, (common with
           {
               Method = method,
               Lambda = lambda,
               Seed = seed,
               Out = Path.Combine(common.Out!, name, $"seed{seed.ToString(CultureInfo.InvariantCulture)}"),
           }).Resolve()),
    ];

    /// <summary>The cell within its comparison: <c>selora-1.1/seed42</c>, its folder's name as well.</summary>
    public string Key => $"{Name}/seed{Config.Seed.ToString(CultureInfo.InvariantCulture)}";

    /// <summary>Trained and evaluated.</summary>
    public bool IsFinished => File.Exists(Path.Combine(Config.Out!, EvaluationFile.Name));

    /// <summary>Does what is missing: trains from the start or from the last checkpoint, as <c>train</c> does, then evaluates.</summary>
    /// <returns>0, or the exit code of an interrupted run.</returns>
    public int Run(EvaluationOptions options, CancellationToken cancel)
    {
        FreshMemory();
        int code = Train(cancel);
        if (code != 0) return code;
        EvaluationSubject run = EvaluationSubject.Open(Config.Out!);
        // A cell may go on elsewhere than it was begun.
        run.Config.Device = Config.Device;
        Evaluation.Run(run, options, null, cancel);
        return 0;
    }

    private int Train(CancellationToken cancel)
    {
        string folder = Config.Out!;
        if (!File.Exists(Path.Combine(folder, "config.json"))) return TrainingRun.Start(Config, cancel);
        return RunFolder.Open(folder).IsComplete ? 0 : TrainingRun.Resume(Config, cancel);
    }

    // A cell's peak of memory is its own: what the one before it held is freed by finalisers.
    private void FreshMemory()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        Backend.Get(Device.Parse(Config.Device)).ResetPeak();
    }
}
