using System.CommandLine;
using System.Runtime.InteropServices;
using SeLoRA.Engine;

namespace SeLoRA.WeightsConvert;

/// <summary>The command line. Exit code 0: done; 1: the input is wrong, one line says how; 2: the command line is wrong; 130: interrupted.</summary>
internal static class Program
{
    private const int Interrupted = 130;

    private static int Main(string[] args)
    {
        using var source = new CancellationTokenSource();
        // The first signal ends the work where it can take back what it began; the second one ends the process.
        void Handle(PosixSignalContext context)
        {
            if (source.IsCancellationRequested) return;
            context.Cancel = true;
            source.Cancel();
        }
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Handle);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Handle);
        return Run(args, Console.Out, Console.Error, source.Token);
    }

    /// <summary>Runs one command line, writing to the given streams.</summary>
    internal static int Run(string[] args, TextWriter output, TextWriter error, CancellationToken cancel = default)
    {
        var root = new RootCommand("Looks into files of Stable Diffusion 1.5 weights and low-rank adapters, and converts them.")
        {
            InspectCommand.Create(output, error),
            ConvertCommand.Create(output, error, cancel),
            AdapterCommand.Create(output, error),
            MergeCommand.Create(output, error, cancel),
            ResizeCommand.Create(output, error, cancel),
        };
        ParseResult parsed = root.Parse(args);
        if (parsed.Errors.Count > 0)
        {
            error.WriteLine($"weights-convert: {parsed.Errors[0].Message.ReplaceLineEndings(" ")} See --help.");
            return 2;
        }
        try
        {
            return parsed.Invoke(new InvocationConfiguration { Output = output, Error = error, EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
        }
        catch (OperationCanceledException)
        {
            error.WriteLine("interrupted; nothing was written");
            return Interrupted;
        }
        catch (Exception e) when (e is EngineException or IOException or UnauthorizedAccessException)
        {
            error.WriteLine(e.Message.ReplaceLineEndings(" "));
            return 1;
        }
    }
}
