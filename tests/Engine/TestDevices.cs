using SeLoRA.Engine;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>The kinds of device that tests run on. One that is absent is a skip with its reason.</summary>
public static class TestDevices
{
    /// <summary>Where this is 1, an absent OpenCL fails the test instead of skipping it.</summary>
    private const string RequireOpenCl = "SELORA_REQUIRE_OPENCL";

    /// <summary>Every kind, for the rows of a theory.</summary>
    public static readonly IReadOnlyList<string> Names = ["cpu", "opencl", "cuda"];

    /// <summary>The first device of a kind.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    public static Device Require(string name)
    {
        if (name == "cpu") return Device.Cpu;
        DeviceKind kind = name == "cuda" ? DeviceKind.Cuda : DeviceKind.OpenCl;
        DeviceList found = DeviceDiscovery.List();
        foreach (FoundDevice device in found.Devices)
            if (device.Device.Kind == kind) return device.Device;
        string reason = found.Problems.FirstOrDefault(p => p.StartsWith(name, StringComparison.OrdinalIgnoreCase)) ?? $"no {name} device";
        bool required = kind == DeviceKind.OpenCl && Environment.GetEnvironmentVariable(RequireOpenCl) == "1";
        Assert.False(required, $"{RequireOpenCl} is 1: {reason}");
        Assert.Skip(reason);
        return default;
    }
}
