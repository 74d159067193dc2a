using System.CommandLine;
using SeLoRA.Engine;

namespace SeLoRA.Bench;

/// <summary>Benchmarks of the engine: single operators, whole steps, BenchmarkDotNet classes, and the comparison of two results.</summary>
internal static class Program
{
    private static int Main(string[] args)
    {
        try
        {
            if (args is ["kernels", .. var rest]) return KernelsCommand.Run(rest);
            var root = new RootCommand("Benchmarks. Results are JSON lines on standard output; everything else goes to standard error.")
            {
                MicroCommand.Create(), StepCommand.Create(), KernelsCommand.Create(), CompareCommand.Create(),
            };
            return root.Parse(args).Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
        }
        catch (Exception e) when (e is EngineException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            Console.Error.WriteLine($"error: {e.Message}");
            return 1;
        }
    }
}
