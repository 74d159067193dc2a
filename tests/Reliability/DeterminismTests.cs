using System.Diagnostics;
using SeLoRA.Engine;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>The same seed on the same device: the same losses, ranks and weights, to the last bit, in whichever process and on however many threads.</summary>
[Collection("command line")]
public class DeterminismTests
{
    [Fact]
    public void Processes_with_other_numbers_of_threads_train_to_the_same_bits() =>
        Same([("SELORA_THREADS", "1"), ("SELORA_THREADS", "2"), ("SELORA_THREADS", "5"), ("DOTNET_PROCESSOR_COUNT", "3")],
            [.. TrainingProcess.Short, "--steps", "6"]);

    [Theory]
    [InlineData("opencl")]
    [InlineData("cuda")]
    public void A_restarted_process_trains_to_the_same_bits_on_a_GPU(string deviceName)
    {
        Device device = TestDevices.Require(deviceName);
        Same([("SELORA_THREADS", "1"), ("SELORA_THREADS", "2")],
            [.. TrainingProcess.Short.Select(a => a == "cpu" ? device.ToString() : a), "--method", "lora", "--steps", "3"]);
    }

    /// <summary>Runs at the same time, one an environment, and compares what they leave.</summary>
    private static void Same((string Variable, string Value)[] environments, string[] arguments)
    {
        using var folder = new TemporaryFolder();
        string[] runs = [.. environments.Select((_, i) => folder.File($"run{i}"))];
        Process[] processes = [.. environments.Select((e, i) => TrainingProcess.StartWith(e.Variable, e.Value, [.. arguments, "--out", runs[i]]))];
        foreach (Process process in processes)
        {
            (int code, _, string error) = TrainingProcess.End(process);
            process.Dispose();
            Assert.True(code == 0, error);
        }
        foreach (string run in runs[1..])
        {
            Assert.Equal(RunFiles.Tensors(Path.Combine(runs[0], "adapter.safetensors")), RunFiles.Tensors(Path.Combine(run, "adapter.safetensors")));
            Assert.Equal(RunFiles.Losses(runs[0]), RunFiles.Losses(run));
            Assert.Equal(File.ReadAllText(Path.Combine(runs[0], "ranks.csv")), File.ReadAllText(Path.Combine(run, "ranks.csv")));
        }
    }
}
