using System.Runtime.InteropServices;
using System.Text.Json;
using TorchSharp;

namespace SeLoRA.Bench.TorchSharp;

/// <summary>Times libtorch on the processor at the same shapes as the engine's benchmarks; one JSON object a line.</summary>
internal static class Program
{
    private static int Main(string[] args)
    {
        bool deep = args.Contains("--deep");
        int at = Array.IndexOf(args, "--filter");
        if (args.Except(["--deep", "--filter"]).Count() != (at >= 0 ? 1 : 0) || at == args.Length - 1 && at >= 0)
        {
            Console.Error.WriteLine("usage: [--deep] [--filter TEXT]");
            return 2;
        }
        string filter = at >= 0 ? args[at + 1] : "";
        if (WhyAbsent() is { } reason)
        {
            Console.WriteLine($"skipped: libtorch is not available: {reason}");
            return 0;
        }
        torch.set_num_threads(Environment.ProcessorCount);
        foreach (TorchOp op in TorchOps.All(deep))
        {
            if (!op.Name.Contains(filter, StringComparison.OrdinalIgnoreCase)
                && !op.Shape.Name.Contains(filter, StringComparison.OrdinalIgnoreCase)) continue;
            using var scope = torch.NewDisposeScope();
            foreach ((string method, Action run) in op.Prepare()) Report(op, method, Stopwatch.Median(run));
        }
        return 0;
    }

    private static void Report(TorchOp op, string method, double seconds) => Console.WriteLine(JsonSerializer.Serialize(new
    {
        peer = "libtorch",
        device = "cpu",
        threads = Environment.ProcessorCount,
        op = op.Name,
        method,
        shape = op.Shape.Name,
        ms = double.Round(seconds * 1e3, 4),
        rate = op.Shape.WorkOf(method).Rate(seconds),
    }));

    // The loader is asked first: TorchSharp answers a failure with two pages on standard output.
    private static string? WhyAbsent()
    {
        string name = OperatingSystem.IsWindows() ? "LibTorchSharp.dll" : OperatingSystem.IsMacOS() ? "libLibTorchSharp.dylib" : "libLibTorchSharp.so";
        string folder = Path.Combine(AppContext.BaseDirectory, "runtimes", RuntimeInformation.RuntimeIdentifier, "native");
        string path = Path.Combine(folder, name);
        if (!File.Exists(path)) return $"there is no {name} for {RuntimeInformation.RuntimeIdentifier}";
        try
        {
            NativeLibrary.Load(path);
            using torch.Tensor one = torch.ones(1);
            return null;
        }
        catch (Exception e) when (e is DllNotFoundException or BadImageFormatException or TypeInitializationException or NotSupportedException)
        {
            string[] lines = [.. e.GetBaseException().Message.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)];
            // The first line is advice; the loader's own words follow.
            return lines.FirstOrDefault(l => l.Contains("not found", StringComparison.Ordinal)) ?? lines[0];
        }
    }
}
