using System.Text.Json.Nodes;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>
/// Counted operations against a PyTorch model of the same networks with forward hooks on its layers, run on the meta device: the numbers
/// are that script's output, in billions to three places.
/// </summary>
[Collection("command line")]
public class BenchFlopTests
{
    [Theory]
    [InlineData("unet-forward", "none", 1, 139.537, 0)]
    [InlineData("unet-forward", "none", 4, 558.149, 0)]
    [InlineData("train-step", "lora", 1, 153.43, 157.675)]
    [InlineData("train-step", "lora", 4, 613.719, 630.701)]
    [InlineData("train-step", "selora", 1, 152.984, 156.785)]
    [InlineData("train-step", "selora", 4, 611.937, 627.141)]
    [InlineData("vae-encode", "none", 1, 208.418, 0)]
    [InlineData("vae-encode", "none", 4, 833.67, 0)]
    [InlineData("vae-decode", "none", 1, 475.977, 0)]
    [InlineData("vae-decode", "none", 4, 1903.907, 0)]
    [InlineData("clip-text", "none", 1, 13.299, 0)]
    [InlineData("clip-text", "none", 4, 53.194, 0)]
    [InlineData("generate", "none", 1, 14456.304, 0)]
    [InlineData("generate", "none", 4, 57825.217, 0)]
    public void A_step_at_224_pixels_has_as_many_operations_as_in_PyTorch(string task, string method, int batch, double forward, double backward)
    {
        JsonObject record = Count("--task", task, "--method", method, "--batch", $"{batch}", "--size", "224");
        Assert.Equal(forward, record["gflop_forward"]!.GetValue<double>());
        Assert.Equal(backward, record["gflop_backward"]!.GetValue<double>());
        Assert.Equal(forward + backward, record["gflop"]!.GetValue<double>(), 0.0015);
    }

    [Fact]
    public void Operations_are_told_apart_by_kind()
    {
        JsonObject kinds = Count("--task", "train-step", "--method", "lora", "--rank", "4")["gflop_forward_by_kind"]!.AsObject();
        Assert.Equal((60.383, 0.594, 5.389, 87.063), (Of("linear"), Of("adapter"), Of("attention"), Of("conv")));

        double Of(string kind) => kinds[kind]!.GetValue<double>();
    }

    [Fact]
    public void SeLoRA_starts_at_the_rank_that_is_asked_for()
    {
        JsonObject lora = Count("--task", "train-step", "--method", "lora", "--rank", "6"), selora = Count("--task", "train-step", "--method", "selora", "--rank", "6");
        Assert.Equal(lora["gflop"]!.ToString(), selora["gflop"]!.ToString());
        Assert.Equal("6", selora["rank"]!.ToString());
    }

    private static JsonObject Count(params string[] args)
    {
        BenchRun run = BenchRun.Of(["step", "--count-only", .. args]);
        Assert.Equal(0, run.Code);
        return Assert.Single(run.Records);
    }
}
