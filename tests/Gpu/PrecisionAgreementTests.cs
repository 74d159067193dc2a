using SeLoRA.Engine;
using SeLoRA.Train;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>
/// Rows of the case table with 16-bit activations on each GPU device against float32 on the host, inputs rounded alike: what is left is
/// the rounding of results, a few units of the type's roundoff.
/// </summary>
public class PrecisionAgreementTests(ITestOutputHelper output)
{
    // Results are rounded once; gradients pass through one or two rounded values more (attention's result, a factor's projection).
    private const double Roundings = 1.5;

    /// <summary>Losses and other sums, the optimiser, tables that are trained, and what has no input of floats: float32 by design.</summary>
    private static readonly string[] Float32Only =
    [
        "Sum", "Mean", "SumSquares", "MseLoss", "AdamWStep", "Embedding", "TimestepEmbedding", "Uniform", "Normal", "Cast",
    ];

    /// <summary>Every row in bfloat16; in float16, which differs by how an element is read and stored, the first of each operation.</summary>
    public static TheoryData<string, string> Rows => TestDevices.Rows(
        from c in OpCases.All
        where !c.Realistic && !Float32Only.Contains(c.Op)
        from type in c == OpCases.All.First(first => first.Op == c.Op) ? (string[])["BF16", "F16"] : ["BF16"]
        select $"{c.Name} {type}", TestDevices.Gpus);

    [Theory]
    [MemberData(nameof(Rows))]
    public void Sixteen_bit_activations_agree_with_the_host(string row, string device)
    {
        Device other = TestDevices.Require(device);
        OpCase c = OpCases.Get(row.Split(' ')[0]);
        DType type = Enum.Parse<DType>(row.Split(' ')[1]);
        double unit = type == DType.BF16 ? 1.0 / 256 : 1.0 / 2048;
        float[][] expected = Evaluate(c, type, Device.Cpu), actual = Evaluate(c, type, other);
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
        {
            double distance = Distance.RelativeL2(actual[i], expected[i]);
            string what = i == 0 ? "result" : $"gradient of input {i - 1}";
            output.WriteLine($"{what}: {distance / unit:f2} units");
            Assert.True(distance <= Roundings * unit, $"{row} on {device}, {what}: {distance:g3}, {distance / unit:f2} units of {type}'s roundoff");
        }
    }

    [Theory]
    [InlineData("opencl", DType.BF16)]
    [InlineData("opencl", DType.F16)]
    [InlineData("cuda", DType.BF16)]
    [InlineData("cuda", DType.F16)]
    public void Narrow_tables_are_looked_up_and_odd_places_are_copied_exactly(string deviceName, DType type)
    {
        Device device = TestDevices.Require(deviceName);
        using var scope = new TensorScope();
        // 24 columns and an offset of one row of 12: places of both kinds, those of 16 bytes and others.
        Tensor table = Ops.Cast(Tensor.Normal(new Shape(9, 24), 3, 0, device), type), rows = Ops.Embedding(table, [3, 0, 8], new Shape(3));
        float[] all = Ops.Cast(table, DType.F32).ToArray(), looked = Ops.Cast(rows, DType.F32).ToArray();
        Assert.Equal([.. all[72..96], .. all[..24], .. all[192..]], looked);
        Tensor odd = table.Reshape(18, 12).Narrow(1, 16);
        Assert.Equal(all[12..204], Ops.Cast(odd, DType.F32).ToArray());
        Assert.Equal(Array.ConvertAll(all[12..204], v => 2f * v), Ops.Cast(odd + odd, DType.F32).ToArray());
        Tensor joined = Ops.Concat(Ops.Slice(table, 0, 8), Ops.Slice(table, 8, 16));
        Assert.Equal(all, Ops.Cast(joined, DType.F32).ToArray());
        Assert.Equal(all, Ops.Cast(Ops.Concat(Ops.Slice(table, 0, 5), Ops.Slice(table, 5, 19)), DType.F32).ToArray());
    }

    [Theory]
    [InlineData("cpu")]
    [InlineData("opencl")]
    [InlineData("cuda")]
    public void Padded_cast_rounds_the_corner_and_fills_with_zeros(string deviceName)
    {
        Device device = TestDevices.Require(deviceName);
        using var scope = new TensorScope();
        Tensor x = Tensor.Normal(new Shape(5, 7), 4, 0, device), y = Tensor.Empty(new Shape(8, 4), device, DType.BF16);
        y.Backend.CastPadded(x, y, 3, 2);
        float[] rounded = Ops.Cast(Ops.Cast(x, DType.BF16), DType.F32).ToArray(), padded = Ops.Cast(y, DType.F32).ToArray();
        for (int row = 0; row < 8; row++)
            for (int column = 0; column < 4; column++)
                Assert.Equal(row < 3 && column < 2 ? rounded[row * 7 + column] : 0f, padded[row * 4 + column]);
    }

    [Fact]
    public void Host_refuses_16_bit_activations_in_one_line()
    {
        using var scope = new TensorScope();
        Tensor x = Ops.Cast(Tensor.Full(new Shape(2, 8), 1f), DType.BF16);
        Assert.Contains("F32 is needed", Assert.Throws<EngineException>(() => Ops.Silu(x)).Message, StringComparison.Ordinal);
    }

    /// <summary>As <see cref="OpCase.Evaluate"/>, everything rounded to a type; activations are of it where the device is no host.</summary>
    private static float[][] Evaluate(OpCase c, DType type, Device device)
    {
        using var scope = new TensorScope();
        Tensor[] inputs = c.Build(device);
        for (int i = 0; i < inputs.Length; i++)
        {
            Tensor rounded = Ops.Cast(inputs[i], type);
            bool isNarrow = device.Kind != DeviceKind.Cpu && IsActivation(c.Op, i);
            inputs[i] = isNarrow ? rounded : Ops.Cast(rounded, DType.F32);
            inputs[i].RequiresGrad = true;
        }
        Tensor y = c.Function(inputs);
        Assert.Equal(device.Kind == DeviceKind.Cpu ? DType.F32 : type, y.DType);
        var results = new List<float[]> { Wide(y) };
        var projection = new float[y.Count];
        Philox.FillNormal(projection, 99);
        Tensor seed = Ops.Cast(Tensor.From(projection, y.Shape, device), type);
        y.Backward(Ops.Cast(seed, y.DType));
        foreach (Tensor x in inputs)
        {
            if (x.Grad is { } grad) Assert.Equal(x.DType, grad.DType);
            results.Add(x.Grad is null ? [] : Wide(x.Grad));
            x.ZeroGrad();
        }
        return [.. results];
    }

    private static bool IsActivation(string op, int input) => op switch
    {
        "Linear" or "Conv2d" => input is 0 or 3,
        "AdaptedLinear" => input is 0 or 5,
        "GroupNorm" or "LayerNorm" or "Narrow" => input == 0,
        _ => true,
    };

    private static float[] Wide(Tensor x)
    {
        using IDisposable noGrad = Autograd.NoGrad();
        return Ops.Cast(x.Detach(), DType.F32).ToArray();
    }
}
