using System.CommandLine;
using SeLoRA.Engine;

namespace SeLoRA.Bench;

/// <summary>Benchmarks of the engine: single operators, whole steps, start-up, BenchmarkDotNet classes, and the comparison of two results.</summary>
internal static class Program
{
    /// <summary>Exit codes: 0 done, 1 an error that was explained in one line, 2 wrong use of the command line.</summary>
    public static int Main(string[] args)
    {
        try
        {
            if (args is ["kernels", .. var rest]) return KernelsCommand.Run(rest);
            var root = new RootCommand("Benchmarks. Results are JSON lines on standard output; everything else goes to standard error.")
            {
                MicroCommand.Create(), StepCommand.Create(), StartupCommand.Create(), KernelsCommand.Create(), CompareCommand.Create(),
                GpuCheckCommand.Create(), TuneCommand.Create(),
            };
            ParseResult result = root.Parse(args);
            if (result.Errors.Count > 0)
            {
                foreach (var error in result.Errors) Console.Error.WriteLine($"error: {error.Message}");
                Console.Error.WriteLine("see --help");
                return 2;
            }
            return result.Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
        }
        catch (Exception e) when (e is EngineException or IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine($"error: {e.Message}");
            return 1;
        }
    }
}
