using SeLoRA.Engine;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>Frozen weights of 16 bits on the host: every product gives the same bits as with the same weights widened to float32.</summary>
public class HostHalfWeightTests
{
    public static TheoryData<DType> Types() => [DType.F16, DType.BF16];

    [Theory]
    [MemberData(nameof(Types))]
    public void Linear_and_its_data_gradient_equal_those_of_widened_weights(DType type)
    {
        // Few rows turn the product over, many do not; edges of tiles, panels and blocks of K.
        foreach (int rows in (int[])[1, 3, 31, 32, 33, 200])
            foreach ((int ins, int outs) in ((int, int)[])[(1, 1), (5, 7), (33, 40), (129, 31), (600, 70), (64, 8)])
                SameBits(type, new Shape(outs, ins), w =>
                {
                    using var scope = new TensorScope();
                    Tensor x = Values(new Shape(rows, ins), 1), bias = Values(new Shape(outs), 2), residual = Values(new Shape(rows, outs), 3);
                    x.RequiresGrad = true;
                    Tensor y = Ops.Linear(x, w, bias, residual);
                    Ops.Sum(y * Values(y.Shape, 4)).Backward();
                    return [.. y.ToArray(), .. x.Grad!.ToArray()];
                });
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Adapted_linear_equals_that_of_widened_weights(DType type)
    {
        foreach (int rows in (int[])[9, 50])
            SameBits(type, new Shape(37, 65), w =>
            {
                using var scope = new TensorScope();
                Tensor x = Values(new Shape(rows, 65), 1), a = Values(new Shape(3, 65), 2), b = Values(new Shape(37, 3), 3);
                foreach (Tensor trained in (Tensor[])[x, a, b]) trained.RequiresGrad = true;
                Tensor y = Ops.AdaptedLinear(x, w, null, a, b, rank: 3, scale: 0.5f);
                Ops.Sum(y * Values(y.Shape, 4)).Backward();
                return [.. y.ToArray(), .. x.Grad!.ToArray(), .. a.Grad!.ToArray(), .. b.Grad!.ToArray()];
            });
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Convolutions_and_their_data_gradients_equal_those_of_widened_weights(DType type)
    {
        foreach (int[] size in HostConvTests.Shapes().Select(row => row.Data))
        {
            int h = size[1], w0 = size[2], c = size[3], o = size[4], kh = size[5], kw = size[6];
            var padding = new Padding(size[8], size[9], size[10], size[11]);
            SameBits(type, new Shape(o, kh, kw, c), w =>
            {
                using var scope = new TensorScope();
                Tensor x = Values(new Shape(size[0], h, w0, c), 1), bias = Values(new Shape(o), 2);
                x.RequiresGrad = true;
                Tensor y = Ops.Conv2d(x, w, bias, size[7], padding);
                Ops.Sum(y * Values(y.Shape, 4)).Backward();
                return [.. y.ToArray(), .. x.Grad!.ToArray()];
            });
        }
    }

    [Fact]
    public void Parameter_keeps_the_bits_of_a_file_and_becomes_float32_to_be_trained()
    {
        var conv = new Conv2d(3, 2, 3);
        ushort[] bits = [.. Enumerable.Range(0, 54).Select(i => (ushort)(0x3800 + 37 * i))];
        conv.Weight.LoadHalves(bits, DType.F16, Device.Cpu);
        Assert.Equal(DType.F16, conv.Weight.Value.DType);
        var values = new float[bits.Length];
        HalfConversion.Float16ToFloat32(bits, values);
        Assert.Equal(values, conv.Weight.ToFileLayout());

        conv.Weight.Trainable = true;
        Assert.Equal(DType.F32, conv.Weight.Value.DType);
        Assert.True(conv.Weight.Value.RequiresGrad);
        Assert.Equal(values, conv.Weight.ToFileLayout());
        conv.Weight.Unload();
    }

    [Fact]
    public void Where_float32_is_needed_halves_are_refused_in_one_line()
    {
        using Tensor x = Values(new Shape(2, 4), 1), w = Tensor.Zeros(new Shape(3, 4), dtype: DType.F16);
        w.RequiresGrad = true;
        Assert.Equal("Linear: w is F16; a weight that is trained must be F32", Assert.Throws<EngineException>(() => Ops.Linear(x, w)).Message);

        var norm = new LayerNorm(4);
        Assert.Contains("only frozen weights", Assert.Throws<EngineException>(() => norm.Weight.LoadHalves(new ushort[4], DType.F16, Device.Cpu)).Message);
        var linear = new Linear(2, 2);
        Assert.Contains("3 values given", Assert.Throws<EngineException>(() => linear.Weight.LoadHalves(new ushort[3], DType.BF16, Device.Cpu)).Message);
        Assert.Contains("I32", Assert.Throws<EngineException>(() => linear.Weight.LoadHalves(new ushort[4], DType.I32, Device.Cpu)).Message);
    }

    private static void SameBits(DType type, Shape shape, Func<Tensor, float[]> compute)
    {
        using Tensor values = Values(shape, 9), halves = Ops.Cast(values, type), wide = Ops.Cast(halves, DType.F32);
        Assert.Equal(compute(wide), compute(halves));
    }

    private static Tensor Values(Shape shape, int seed) => Tensor.From(GuardedTensor.Random((int)shape.Count, seed), shape);
}
