using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Text.Json.Nodes;
using SeLoRA.Engine;

namespace SeLoRA.Bench;

/// <summary>What a result must say of where it was measured, under the keys of the PyTorch script.</summary>
internal static class Machine
{
    /// <summary>Adds device, its name, runtime and threads.</summary>
    public static void Describe(JsonObject record, Device device)
    {
        record["device"] = device.ToString();
        record["device_name"] = device.Kind == DeviceKind.Cpu ? Processor() : Backend.Get(device).Name;
        record["runtime"] = $"SeLoRA.Engine on {RuntimeInformation.FrameworkDescription}";
        record["threads"] = Environment.ProcessorCount;
        record["commit"] = Commit;
        record["date"] = DateTime.UtcNow.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
    }

    // The build leaves the commit behind the version's plus sign; null in a tree without one.
    private static string? Commit => typeof(Machine).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion
        .Split('+') is [_, var commit, ..] ? commit[..Math.Min(10, commit.Length)] : null;

    /// <summary>Load of the last minute; null where the system does not tell.</summary>
    public static double? Load() => File.Exists("/proc/loadavg")
        ? double.Parse(File.ReadAllText("/proc/loadavg").Split(' ')[0], CultureInfo.InvariantCulture) : null;

    /// <summary>Adds the most memory held: by tensors on a GPU, by the process on the host.</summary>
    public static void DescribePeakMemory(JsonObject record, Device device)
    {
        MemoryStats stats = Backend.Get(device).Memory;
        bool host = device.Kind == DeviceKind.Cpu;
        using Process process = Process.GetCurrentProcess();
        record["peak_mem_gib"] = Gib(host ? process.PeakWorkingSet64 : stats.PeakInUse);
        record["peak_mem_of"] = host ? "process" : "tensors";
        record["peak_mem_tensors_gib"] = Gib(stats.PeakInUse);
        record["peak_mem_reserved_gib"] = Gib(stats.Reserved);
    }

    private static double Gib(long bytes) => Math.Round(bytes / (double)(1 << 30), 3);

    private static string Processor()
    {
        string bits = Vector512.IsHardwareAccelerated ? "512" : Vector256.IsHardwareAccelerated ? "256" : "128";
        string? name = File.Exists("/proc/cpuinfo")
            ? File.ReadLines("/proc/cpuinfo").FirstOrDefault(l => l.StartsWith("model name", StringComparison.Ordinal))?.Split(':')[1].Trim() : null;
        return $"{name ?? RuntimeInformation.ProcessArchitecture.ToString()} ({bits}-bit vectors)";
    }
}
