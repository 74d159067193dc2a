using System.CommandLine;

namespace SeLoRA.Train;

/// <summary>evaluate: how near the images of a trained adapter come to real ones that it has not seen.</summary>
internal static class EvaluateCommand
{
    private static readonly string[] OfTheRun =
    [
        "--model", "--data", "--dataset", "--column", "--phantoms", "--size", "--validation", "--skip-bad", "--sample-steps", "--guidance",
        "--batch", "--device", "--precision", "--no-graphs",
    ];

    /// <summary>The verb.</summary>
    public static Command Create()
    {
        var subject = new Argument<string>("RUN_OR_ADAPTER") { Description = "A run folder, whose options hold where none is given here, or an adapter file." };
        var options = new RunOptions();
        var arguments = new EvaluationArguments();
        var seed = new Option<ulong?>("--seed") { HelpName = "N", Description = "Seed of the first image (that of the run)." };
        var command = new Command("evaluate", "Generate an image for each test caption and measure Frechet distance and CLIP score.") { subject, seed };
        arguments.AddTo(command);
        options.AddOnly(command, OfTheRun);
        command.SetAction((result, cancel) =>
        {
            EvaluationSubject run = EvaluationSubject.Open(result.GetValue(subject)!);
            // Layout and column belong to the data that they were given for.
            if (options.Given(result).Contains("--data")) (run.Config.Dataset, run.Config.Column) = ("auto", new RunConfig().Column);
            options.Apply(result, run.Config);
            Evaluation.Run(run with { Config = run.Config.Resolve() }, arguments.Read(result), result.GetValue(seed), cancel);
            return Task.FromResult(0);
        });
        return command;
    }
}
