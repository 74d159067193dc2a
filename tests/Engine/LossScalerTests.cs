using SeLoRA.Engine;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>The rule of PyTorch's GradScaler: 65536 at first, half after an overflow, double after 2000 good steps in a row.</summary>
public class LossScalerTests
{
    [Fact]
    public void Scale_halves_at_an_overflow_and_doubles_after_2000_good_steps_in_a_row()
    {
        var scaler = new LossScaler();
        Assert.Equal(65536f, scaler.Scale);
        for (int i = 0; i < 1999; i++) scaler.Update(good: true);
        Assert.Equal(65536f, scaler.Scale);
        scaler.Update(good: false);
        Assert.Equal((32768f, 0), (scaler.Scale, scaler.GoodSteps));
        for (int i = 0; i < 1999; i++) scaler.Update(good: true);
        Assert.Equal((32768f, 1999), (scaler.Scale, scaler.GoodSteps));
        scaler.Update(good: true);
        Assert.Equal((65536f, 0), (scaler.Scale, scaler.GoodSteps));
    }

    [Fact]
    public void Gradients_are_divided_and_an_infinite_one_says_to_skip()
    {
        using var scope = new TensorScope();
        Tensor x = Tensor.Full(new Shape(3), 1f);
        x.RequiresGrad = true;
        var scaler = new LossScaler();
        (x * 65536f).Backward(Tensor.From([1f, -2f, 3f], x.Shape));
        Assert.True(scaler.Unscale([x]));
        Assert.Equal([1f, -2f, 3f], x.Grad!.ToArray());
        x.ZeroGrad();
        (x * 2f).Backward(Tensor.From([1f, float.PositiveInfinity, 3f], x.Shape));
        Assert.False(scaler.Unscale([x]));
        Assert.Equal(32768f, scaler.Scale);
    }

    [Fact]
    public void State_is_restored_and_an_overflow_at_scale_1_is_an_error()
    {
        using var scope = new TensorScope();
        var scaler = new LossScaler();
        scaler.Restore(1f, 7);
        Assert.Equal((1f, 7), (scaler.Scale, scaler.GoodSteps));
        Tensor x = Tensor.Full(new Shape(1), 1f);
        x.RequiresGrad = true;
        (x * 1f).Backward(Tensor.From([float.NaN], x.Shape));
        Assert.Contains("loss scale of 1", Assert.Throws<EngineException>(() => scaler.Unscale([x])).Message, StringComparison.Ordinal);
        Assert.Throws<EngineException>(() => scaler.Restore(0f, 0));
    }
}
