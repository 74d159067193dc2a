using SeLoRA.Engine;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>The kinds of device that tests run on. One that is absent is a skip with its reason.</summary>
public static class TestDevices
{
    /// <summary>Where this is 1, an absent OpenCL fails the test instead of skipping it.</summary>
    private const string RequireOpenCl = "SELORA_REQUIRE_OPENCL";

    /// <summary>Names the one device, such as cuda:0, that tests run on then; where it is absent they fail.</summary>
    private const string Variable = "SELORA_TEST_DEVICE";

    private static readonly string? Only = Environment.GetEnvironmentVariable(Variable);

    /// <summary>Every kind, for the rows of a theory.</summary>
    public static readonly IReadOnlyList<string> Names = ["cpu", "opencl", "cuda"];

    /// <summary>The kinds that are held against the host.</summary>
    public static readonly IReadOnlyList<string> Gpus = ["opencl", "cuda"];

    /// <summary>Where networks of full size run: on the host and CUDA, PoCL would take minutes; or on the one device that was named.</summary>
    public static IReadOnlyList<string> FullSize => Only is null ? ["cpu", "cuda"] : [KindOfOnly];

    /// <summary>The same without the host.</summary>
    public static IReadOnlyList<string> FullSizeGpus => [.. FullSize.Where(name => name != "cpu")];

    /// <summary>Stands for all rows of a table on an absent device: one skip instead of hundreds.</summary>
    private const string AllRows = "(all rows)";

    /// <summary>Rows times devices for a theory of (row, device); a single row for a device that is absent.</summary>
    /// <param name="rows">Names of rows.</param>
    /// <param name="devices">Some of <see cref="Names"/>.</param>
    public static TheoryData<string, string> Rows(IEnumerable<string> rows, IEnumerable<string> devices)
    {
        var data = new TheoryData<string, string>();
        string[] names = [.. rows];
        foreach (string device in devices)
        {
            if (Find(device) is null) data.Add(AllRows, device);
            else foreach (string name in names) data.Add(name, device);
        }
        return data;
    }

    /// <summary>The first device of a kind.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    public static Device Require(string name)
    {
        if (Find(name) is { } device) return device;
        if (Only is not null && name != KindOfOnly) Assert.Skip(OnlyReason);
        string reason = DeviceDiscovery.List().Problems.FirstOrDefault(p => p.StartsWith(name, StringComparison.OrdinalIgnoreCase))
            ?? $"no {name} device";
        Assert.False(Only is not null, $"{OnlyReason}: {reason}");
        bool required = name == "opencl" && Environment.GetEnvironmentVariable(RequireOpenCl) == "1";
        Assert.False(required, $"{RequireOpenCl} is 1: {reason}");
        Assert.Skip(reason);
        return default;
    }

    private static string KindOfOnly => Only!.Split(':')[0];

    private static string OnlyReason => $"{Variable} is {Only}";

    private static Device? Find(string name)
    {
        if (Only is not null && name != KindOfOnly) return null;
        if (name == "cpu") return Device.Cpu;
        DeviceKind kind = name == "cuda" ? DeviceKind.Cuda : DeviceKind.OpenCl;
        foreach (FoundDevice device in DeviceDiscovery.List().Devices)
            if (device.Device.Kind == kind && (Only is null || device.Device == Device.Parse(Only))) return device.Device;
        return null;
    }
}
