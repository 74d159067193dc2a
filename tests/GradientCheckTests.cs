using SeLoRA.Engine;
using SeLoRA.Train;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>Every row of the case table against finite differences, on every device, plainly and recomputed by checkpointing.</summary>
public class GradientCheckTests(ITestOutputHelper output)
{
    public static TheoryData<string, string> Rows =>
        TestDevices.Rows(OpCases.All.Where(c => c is { Smooth: true, Realistic: false }).Select(c => c.Name), TestDevices.Names);

    [Theory]
    [MemberData(nameof(Rows))]
    public void Backward_matches_differences(string row, string device) => Check(row, device, checkpoint: false);

    [Theory]
    [MemberData(nameof(Rows))]
    public void Backward_through_a_checkpoint_matches_differences(string row, string device) => Check(row, device, checkpoint: true);

    private void Check(string row, string deviceName, bool checkpoint)
    {
        Device device = TestDevices.Require(deviceName);
        OpCase c = OpCases.Get(row);
        GradientCheckResult result = c.CheckGradient(device, checkpoint);
        foreach (GradientCheckInput input in result.Inputs)
            output.WriteLine($"{row} {deviceName} input {input.Index}: {input.MaxRelativeError:g3}; {input.Where}");
        GradientCheckInput? wrong = result.Inputs.FirstOrDefault(i => !i.Ok);
        Assert.True(wrong is null, $"{row} on {deviceName}: input {wrong?.Index}: error {wrong?.MaxRelativeError:g3} of the gradient's norm; {wrong?.Where}");
    }
}
