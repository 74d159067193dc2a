using System.CommandLine;
using SeLoRA.Engine;

namespace SeLoRA.WeightsConvert;

/// <summary>The command line. Exit code 0: done; 1: the input is wrong, one line says how; 2: the command line is wrong.</summary>
internal static class Program
{
    private static int Main(string[] args) => Run(args, Console.Out, Console.Error);

    /// <summary>Runs one command line, writing to the given streams.</summary>
    internal static int Run(string[] args, TextWriter output, TextWriter error)
    {
        var root = new RootCommand("Looks into files of Stable Diffusion 1.5 weights and low-rank adapters, and converts them.")
        {
            InspectCommand.Create(output, error),
            ConvertCommand.Create(output, error),
            AdapterCommand.Create(output, error),
            MergeCommand.Create(output, error),
            ResizeCommand.Create(output, error),
        };
        ParseResult parsed = root.Parse(args);
        if (parsed.Errors.Count > 0)
        {
            error.WriteLine($"weights-convert: {parsed.Errors[0].Message.ReplaceLineEndings(" ")} See --help.");
            return 2;
        }
        try
        {
            return parsed.Invoke(new InvocationConfiguration { Output = output, Error = error, EnableDefaultExceptionHandler = false });
        }
        catch (Exception e) when (e is EngineException or IOException or UnauthorizedAccessException)
        {
            error.WriteLine(e.Message.ReplaceLineEndings(" "));
            return 1;
        }
    }
}
