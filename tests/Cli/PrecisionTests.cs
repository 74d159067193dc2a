using SeLoRA.Engine;
using SeLoRA.Train;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>The option --precision: training of the mini model in 16 bits beside float32, and what is refused.</summary>
[Collection("command line")]
public class PrecisionTests(ITestOutputHelper output)
{
    private const int Steps = 5;

    [Theory]
    [InlineData("opencl")]
    [InlineData("cuda")]
    public void Training_in_16_bits_follows_float32(string deviceName)
    {
        Device device = TestDevices.Require(deviceName);
        using var folder = new TemporaryFolder();
        MetricsRow[] full = Train(folder, device, "fp32");
        foreach (string precision in (string[])["bf16", "fp16"])
        {
            MetricsRow[] narrow = Train(folder, device, precision);
            for (int i = 0; i < Steps; i++)
            {
                output.WriteLine($"{precision} step {i + 1}: {narrow[i].Loss:g6}, float32 {full[i].Loss:g6}");
                Assert.InRange(Math.Abs(narrow[i].Loss!.Value / full[i].Loss!.Value - 1), 1e-9, precision == "bf16" ? 2e-2 : 4e-3);
                Assert.Equal(precision == "fp16" ? 65536.0 : (double?)null, narrow[i].LossScale);
            }
        }
    }

    [Theory]
    [InlineData("train")]
    [InlineData("sample", "--prompt", "x")]
    public void Host_computes_in_float32(params string[] command)
    {
        (int code, _, string error) = CommandLine.Run([.. command, "--device", "cpu", "--precision", "bf16"]);
        Assert.Equal(1, code);
        Assert.Contains("--precision bf16: the host computes in float32", error, StringComparison.Ordinal);
        Assert.Single(error.Trim().Split('\n'));
    }

    [Theory]
    [InlineData("cpu")]
    [InlineData("opencl")]
    public void TF32_is_refused_where_there_are_no_tensor_cores(string deviceName)
    {
        Device device = TestDevices.Require(deviceName);
        (int code, _, string error) = CommandLine.Run("train", "--device", device.ToString(), "--precision", "tf32");
        Assert.Equal(1, code);
        Assert.Contains($"--precision tf32: {device} has no tensor cores for it", error, StringComparison.Ordinal);
        Assert.Single(error.Trim().Split('\n'));
    }

    private static MetricsRow[] Train(TemporaryFolder folder, Device device, string precision)
    {
        string path = folder.File(precision);
        (int code, _, string error) = CommandLine.Run("--device", device.ToString(), "--precision", precision, "--steps", $"{Steps}", "--batch", "4",
            "--phantoms", "12", "--validation", "0", "--sample-steps", "0", "--method", "selora", "--test-every", "3", "--out", path);
        Assert.True(code == 0, error);
        Assert.Contains($"\"precision\": \"{precision}\"", File.ReadAllText(Path.Combine(path, "config.json")), StringComparison.Ordinal);
        return [.. File.ReadAllLines(Path.Combine(path, "metrics.csv")).Skip(1).Select(MetricsRow.Parse).Where(row => row.Loss is not null)];
    }
}
