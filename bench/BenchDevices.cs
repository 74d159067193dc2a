using SeLoRA.Engine;

namespace SeLoRA.Bench;

/// <summary>The devices that benchmarks run on.</summary>
internal static class BenchDevices
{
    /// <summary>Names such as <c>cpu</c> and <c>cuda:0</c>; <c>--devices</c> sets them.</summary>
    public static IReadOnlyList<string> Names { get; set; } = Default();

    // An OpenCL device that is the processor itself is slow and no user's choice: only when named.
    private static List<string> Default() =>
        ["cpu", .. DeviceDiscovery.List().Devices.Where(d => !d.IsProcessor).Select(d => d.Device.ToString())];
}
