using SeLoRA.Engine;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>Names of devices, the choice of auto, and what is said of a device that is absent.</summary>
public class DeviceTests
{
    [Theory]
    [InlineData("cpu", "cpu")]
    [InlineData(" CUDA ", "cuda:0")]
    [InlineData("cuda:3", "cuda:3")]
    [InlineData("OpenCL:1", "opencl:1")]
    public void Names_are_read_back(string text, string name) => Assert.Equal(name, Device.Parse(text).ToString());

    [Theory]
    [InlineData("gpu")]
    [InlineData("cpu:1")]
    [InlineData("cuda:-1")]
    [InlineData("cuda:0:0")]
    [InlineData("auto:0")]
    [InlineData("")]
    public void Other_names_are_refused_with_what_is_accepted(string text)
    {
        string message = Assert.Throws<EngineException>(() => Device.Parse(text)).Message;
        Assert.Contains($"'{text}'", message);
        Assert.Contains("opencl:<i>", message);
    }

    [Fact]
    public void Auto_takes_cuda_then_an_OpenCl_gpu_then_the_host_and_never_a_processor()
    {
        IReadOnlyList<FoundDevice> found = DeviceDiscovery.List().Devices;
        FoundDevice[] gpus = [.. found.Where(d => !d.IsProcessor).OrderBy(d => d.Device.Kind)];
        Assert.Equal(gpus.Length > 0 ? gpus[0].Device : Device.Cpu, Device.Parse("auto"));
    }

    [Theory]
    [InlineData("cuda:99")]
    [InlineData("opencl:99")]
    public void An_absent_device_is_one_line_that_says_why(string name)
    {
        string message = Assert.Throws<EngineException>(() => Tensor.Zeros(new Shape(1), Device.Parse(name))).Message;
        Assert.StartsWith(name, message);
        Assert.DoesNotContain('\n', message);
        Assert.True(message.Length > name.Length + ": no such device: ".Length, message);
    }
}
