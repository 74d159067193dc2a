using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using TorchSharp;

namespace SeLoRA.Bench.TorchSharp;

/// <summary>micro for libtorch in this process: the same shapes, phases, rule of timing and keys, one JSON object a line.</summary>
internal static class Program
{
    private static int Main(string[] args)
    {
        if (args.Length > 1 || args is ["-h" or "--help"])
        {
            Console.Error.WriteLine("usage: [REGEX]   operators whose name and shape match, as of the verb micro");
            return args.Length > 1 ? 2 : 0;
        }
        if (WhyAbsent() is { } reason)
        {
            Console.Error.WriteLine($"skipped: libtorch does not load here: {reason}");
            return 0;
        }
        torch.set_num_threads(Environment.ProcessorCount);
        foreach (MicroShape op in MicroShapes.All().Where(s => Regex.IsMatch($"{s.Op} {s.Text}", args.FirstOrDefault() ?? ""))) Run(op);
        return 0;
    }

    private static void Run(MicroShape op)
    {
        using var scope = torch.NewDisposeScope();
        torch.Tensor[] inputs = [.. op.Inputs.Select(dims => torch.randn([.. dims.Select(d => (long)d)]))];
        torch.Tensor gradient;
        using (torch.no_grad()) gradient = torch.randn_like(TorchOps.Run(op.Op, inputs));
        long read = inputs.Sum(t => t.numel()) * sizeof(float), written = gradient.numel() * sizeof(float);
        foreach ((string phase, Action call) in TorchOps.Phases(op, inputs, gradient))
        {
            CallTime time = CallTime.Measure(call, wait: () => { });
            MicroRecord record = MicroRecord.Of(op, phase, "fp32", time, op.Work(phase, read, written));
            record.Json["channels_last"] = false;
            record.Json["device"] = "cpu";
            record.Json["runtime"] = $"libtorch {torch.__version__} through TorchSharp on {RuntimeInformation.FrameworkDescription}";
            record.Json["threads"] = torch.get_num_threads();
            Console.WriteLine(record.Json.ToJsonString());
            Console.Error.WriteLine(record.Summary);
        }
    }

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
