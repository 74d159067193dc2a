using System.CommandLine;
using SeLoRA.Engine;

namespace SeLoRA.Bench;

/// <summary>startup: from the start of a process to its first training step.</summary>
internal static class StartupCommand
{
    /// <summary>The verb.</summary>
    public static Command Create() => new("startup", "Time from the start of a process to its first training step.") { Model(), DefaultRun() };

    private static Command Model()
    {
        var folder = new Option<string?>("--folder") { HelpName = "DIR", Description = "A model. Without it one of full size with hash weights, in float32, is written to a temporary folder (4.3 GB) and removed." };
        var size = new Option<int>("--size") { HelpName = "PX", Description = "Side of the images (224).", DefaultValueFactory = _ => 224 };
        var batch = new Option<int>("--batch") { HelpName = "N", Description = "Images a step (1).", DefaultValueFactory = _ => 1 };
        var rank = new Option<int>("--rank") { HelpName = "R", Description = "Rank of SeLoRA's adapters (1).", DefaultValueFactory = _ => 1 };
        Option<int> rounds = Rounds.Option();
        var command = new Command("model", "Open and map a model folder, load its weights, first and second training step with SeLoRA.") { folder, size, batch, rank, rounds };
        command.SetAction(result =>
        {
            foreach (Option<int> option in (Option<int>[])[batch, rank])
                if (result.GetValue(option) < 1) throw new EngineException($"{option.Name} {result.GetValue(option)}: at least 1 is needed");
            if (result.GetValue(size) is var side && (side < 8 || side % 8 != 0)) throw new EngineException($"--size {side}: a multiple of 8 is needed");
            int count = Rounds.Of(result, rounds);
            var options = new StepOptions { Size = side, Batch = result.GetValue(batch), Method = "selora", Rank = result.GetValue(rank), Threshold = 1.1 };
            // One process a round: the second would find code compiled and memory touched.
            if (result.GetValue(folder) is { } given && count == 1) ModelStartup.Measure(given, options);
            else ModelStartup.InProcesses(result.GetValue(folder), options, count);
        });
        return command;
    }

    private static Command DefaultRun()
    {
        Option<int> rounds = Rounds.Option();
        var command = new Command("default-run", "Start the training program without arguments and wait for its first progress lines.") { rounds };
        command.SetAction(result => DefaultRunStartup.Measure(Rounds.Of(result, rounds)));
        return command;
    }
}
