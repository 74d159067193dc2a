using System.CommandLine;
using SeLoRA.Engine;

namespace SeLoRA.Train;

/// <summary>train: fine-tune a model with adapters; the default verb.</summary>
internal static class TrainCommand
{
    /// <summary>The verb on its own.</summary>
    public static Command Create()
    {
        var command = new Command("train", "Fine-tune with SeLoRA, LoRA, AdaLoRA or DyLoRA (the default verb).");
        AddTo(command);
        return command;
    }

    /// <summary>Gives a command the options and the action of training.</summary>
    public static void AddTo(Command command)
    {
        var options = new RunOptions();
        options.AddTo(command);
        var resume = new Option<string?>("--resume")
        {
            HelpName = "DIR",
            Description = "Continue the run in this folder from its last checkpoint, bit for bit.",
        };
        command.Options.Add(resume);
        command.SetAction((result, cancel) => Task.FromResult(Run(options, result, result.GetValue(resume), cancel)));
    }

    private static int Run(RunOptions options, ParseResult result, string? resume, CancellationToken cancel)
    {
        if (resume is null) return TrainingRun.Start(options.Read(result).Resolve(), cancel);
        string given = string.Join(", ", options.Given(result).Where(name => name is not ("--device" or "--steps" or "--epochs")));
        if (given.Length > 0)
            throw new EngineException($"--resume continues a run as it was: {given} cannot change (--device, --steps and --epochs can)");
        string path = Path.Combine(resume, "config.json");
        if (!File.Exists(path)) throw new EngineException($"{resume}: no config.json, so no run to resume");
        RunConfig config = RunConfig.Read(path);
        RunConfig asked = options.Read(result);
        if (config.Method == "adalora" && (asked.Steps is not null || asked.Epochs is not null))
            throw new EngineException("--resume: AdaLoRA's budget is a schedule over the whole run, so --steps and --epochs cannot change");
        if (asked.Device != "auto") config.Device = asked.Device;
        if (asked.Steps is not null || asked.Epochs is not null) (config.Steps, config.Epochs) = (asked.Steps, asked.Epochs);
        config.Out = resume;
        return TrainingRun.Resume(config.Resolve(), cancel);
    }
}
