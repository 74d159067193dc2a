using SeLoRA.Engine;
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
        float[][] expected = Evaluate(c, Device.Cpu), actual = Evaluate(c, other);
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
        {
            string what = i == 0 ? "result" : $"gradient of input {i - 1}";
            double distance = Closeness.RelativeL2(actual[i], expected[i]);
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
        Assert.Equal(Evaluate(c, other), Evaluate(c, other));
    }

    /// <summary>The result, then the gradients of its random projection.</summary>
    private static float[][] Evaluate(OpCase c, Device device)
    {
        using var scope = new TensorScope();
        Tensor[] inputs = c.Build(device);
        foreach (Tensor x in inputs) x.RequiresGrad = true;
        Tensor y = c.Function(inputs);
        var results = new List<float[]> { y.ToArray() };
        if (y.RequiresGrad)
        {
            var seed = new float[y.Count];
            Philox.FillNormal(seed, 99);
            y.Backward(Tensor.From(seed, y.Shape, device));
            foreach (Tensor x in inputs)
            {
                results.Add(x.Grad?.ToArray() ?? []);
                x.ZeroGrad();
            }
        }
        return [.. results];
    }
}
