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
    public void A_norm_that_is_not_finite_says_to_skip()
    {
        var scaler = new LossScaler();
        Assert.True(scaler.Accept(3f));
        Assert.Equal((65536f, 1), (scaler.Scale, scaler.GoodSteps));
        Assert.False(scaler.Accept(float.PositiveInfinity));
        Assert.Equal((32768f, 0), (scaler.Scale, scaler.GoodSteps));
    }

    [Fact]
    public void State_is_restored_and_an_overflow_at_scale_1_is_an_error()
    {
        var scaler = new LossScaler();
        scaler.Restore(1f, 7);
        Assert.Equal((1f, 7), (scaler.Scale, scaler.GoodSteps));
        Assert.Contains("loss scale of 1", Assert.Throws<EngineException>(() => scaler.Accept(float.NaN)).Message, StringComparison.Ordinal);
        Assert.Throws<EngineException>(() => scaler.Restore(0f, 0));
    }
}
