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
        var cell = new Option<string?>("--cell") { Hidden = true };
        var options = new RunOptions();
        var arguments = new EvaluationArguments();
        var command = new Command("compare",
            "Train and evaluate several methods under the same options. The same command again goes on where it was stopped. With several devices"
            + " (--device cuda:0,cuda:1) each runs a cell of its own at a time.")
        { methods, lambdas, seeds, cell };
        arguments.AddTo(command);
        options.AddTo(command, "--method", "--lambda");
        command.SetAction((result, cancel) =>
        {
            RunConfig common = options.Read(result);
            IReadOnlyList<ComparisonCell> cells = Plan(common, List(result.GetValue(methods)!), [.. List(result.GetValue(lambdas)!).Select(Lambda)], result.GetValue(seeds));
            return Task.FromResult(result.GetValue(cell) is { } one
                ? RunOne(cells, one, arguments.Read(result), cancel)
                : RunAll(common, cells, arguments.Read(result), [.. result.Tokens.Select(t => t.Value)], cancel));
        });
        return command;
    }

    private static IReadOnlyList<ComparisonCell> Plan(RunConfig common, string[] methods, double[] lambdas, int seeds)
    {
        if (common.Out is null) throw new EngineException("--out: empty; a comparison needs its own folder, --out DIR");
        if (methods.Length == 0) throw new EngineException($"--methods: empty; some of {string.Join(", ", Methods.Names)} are needed");
        if (lambdas.Length == 0) throw new EngineException("--lambdas: empty; at least one is needed");
        if (seeds < 1) throw new EngineException($"--seeds {seeds}: at least 1 is needed");
        return ComparisonCell.Plan(common with { Device = List(common.Device).FirstOrDefault() ?? "" }, methods, lambdas, seeds);
    }

    private static int RunAll(RunConfig common, IReadOnlyList<ComparisonCell> cells, EvaluationOptions evaluation, string[] arguments, CancellationToken cancel)
    {
        string[] devices = List(common.Device);
        foreach (string device in devices) Device.Parse(device);
        using FolderLock held = FolderLock.Take(common.Out!);
        ComparisonOptions.Hold(common, evaluation);
        int code = devices.Length > 1 ? new CellProcesses(arguments, cells).Run(devices, cancel) : RunInTurn(cells, evaluation, cancel);
        if (code != 0) return code;
        var table = new ComparisonTable(cells);
        table.Save(common.Out!);
        table.Print();
        Console.WriteLine($"results   {Path.Combine(common.Out!, "comparison.md")} and comparison.json");
        Console.WriteLine($"report    {ComparisonPage.Write(common.Out!)}");
        return 0;
    }

    private static int RunInTurn(IReadOnlyList<ComparisonCell> cells, EvaluationOptions evaluation, CancellationToken cancel)
    {
        for (int i = 0; i < cells.Count; i++)
        {
            ComparisonCell cell = cells[i];
            Console.WriteLine($"cell {i + 1} of {cells.Count}: {cell.Name}, seed {cell.Config.Seed}{(cell.IsFinished ? ": done already" : "")}");
            if (cell.IsFinished) continue;
            int code = cell.Run(evaluation, cancel);
            if (code != 0) return code;
        }
        return 0;
    }

    // In a process that another one started (CellProcesses), which holds the folder.
    private static int RunOne(IReadOnlyList<ComparisonCell> cells, string place, EvaluationOptions evaluation, CancellationToken cancel)
    {
        string[] parts = place.Split('@');
        ComparisonCell cell = cells.First(c => c.Key == parts[0]);
        cell.Config.Device = parts[1];
        using CancellationTokenSource asked = CellProcesses.Asked(cancel);
        return cell.Run(evaluation, asked.Token);
    }

    private static string[] List(string text) => text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    private static double Lambda(string text) => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value)
        ? value
        : throw new EngineException($"--lambdas {text}: a number is needed");
}
