extern alias bench;

using System.Text.Json.Nodes;
using SeLoRA.Engine;
using SeLoRA.Model;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>The steps that a GPU is timed with are those of training: recorded and replayed, with the numbers of plain steps.</summary>
[Collection("command line")]
public class BenchReplayTests
{
    [Theory]
    [InlineData("opencl")]
    [InlineData("cuda")]
    public void Replayed_steps_and_a_rank_test_between_them_have_the_numbers_of_plain_ones(string deviceName)
    {
        Device device = TestDevices.Require(deviceName);
        (float[] losses, float[] weights) = Train(device, noGraphs: true);
        (float[] replayedLosses, float[] replayedWeights) = Train(device, noGraphs: false);
        Assert.Equal(losses, replayedLosses);
        Assert.Equal(weights, replayedWeights);
        // The host has code of its own for the step.
        float[] host = Train(Device.Cpu, noGraphs: false).Losses;
        for (int i = 0; i < host.Length; i++) Assert.InRange(Math.Abs(losses[i] / host[i] - 1), 0, 2e-6);
    }

    [Theory]
    [InlineData("opencl")]
    [InlineData("cuda")]
    public void Steps_are_timed_once_they_are_replayed_and_the_record_says_so(string deviceName)
    {
        string device = TestDevices.Require(deviceName).ToString();
        foreach ((string task, int warmup, bool graphs) in (ReadOnlySpan<(string, int, bool)>)[("train-step", 4, true), ("unet-forward", 3, true), ("vae-decode", 0, false)])
        {
            JsonObject record = Record(task, device), plain = Record(task, device, "--no-graphs");
            Assert.Equal((warmup, graphs), (record["warmup"]!.GetValue<int>(), record["graphs"]!.GetValue<bool>()));
            Assert.False(record.ContainsKey("graphs_problem"));
            Assert.Equal((0, false), (plain["warmup"]!.GetValue<int>(), plain["graphs"]!.GetValue<bool>()));
        }
        Assert.False(Record("unet-forward", "cpu").ContainsKey("graphs"));
    }

    private static JsonObject Record(string task, string device, params string[] more) => Assert.Single(BenchRun.Of(
        ["step", "--task", task, "--model", "tiny", "--size", "32", "--steps", "1", "--warmup", "0", "--device", device, .. more]).Records);

    private static (float[] Losses, float[] Weights) Train(Device device, bool noGraphs)
    {
        var options = new bench::SeLoRA.Bench.StepOptions
        {
            Model = bench::SeLoRA.Bench.ModelSize.All["tiny"], Size = 32, Batch = 1, Device = device, Method = "selora", Rank = 2,
            Threshold = 1, NoGraphs = noGraphs,
        };
        var text = bench::SeLoRA.Bench.ModelSize.Load(new ClipTextModel(options.Model.Text), options);
        var unet = bench::SeLoRA.Bench.ModelSize.Load(new UNet2DConditionModel(options.Model.UNet), options);
        var losses = new float[6];
        float[] weights;
        using (var training = new bench::SeLoRA.Bench.AdapterTraining(options, text, unet))
        {
            training.Attach();
            for (int i = 0; i < losses.Length; i++)
            {
                training.Step(_ => { }, test: i == 4);
                losses[i] = training.Loss;
                Assert.Equal(options.Replays && i > 2, training.IsReplayed);
            }
            Assert.True(training.LastGrown > 0);
            weights = [.. training.Adapters.Parameters.SelectMany(p => p.Tensor.ToArray())];
        }
        bench::SeLoRA.Bench.ModelSize.Unload([text, unet], device);
        return (losses, weights);
    }
}
