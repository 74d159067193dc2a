using SeLoRA.Engine;
using SeLoRA.Train;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>Every row of the case table on each GPU device against the host: results and gradients.</summary>
public class DeviceAgreementTests(ITestOutputHelper output)
{
    public static TheoryData<string, string> Rows => TestDevices.Rows(OpCases.All.Select(c => c.Name), TestDevices.Gpus);

    [Theory]
    [MemberData(nameof(Rows))]
    public void Device_agrees_with_host(string row, string device)
    {
        Device other = TestDevices.Require(device);
        OpCase c = OpCases.Get(row);
        float[][] expected = c.Evaluate(Device.Cpu), actual = c.Evaluate(other);
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
        {
            string what = i == 0 ? "result" : $"gradient of input {i - 1}";
            double distance = Distance.RelativeL2(actual[i], expected[i]);
            output.WriteLine($"{row} {device} {what}: {distance:g3}");
            Closeness.AssertRelativeL2(actual[i], expected[i], c.AgreementTolerance, $"{row} on {device}, {what}");
        }
    }

    [Theory]
    [MemberData(nameof(Rows))]
    public void A_second_run_gives_the_same_bits(string row, string device)
    {
        Device other = TestDevices.Require(device);
        OpCase c = OpCases.Get(row);
        Assert.Equal(c.Evaluate(other), c.Evaluate(other));
    }
}
