using SeLoRA.Engine;
using SeLoRA.Model;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>The U-Net as callers use it: shapes that it refuses, one timestep for all samples, a frozen network, recomputation.</summary>
public class UNetTests
{
    [Theory]
    [InlineData(new[] { 1, 8, 8, 3 }, new[] { 1, 5, 12 }, 1, "sample 1x8x8x3, NxHxWx4 is needed")]
    [InlineData(new[] { 2, 8, 8, 4 }, new[] { 1, 5, 12 }, 2, "text 1x5x12, 2xLx12 is needed")]
    [InlineData(new[] { 1, 8, 8, 4 }, new[] { 1, 5, 16 }, 1, "text 1x5x16, 1xLx12 is needed")]
    [InlineData(new[] { 3, 8, 8, 4 }, new[] { 3, 5, 12 }, 2, "2 timesteps for 3 samples")]
    public void Shapes_that_do_not_fit_are_named(int[] sample, int[] text, int timesteps, string named)
    {
        UNet2DConditionModel unet = Create();
        var error = Assert.Throws<EngineException>(() =>
            unet.Forward(Tensor.Zeros(new Shape(sample)), new float[timesteps], Tensor.Zeros(new Shape(text))));
        Assert.Contains(named, error.Message);
    }

    [Fact]
    public void One_timestep_stands_for_all_samples()
    {
        UNet2DConditionModel unet = Create();
        using Tensor x = Tensor.Normal(new Shape(2, 6, 6, 4), 1), text = Tensor.Normal(new Shape(2, 3, 12), 2);
        using Tensor one = unet.Forward(x, [300f], text), each = unet.Forward(x, [300f, 300f], text), other = unet.Forward(x, [300f, 700f], text);
        Assert.Equal(each.ToArray(), one.ToArray());
        Assert.NotEqual(each.ToArray(), other.ToArray());
    }

    [Fact]
    public void Frozen_network_records_nothing()
    {
        UNet2DConditionModel unet = Create();
        using Tensor y = unet.Forward(Tensor.Normal(new Shape(1, 8, 8, 4), 1), [1f], Tensor.Normal(new Shape(1, 3, 12), 2));
        Assert.False(y.RequiresGrad);
    }

    internal static UNet2DConditionModel Create()
    {
        var unet = new UNet2DConditionModel(TinyModel.UNet);
        unet.Initialize(9, Device.Cpu);
        return unet;
    }
}

/// <summary>Memory in use is a number of the whole process: this runs with no other test beside it.</summary>
[CollectionDefinition(nameof(UNetMemoryTests), DisableParallelization = true)]
[Collection(nameof(UNetMemoryTests))]
public class UNetMemoryTests
{
    [Fact]
    public void Recomputed_blocks_hold_less_memory_and_give_the_same_gradients()
    {
        UNet2DConditionModel unet = UNetTests.Create();
        unet.SetTrainable(true);
        (long plain, Dictionary<string, float[]> expected) = TrainingStep(unet);
        unet.CheckpointBlocks = true;
        (long recomputed, Dictionary<string, float[]> actual) = TrainingStep(unet);
        Assert.True(recomputed < 0.7 * plain, $"{recomputed} bytes with recomputation, {plain} without");
        foreach ((string name, float[] gradient) in expected) Closeness.AssertRelativeL2(actual[name], gradient, 1e-5, name);
    }

    private static (long HeldBytes, Dictionary<string, float[]> Gradients) TrainingStep(UNet2DConditionModel unet)
    {
        using var scope = new TensorScope();
        IBackend backend = Backend.Get(Device.Cpu);
        Tensor x = Tensor.Normal(new Shape(2, 16, 16, 4), 1), text = Tensor.Normal(new Shape(2, 7, 12), 2), noise = Tensor.Normal(x.Shape, 3);
        long before = SettledMemory.Of(Device.Cpu).InUse;
        Tensor loss = Ops.MseLoss(unet.Forward(x, [10f, 900f], text), noise);
        long held = backend.Memory.InUse - before;
        loss.Backward();
        var gradients = new Dictionary<string, float[]>();
        foreach ((string name, Parameter parameter) in unet.NamedParameters())
        {
            Assert.True(parameter.Value.Grad is not null, $"{name} has no gradient");
            gradients.Add(name, parameter.Value.Grad.ToArray());
            parameter.Value.ZeroGrad();
        }
        return (held, gradients);
    }
}
