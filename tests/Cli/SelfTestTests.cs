using SeLoRA.Engine;
using SeLoRA.Train;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>The self-test passes what is right and says what is wrong.</summary>
[Collection("command line")]
public class SelfTestTests
{
    private static readonly OpCase Right = new("right", "Silu", i => Ops.Silu(i[0]), [3, 5]);

    [Fact]
    public void The_verb_passes_on_the_host()
    {
        TextWriter before = Console.Out;
        using var output = new StringWriter();
        Console.SetOut(output);
        try
        {
            Assert.Equal(0, Program.Main(["selftest", "--device", "cpu", "--op", "softmax"]));
        }
        finally
        {
            Console.SetOut(before);
        }
        Assert.Contains("1 operations agree with the host, 0 do not", output.ToString());
    }

    [Fact]
    public void A_right_operation_passes()
    {
        var lines = new List<string>();
        Assert.Equal(0, SelfTest.Run(Device.Cpu, [Right], lines.Add));
        Assert.StartsWith("ok", lines[1]);
    }

    [Fact]
    public void A_wrong_backward_fails_and_is_named()
    {
        // The second factor is a constant to the tape: its share of the derivative is lost.
        OpCase wrong = new("square.detached", "Mul", i => Ops.Mul(i[0], i[0].Detach()), [3, 5]);
        var lines = new List<string>();
        Assert.Equal(1, SelfTest.Run(Device.Cpu, [Right, wrong], lines.Add));
        Assert.Contains(lines, l => l.StartsWith("FAIL  Mul", StringComparison.Ordinal));
        Assert.Contains(lines, l => l.Contains("square.detached: gradient of input 0", StringComparison.Ordinal));
        Assert.Contains("1 operations agree with the host, 1 do not", lines[^1]);
    }

    [Fact]
    public void A_result_that_changes_fails()
    {
        int calls = 0;
        OpCase other = new("drifting", "Scale", i => Ops.Scale(i[0], ++calls), [3, 5]) { Smooth = false };
        var lines = new List<string>();
        Assert.Equal(1, SelfTest.Run(Device.Cpu, [other], lines.Add));
        Assert.Contains(lines, l => l.Contains("drifting: result: distance", StringComparison.Ordinal));
        Assert.Contains(lines, l => l.Contains("drifting: result: a second run gave other bits", StringComparison.Ordinal));
    }

    [Fact]
    public void An_error_in_one_operation_does_not_end_the_test()
    {
        OpCase broken = new("broken", "Mul", _ => throw new EngineException("no such kernel"), [3]);
        var lines = new List<string>();
        Assert.Equal(1, SelfTest.Run(Device.Cpu, [broken, Right], lines.Add));
        Assert.Contains(lines, l => l.Contains("broken: no such kernel", StringComparison.Ordinal));
        Assert.StartsWith("ok", lines[^2]);
    }
}
