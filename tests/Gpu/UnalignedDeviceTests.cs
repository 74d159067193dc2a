using SeLoRA.Engine;
using SeLoRA.Train;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>Kernels that move 16 bytes at a time, on tensors that begin elsewhere: views into others, with guards before and after them.</summary>
public class UnalignedDeviceTests
{
    private static readonly string[] Names =
    [
        "silu", "add", "geglu", "group_norm.octets", "group_norm.slab_of_four", "layer_norm.octets", "softmax.octets", "mean.octets", "sum_squares",
    ];

    public static TheoryData<string, string> Rows => TestDevices.Rows(Names, TestDevices.Gpus);

    [Theory]
    [MemberData(nameof(Rows))]
    public void A_view_has_the_results_of_a_copy(string row, string deviceName)
    {
        Device device = TestDevices.Require(deviceName);
        OpCase c = OpCases.Get(row);
        // Sums have no other type than float32.
        foreach (DType type in c.Op is "Mean" or "SumSquares" ? (DType[])[DType.F32] : [DType.F32, DType.BF16])
        {
            List<float[]> expected = Evaluate(c, device, type, 0);
            foreach (int offset in (int[])[1, 4, 8])
            {
                List<float[]> actual = Evaluate(c, device, type, offset);
                for (int i = 0; i < expected.Count; i++)
                    Closeness.AssertRelativeL2(actual[i], expected[i], type == DType.F32 ? c.AgreementTolerance : 1.0 / 512, $"{row} {type} at {offset}, {i}");
            }
        }
    }

    /// <summary>Result and gradients; all that the operation is given begins at an offset.</summary>
    private static List<float[]> Evaluate(OpCase c, Device device, DType type, int offset)
    {
        using var scope = new TensorScope();
        // Scales and shifts of norms are float32 always.
        Tensor[] inputs = [.. c.Build(device).Select((x, i) => View(i > 0 && x.Shape.Rank == 1 ? x : Ops.Cast(x, type), offset))];
        foreach (Tensor x in inputs) x.RequiresGrad = true;
        Tensor y = c.Function(inputs);
        var projection = new float[y.Count];
        Philox.FillNormal(projection, 99);
        y.Backward(View(Ops.Cast(Tensor.From(projection, y.Shape, device), y.DType), offset));
        return [Values(y), .. inputs.Select(x => Values(x.Grad!))];
    }

    private static float[] Values(Tensor x) => Ops.Cast(x.Detach(), DType.F32).ToArray();

    private static Tensor View(Tensor x, int offset)
    {
        Tensor whole = Ops.Cast(Tensor.Full(new Shape((int)x.Count + 2 * offset), float.NaN, x.Device), x.DType), view = whole.Alias(x.Shape, offset);
        x.Backend.Copy(x, view);
        return view;
    }
}
