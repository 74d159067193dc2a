using SeLoRA.Engine;
using SeLoRA.Train;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>Training in float16: a step that overflows changes nothing but the scale, and a run goes on from a checkpoint to the same bits.</summary>
public class LossScalingTests
{
    // Beyond what any gradient of float16 bears.
    private const float Overflowing = 1 << 30;

    // Every layer would grow in step 2.
    private static readonly RunConfig Config = new() { Method = "selora", Seed = 3, LearningRate = 2e-2f, Batch = 2, Steps = 100, Lambda = 1e-9, TestEvery = 2, Rank = 1 };

    [Theory]
    [InlineData("opencl")]
    [InlineData("cuda")]
    public void A_step_that_overflows_halves_the_scale_and_leaves_everything_else(string device)
    {
        using var training = new TinyTrainingLoop(Config, TestDevices.Require(device), DType.F16);
        TrainingLoop loop = training.Loop;
        StepResult good = loop.Next();
        Assert.NotNull(good.GradNorm);
        loop.Restore(loop.Checkpoint(0, 0) with { Scaling = new LossScaling(Overflowing, 7, 1) });
        CheckpointFile before = loop.Checkpoint(0, 0);
        StepResult skipped = loop.Next();
        CheckpointFile after = loop.Checkpoint(0, 0);
        Assert.Equal((null, Overflowing), (skipped.GradNorm, skipped.LossScale));
        Assert.Empty(skipped.Decisions);
        Assert.True(double.IsFinite(skipped.Loss));
        Assert.Equal(new LossScaling(Overflowing / 2, 0, 1), after.Scaling);
        TinyTrainingLoop.AssertSame(before.Tensors, after.Tensors);
    }

    [Theory]
    [InlineData("opencl")]
    [InlineData("cuda")]
    public void A_run_with_overflows_goes_on_from_its_checkpoint_to_the_same_bits(string deviceName)
    {
        const int more = 3;
        Device device = TestDevices.Require(deviceName);
        using var folder = new TemporaryFolder();
        using TinyTrainingLoop whole = new(Config, device, DType.F16), resumed = new(Config, device, DType.F16);
        whole.Loop.Restore(whole.Loop.Checkpoint(0, 0) with { Scaling = new LossScaling(Overflowing, 0, 0) });
        for (int good = 0; good < 2;) good += whole.Loop.Next().GradNorm is null ? 0 : 1;
        CheckpointFile saved = whole.Loop.Checkpoint(0.5, 1);
        saved.Save(folder.Path);
        resumed.Loop.Restore(CheckpointFile.Newest(folder.Path)!);
        Assert.True(saved.Scaling!.Scale < Overflowing);
        Assert.Equal(2, saved.Scaling.GoodSteps);
        Assert.Equal(2, saved.Scaling.Updates);
        Assert.Equal(saved.Step, resumed.Loop.Step);
        for (int i = 0; i < more; i++)
        {
            StepResult expected = whole.Loop.Next(), actual = resumed.Loop.Next();
            Assert.NotNull(expected.GradNorm);
            Assert.Equal((expected.Loss, expected.GradNorm, expected.LossScale), (actual.Loss, actual.GradNorm, actual.LossScale));
            Assert.Equal(expected.Decisions, actual.Decisions);
        }
        CheckpointFile end = resumed.Loop.Checkpoint(0.5, 1);
        Assert.Equal(saved.Scaling with { GoodSteps = 2 + more, Updates = 2 + more }, end.Scaling);
        TinyTrainingLoop.AssertSame(whole.Loop.Checkpoint(0.5, 1).Tensors, end.Tensors);
    }
}
