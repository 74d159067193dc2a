using System.CommandLine;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using SeLoRA.Engine;

namespace SeLoRA.Bench;

/// <summary>
/// kernels: BenchmarkDotNet on the engine's operations at SD-1.5 sizes. Own options: <c>--quick</c>, <c>--deep</c>,
/// <c>--devices cpu,cuda:0</c>; all others are BenchmarkDotNet's (<c>--filter '*Conv2d*'</c>, <c>--list flat</c>).
/// </summary>
internal static class KernelsCommand
{
    /// <summary>Runs what the arguments behind the verb ask for.</summary>
    /// <returns>1 if a benchmark failed.</returns>
    public static int Run(IEnumerable<string> args)
    {
        var rest = new List<string>(args);
        bool quick = rest.Remove("--quick"), deep = rest.Remove("--deep");
        TakeDevices(rest);
        // The switcher would ask, and wait for an answer.
        if (!rest.Exists(a => a is "--filter" or "-f" or "--list" or "--help" or "--version" or "--info"))
            rest.AddRange(["--filter", "*"]);
        Summary[] summaries =
            [.. BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run([.. rest], BenchConfig.Create(quick, deep))];
        bool failed = summaries.Any(s => s.HasCriticalValidationErrors || s.Reports.Any(r => !r.Success));
        if (failed) Console.Error.WriteLine("bench: at least one benchmark failed; its reason stands above, in a line that begins with bench:");
        return failed ? 1 : 0;
    }

    /// <summary>The verb, for the help; BenchmarkDotNet reads its own options.</summary>
    public static Command Create()
    {
        var arguments = new Argument<string[]>("options") { Description = "--quick, --deep, --devices LIST, and BenchmarkDotNet's own: --filter PATTERN, --list flat, ..." };
        var command = new Command("kernels", "BenchmarkDotNet on single operations, each checked against double precision first.") { arguments };
        command.TreatUnmatchedTokensAsErrors = false;
        return command;
    }

    private static void TakeDevices(List<string> args)
    {
        int at = args.IndexOf("--devices");
        if (at < 0) return;
        if (at + 1 == args.Count) throw new EngineException("--devices: a list is needed, such as cpu,cuda:0,opencl:0");
        BenchDevices.Names = [.. args[at + 1].Split(',').Select(d => Device.Parse(d).ToString()).Distinct()];
        args.RemoveRange(at, 2);
    }
}
