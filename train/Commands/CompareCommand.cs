using System.CommandLine;
using System.Globalization;
using SeLoRA.Engine;

namespace SeLoRA.Train;

/// <summary>compare: trains and evaluates methods under the same options, over several seeds.</summary>
internal static class CompareCommand
{
    /// <summary>The verb.</summary>
    public static Command Create()
    {
        var methods = new Option<string>("--methods") { HelpName = "LIST", Description = "Methods, as a comma list (lora,adalora,dylora,selora).", DefaultValueFactory = _ => "lora,adalora,dylora,selora" };
        var lambdas = new Option<string>("--lambdas") { HelpName = "LIST", Description = "SeLoRA's thresholds; one row of the table each (1.1).", DefaultValueFactory = _ => "1.1" };
        var seeds = new Option<int>("--seeds") { HelpName = "N", Description = "Seeds, from --seed on; each draws its own split and phantoms (3).", DefaultValueFactory = _ => 3 };
        var options = new RunOptions();
        var arguments = new EvaluationArguments();
        var command = new Command("compare",
            "Train and evaluate several methods under the same options. The same command again goes on where it was stopped.")
        { methods, lambdas, seeds };
        arguments.AddTo(command);
        options.AddTo(command, "--method", "--lambda");
        command.SetAction((result, cancel) => Task.FromResult(Run(options.Read(result), List(result.GetValue(methods)!),
            [.. List(result.GetValue(lambdas)!).Select(Lambda)], result.GetValue(seeds), arguments.Read(result), cancel)));
        return command;
    }

    private static int Run(RunConfig common, string[] methods, double[] lambdas, int seeds, EvaluationOptions evaluation, CancellationToken cancel)
    {
        if (common.Out is null) throw new EngineException("--out: empty; a comparison needs its own folder, --out DIR");
        if (methods.Length == 0) throw new EngineException($"--methods: empty; some of {string.Join(", ", Methods.Names)} are needed");
        if (lambdas.Length == 0) throw new EngineException("--lambdas: empty; at least one is needed");
        if (seeds < 1) throw new EngineException($"--seeds {seeds}: at least 1 is needed");
        IReadOnlyList<ComparisonCell> cells = ComparisonCell.Plan(common, methods, lambdas, seeds);
        using FolderLock held = FolderLock.Take(common.Out);
        ComparisonOptions.Hold(common, evaluation);
        for (int i = 0; i < cells.Count; i++)
        {
            ComparisonCell cell = cells[i];
            Console.WriteLine($"cell {i + 1} of {cells.Count}: {cell.Name}, seed {cell.Config.Seed}{(cell.IsFinished ? ": done already" : "")}");
            if (cell.IsFinished) continue;
            int code = cell.Run(evaluation, cancel);
            if (code != 0) return code;
        }
        var table = new ComparisonTable(cells);
        table.Save(common.Out);
        table.Print();
        Console.WriteLine($"results   {Path.Combine(common.Out, "comparison.md")} and comparison.json");
        Console.WriteLine($"report    {ComparisonPage.Write(common.Out)}");
        return 0;
    }

    private static string[] List(string text) => text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    private static double Lambda(string text) => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value)
        ? value
        : throw new EngineException($"--lambdas {text}: a number is needed");
}
