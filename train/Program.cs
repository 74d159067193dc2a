using System.CommandLine;
using SeLoRA.Engine;
using Spectre.Console;

namespace SeLoRA.Train;

internal static class Program
{
    private const string ToolName = "selora";

    /// <summary>Exit code of a run that was interrupted: 128 + SIGINT, as shells have it.</summary>
    public const int Interrupted = 130;

    /// <summary>How a user starts the program: the installed tool has a host of its own name.</summary>
    public static string Command { get; } =
        Path.GetFileNameWithoutExtension(Environment.ProcessPath) == ToolName ? ToolName : "dotnet run --project train --";

    /// <summary>Exit codes: 0 done, 1 an error that was explained in one line, 2 wrong use of the command line, 130 interrupted.</summary>
    public static int Main(string[] args)
    {
        ParseResult result = BuildCommand().Parse(args);
        if (result.Errors.Count > 0)
        {
            foreach (var error in result.Errors) Console.Error.WriteLine($"error: {error.Message}");
            Console.Error.WriteLine("see --help");
            return 2;
        }
        try
        {
            using var interruption = new Interruption();
            // The library's own handling of Ctrl-C ends the process after two seconds, which a step may well take.
            var configuration = new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null };
            return result.InvokeAsync(configuration, interruption.Token).GetAwaiter().GetResult();
        }
        catch (OperationCanceledException)
        {
            Console.Error.WriteLine("interrupted");
            return Interrupted;
        }
        catch (Exception e) when (e is EngineException or IOException or UnauthorizedAccessException)
        {
            AnsiConsole.Reset();
            Console.Error.WriteLine($"error: {e.Message}");
            return 1;
        }
    }

    private static RootCommand BuildCommand()
    {
        var root = new RootCommand(
            $"""
            SeLoRA.Native: fine-tunes Stable Diffusion 1.5 with low-rank adapters that grow their own rank.

            Without a verb it trains; without any argument it trains the built-in mini model on drawn radiographs, in about half
            a minute on two cores. Real use:   {Command} --model sd15/ --data my-images/
            """);
        TrainCommand.AddTo(root);
        root.Subcommands.Add(TrainCommand.Create());
        root.Subcommands.Add(SampleCommand.Create());
        root.Subcommands.Add(ReportCommand.Create());
        root.Subcommands.Add(EvaluateCommand.Create());
        root.Subcommands.Add(CompareCommand.Create());
        root.Subcommands.Add(DataCommand.Create());
        root.Subcommands.Add(DevicesCommand.Create());
        root.Subcommands.Add(SelfTestCommand.Create());
        root.Subcommands.Add(PretrainCommand.Create());
        return root;
    }
}
