using SeLoRA.Adapters;
using SeLoRA.Engine;
using SeLoRA.Model;
using SeLoRA.Train;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>Training and sampling from recorded steps beside the same steps run plainly, to the last bit.</summary>
public class ReplayTests
{
    private const string P = "Plain", R = "Recorded", A = "Replayed";

    private static readonly RunConfig Base = new() { Seed = 3, LearningRate = 2e-2f, Batch = 2, Steps = 12, Lambda = 1e-9, TestEvery = 4, Rank = 1 };

    [Theory]
    [InlineData("opencl")]
    [InlineData("cuda")]
    public void Ranks_grow_inside_their_capacity_between_replays_of_one_recording(string device) =>
        Compare(device, Base with { Method = "selora" }, DType.F32, [P, R, A, P, A, A, A, P, A, A, A, P]);

    [Theory]
    [InlineData("opencl")]
    [InlineData("cuda")]
    public void A_growth_beyond_the_capacity_is_recorded_anew(string device) =>
        Compare(device, Base with { Method = "selora", Rank = 7 }, DType.F32, [P, R, A, P, A, A, A, P, P, R, A, P]);

    [Theory]
    [InlineData("opencl")]
    [InlineData("cuda")]
    public void Separate_scores_take_a_plain_pass_more(string device) =>
        Compare(device, Base with { Method = "selora", Fisher = "separate", Steps = 6 }, DType.F32, [P, R, A, A, A, A]);

    [Theory]
    [InlineData("opencl")]
    [InlineData("cuda")]
    public void Float16_with_accumulation_clipping_and_recomputation(string device) =>
        Compare(device, Base with { Method = "lora", Steps = 6, GradAccumulation = 2, MaxGradNorm = 1e-2f, CheckpointBlocks = true }, DType.F16, [P, R, A, A, A, A]);

    [Theory]
    [InlineData("opencl")]
    [InlineData("cuda")]
    public void AdaLoRA_adds_its_penalty_between_replay_and_update(string device) =>
        Compare(device, Base with { Method = "adalora", Rank = 3, RankTarget = 2, Steps = 10 }, DType.F32, [P, R, A, A, A, A, A, A, A, A]);

    [Theory]
    [InlineData("opencl")]
    [InlineData("cuda")]
    public void DyLoRA_runs_plainly_and_says_why(string device) =>
        Compare(device, Base with { Method = "dylora", Rank = 3, Steps = 3 }, DType.F32, [P, P, P], "DyLoRA trains other ranks in each step");

    [Theory]
    [InlineData("opencl")]
    [InlineData("cuda")]
    public void A_replayed_step_whose_loss_is_wrong_leaves_the_weights_as_they_were(string deviceName)
    {
        Device device = TestDevices.Require(deviceName);
        const int images = 16;
        RunConfig config = Base with { Method = "lora", Steps = 8 }, before = config with { Steps = 5 };
        // The image whose latent is not a number comes in step 6.
        int damaged = new DrawOrder(config.Seed, images, config.Batch, 1).Batch(6, 0)[0];
        Trained good = Train(before, device, DType.F32, images, damaged), wrong = Train(config, device, DType.F32, images, damaged);
        Assert.Equal([P, R, A, A, A], wrong.Runs);
        Assert.Contains("step 6: the loss is NaN", wrong.Steps[^1]);
        foreach (string key in good.State.Keys) Assert.True(good.State[key].Values.AsSpan().SequenceEqual(wrong.State[key].Values), key);
    }

    [Theory]
    [InlineData("opencl")]
    [InlineData("cuda")]
    public void Images_from_replayed_evaluations_are_the_same(string deviceName)
    {
        StableDiffusionModel model = TinyModel.Create(TestDevices.Require(deviceName));
        var options = new SamplingOptions { Prompt = "left effusion", Steps = 5, Seed = 5, Count = 3, BatchSize = 2 };
        StableDiffusionPipeline plain = Pipeline(false), replaying = Pipeline(true);
        IReadOnlyList<SampledImage> expected = plain.Generate(options), actual = replaying.Generate(options);
        // The last image is a batch of its own, of another shape.
        Assert.Equal((0, 3 + 3), (plain.Replayed, replaying.Replayed));
        Assert.Null(replaying.ReplayProblem);
        Assert.Equal(expected.Select(i => i.Pixels), actual.Select(i => i.Pixels));

        StableDiffusionPipeline Pipeline(bool replays) => new(model, SchedulerFactory.Create("ddim", model.Scheduler)) { Replays = replays };
    }

    private static void Compare(string deviceName, RunConfig config, DType precision, string[] runs, string? problem = null)
    {
        Device device = TestDevices.Require(deviceName);
        Trained plain = Train(config with { NoGraphs = true }, device, precision), replayed = Train(config, device, precision);
        Assert.Equal(Enumerable.Repeat(P, runs.Length), plain.Runs);
        Assert.Equal(runs, replayed.Runs);
        Assert.Equal(Updates(runs), replayed.Updates);
        Assert.Equal((null, problem), (plain.Problem, replayed.Problem));
        Assert.Equal(plain.Steps, replayed.Steps);
        TinyTrainingLoop.AssertSame(plain.State, replayed.State);
    }

    /// <summary>How updates are run: gradients have places from the recording of the passes on, so the update is recorded one step after it.</summary>
    private static IEnumerable<string> Updates(string[] runs)
    {
        int sinceRecorded = 0;
        foreach (string run in runs)
        {
            if (run == R) sinceRecorded = 0;
            yield return run != A ? P : ++sinceRecorded == 1 ? R : A;
        }
    }

    private static Trained Train(RunConfig config, Device device, DType precision, int images = 6, int damaged = -1)
    {
        using var training = new TinyTrainingLoop(config, device, precision, images, damaged);
        TrainingLoop loop = training.Loop;
        var steps = new List<string>();
        var runs = new List<string>();
        var updates = new List<string>();
        while (loop.Step < loop.TotalSteps)
        {
            StepResult result;
            try
            {
                result = loop.Next();
            }
            catch (DivergedException e)
            {
                steps.Add(e.Message);
                break;
            }
            steps.Add($"{result.Loss:r} {result.GradNorm:r} {result.LossScale} {string.Join(',', result.Decisions)}");
            runs.Add(loop.LastRun.ToString());
            updates.Add(loop.LastUpdate.ToString());
        }
        return new Trained(steps, runs, updates, loop.Checkpoint(0, 0).Tensors, loop.ReplayProblem);
    }

    private sealed record Trained(List<string> Steps, List<string> Runs, List<string> Updates, IReadOnlyDictionary<string, HostTensor> State, string? Problem);
}
