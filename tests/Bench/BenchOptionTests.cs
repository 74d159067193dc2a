using Xunit;

namespace SeLoRA.Tests;

/// <summary>Wrong options end the benchmark program with one line that says what is wrong.</summary>
[Collection("command line")]
public class BenchOptionTests
{
    [Theory]
    [InlineData("--task nonsense: one of unet-forward", "step", "--task", "nonsense")]
    [InlineData("--model huge: one of sd15, tiny", "step", "--task", "clip-text", "--model", "huge")]
    [InlineData("--dtype bf16: the host computes in fp32 only", "step", "--task", "clip-text", "--dtype", "bf16")]
    [InlineData("--dtype bf16: the host computes in fp32 only", "micro", "--dtype", "bf16")]
    [InlineData("--dtype half: one of fp32, bf16, fp16 is needed", "micro", "--dtype", "half")]
    [InlineData("--method dora: one of none, lora, selora", "step", "--task", "train-step", "--method", "dora")]
    [InlineData("--method none: train-step needs lora or selora", "step", "--task", "train-step", "--method", "none", "--model", "tiny")]
    [InlineData("--rank 0: at least 1", "step", "--task", "train-step", "--rank", "0")]
    [InlineData("--size 220: a multiple of 8", "step", "--task", "vae-encode", "--size", "220")]
    [InlineData("--steps 0: at least 1", "step", "--task", "clip-text", "--steps", "0")]
    [InlineData("--rounds 0: at least 1", "step", "--task", "clip-text", "--rounds", "0")]
    [InlineData("nosuchop: matches no operator; there are gemm, conv3x3", "micro", "nosuchop")]
    [InlineData("(: is no regular expression", "micro", "(")]
    [InlineData("--rounds 0: at least 1", "micro", "silu", "--rounds", "0")]
    [InlineData("--size 1: a multiple of 8", "startup", "model", "--size", "1")]
    [InlineData("absent: no such folder", "startup", "model", "--folder", "absent")]
    [InlineData("absent.jsonl: no such file", "compare", "absent.jsonl", "absent.jsonl")]
    public void A_wrong_value_is_one_line_and_exit_code_1(string message, params string[] args)
    {
        BenchRun run = BenchRun.Of(args);
        Assert.Equal(1, run.Code);
        Assert.Contains($"error: {message}", run.Errors);
        Assert.Single(run.Errors.TrimEnd().Split('\n'));
        Assert.Empty(run.Output);
    }

    [Theory]
    [InlineData("step")]
    [InlineData("step", "--task", "clip-text", "--size", "many")]
    [InlineData("compare", "only-one.jsonl")]
    public void Wrong_use_of_the_command_line_is_exit_code_2(params string[] args)
    {
        BenchRun run = BenchRun.Of(args);
        Assert.Equal(2, run.Code);
        Assert.StartsWith("error: ", run.Errors);
        Assert.Empty(run.Output);
    }
}
