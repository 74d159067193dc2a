using SeLoRA.Engine;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>The checker itself: it must pass what is right and find what is wrong, also where that is small or in one place.</summary>
public class GradientCheckSelfTests(ITestOutputHelper output)
{
    /// <summary>SiLU whose derivative is 1 % too large.</summary>
    private readonly struct OffSiluOp : IUnaryOp
    {
        public static T Value<T>(T x) where T : struct, ILane<T> => SiluOp.Value(x);

        public static T Grad<T>(T x, T dy) where T : struct, ILane<T> => SiluOp.Grad(x, dy) * T.Of(1.01f);
    }

    [Theory]
    [InlineData(1f, 0f)]
    [InlineData(1e-4f, 0f)]
    [InlineData(1e4f, 0f)]
    [InlineData(1f, 100f)]
    public void Right_gradients_pass_at_any_scale(float scale, float shift)
    {
        using Tensor x = Tensor.From(Numbers.Normal(35, 1, scale, shift), new Shape(5, 7)), w = Tensor.From(Numbers.Normal(7, 2), new Shape(7));
        GradientCheckResult result = GradientCheck.Run(i => Ops.LayerNorm(i[0], i[1], i[1], 1e-12f), [x, w]);
        foreach (GradientCheckInput input in result.Inputs) output.WriteLine($"input {input.Index}: {input.MaxRelativeError:g3} {input.Where}");
        Assert.True(result.Ok);
        Assert.Equal(2, result.Inputs.Count);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(16)]
    [InlineData(5000)]
    public void One_per_cent_too_much_fails(int count)
    {
        using Tensor x = Tensor.From(Numbers.Normal(count, 3), new Shape(count));
        Assert.True(GradientCheck.Run(i => Ops.Silu(i[0]), [x]).MaxRelativeError < 2e-4);
        GradientCheckResult wrong = GradientCheck.Run(i => Ops.Unary<OffSiluOp>("OffSilu", i[0]), [x]);
        Assert.False(wrong.Ok);
        Assert.InRange(wrong.MaxRelativeError, 3e-3, 6e-2);
    }

    [Fact]
    public void Assert_names_the_input_and_the_distance()
    {
        using Tensor x = Tensor.From(Numbers.Normal(6, 4), new Shape(2, 3)), y = Tensor.From(Numbers.Normal(6, 5), new Shape(2, 3));
        EngineException e = Assert.Throws<EngineException>(() =>
            GradientCheck.Assert(i => Ops.Mul(i[0], Ops.Unary<OffSiluOp>("OffSilu", i[1])), [x, y]));
        Assert.StartsWith("GradientCheck: input 1 (2x3): error 0.0", e.Message);
        Assert.Contains("differences give", e.Message);
    }

    [Fact]
    public void A_forgotten_input_fails()
    {
        using Tensor x = Tensor.From(Numbers.Normal(6, 6), new Shape(6)), y = Tensor.From(Numbers.Normal(6, 7), new Shape(6));
        GradientCheckResult result = GradientCheck.Run(i => Ops.Mul(i[0], i[1].Detach()), [x, y]);
        Assert.True(result.Inputs[0].Ok);
        Assert.False(result.Inputs[1].Ok);
    }

    [Fact]
    public void An_input_without_influence_passes()
    {
        using Tensor x = Tensor.From(Numbers.Normal(6, 8), new Shape(6)), y = Tensor.From(Numbers.Normal(6, 9), new Shape(6));
        Assert.True(GradientCheck.Run(i => Ops.Silu(i[0]), [x, y]).Ok);
    }

    [Fact]
    public void A_result_without_history_is_an_error()
    {
        using Tensor x = Tensor.From(Numbers.Normal(6, 8), new Shape(6));
        EngineException e = Assert.Throws<EngineException>(() => GradientCheck.Run(i => Ops.Silu(i[0].Detach()), [x]));
        Assert.Contains("depends on no float32 input", e.Message);
    }
}
