using SeLoRA.Engine;
using SeLoRA.Model;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>Several threads and devices at once: everyone gets the bits that he gets alone, or is told why not.</summary>
[Collection(nameof(StepMemoryTests))]
public class ConcurrentUseTests
{
    private const int Steps = 4;

    [Theory]
    [InlineData("cpu", "cpu")]
    [InlineData("opencl", "opencl")]
    [InlineData("cpu", "opencl")]
    [InlineData("cuda", "cuda")]
    [InlineData("cpu", "cuda")]
    public void Two_trainings_at_once_give_the_bits_of_each_alone(string first, string second)
    {
        Device a = TestDevices.Require(first), b = TestDevices.Require(second);
        int rounds = a.Kind == DeviceKind.Cpu && b.Kind == DeviceKind.Cpu ? 6 : 2;
        float[] aloneA = TinyTraining.Run(a, 10, Steps), aloneB = TinyTraining.Run(b, 20, Steps);
        Assert.NotEqual(aloneA, aloneB);
        Threads.Together(
            () => Repeat(rounds, () => Assert.Equal(aloneA, TinyTraining.Run(a, 10, Steps))),
            () => Repeat(rounds, () => Assert.Equal(aloneB, TinyTraining.Run(b, 20, Steps))));
    }

    [Theory]
    [InlineData("cpu")]
    [InlineData("opencl")]
    [InlineData("cuda")]
    public void Under_stress_nobody_reads_what_another_one_wrote(string deviceName)
    {
        Device device = TestDevices.Require(deviceName);
        bool onHost = device.Kind == DeviceKind.Cpu;
        int rounds = onHost ? 12 : 3;
        ulong[] seeds = [30, 40, 50];
        float[][] alone = [.. seeds.Select(seed => TinyTraining.Run(device, seed, Steps))];
        MemoryStats before = SettledMemory.Of(device);
        bool done = false;
        int left = seeds.Length;
        Action Training(int i) => () =>
        {
            try
            {
                Repeat(rounds, () => Assert.Equal(alone[i], TinyTraining.Run(device, seeds[i], Steps)));
            }
            finally
            {
                if (Interlocked.Decrement(ref left) == 0) Volatile.Write(ref done, true);
            }
        };
        Threads.Together(Training(0), Training(1), Training(2),
            () =>
            {
                // Memory comes and goes, part of it by finalisers, and the pool's cache is handed back, while the others work.
                for (int size = 1; !Volatile.Read(ref done); size = size % 5000 + 7)
                {
                    Tensor.Full(new Shape(size), float.NaN, device).Dispose();
                    Lose(size, device);
                    _ = Backend.Get(device).Memory;
                    if (size % 50 == 0) Backend.Get(device).ReleaseCached();
                    // What is lost here is young.
                    if (size % 90 == 0) GC.Collect(0);
                }
            });
        Assert.Equal(before.InUse, SettledMemory.Of(device).InUse);
    }

    [Theory]
    [InlineData("cpu", true)]
    [InlineData("cpu", false)]
    [InlineData("opencl", true)]
    [InlineData("cuda", true)]
    public void Two_pipelines_at_once_give_the_images_of_each_alone(string deviceName, bool shareModel)
    {
        Device device = TestDevices.Require(deviceName);
        StableDiffusionModel model = TinyModel.Create(device), other = shareModel ? model : TinyModel.Create(device, 7);
        SamplingOptions left = new() { Prompt = "left effusion", Steps = 4, Seed = 5, Count = 3, BatchSize = 2 }, right = left with { Prompt = "right nodule", Seed = 9 };
        float[][] aloneLeft = Images(model, "ddim", left), aloneRight = Images(other, "euler_a", right);
        // A GPU records the evaluations of one pipeline while the other one launches.
        Threads.Together(
            () => Repeat(3, () => Assert.Equal(aloneLeft, Images(model, "ddim", left))),
            () => Repeat(3, () => Assert.Equal(aloneRight, Images(other, "euler_a", right))));
    }

    [Fact]
    public void A_pipeline_that_is_at_work_refuses_another_call_and_works_again_afterwards()
    {
        StableDiffusionModel model = TinyModel.Create();
        var pipeline = new StableDiffusionPipeline(model, SchedulerFactory.Create("ddim", model.Scheduler));
        var options = new SamplingOptions { Prompt = "no finding", Steps = 2 };
        Exception? error = null;
        pipeline.Generate(options with { Progress = _ => error = Threads.Elsewhere(() => pipeline.Generate(options)) });
        Assert.Equal("sampling: the pipeline is at work for another call; make one for each thread", Assert.IsType<EngineException>(error).Message);
        Assert.Single(pipeline.Generate(options));
    }

    [Fact]
    public void A_graph_that_is_walked_backwards_refuses_another_thread()
    {
        using var scope = new TensorScope();
        Tensor x = Tensor.Full(new Shape(3), 2f);
        x.RequiresGrad = true;
        Tensor doubled = Ops.Add(x, x);
        var errors = new List<Exception?>();
        Tensor y = Autograd.Record("Test", Ops.Sum(doubled.Detach()), [doubled], [], ctx =>
        {
            // This node is being run, and the one before it waits for its turn.
            errors.Add(Threads.Elsewhere(() => doubled.ReleaseGraph()));
            errors.Add(Threads.Elsewhere(() => doubled.Backward(Tensor.Full(doubled.Shape, 1f))));
            ctx.Give(0, Tensor.Full(new Shape(3), 1f));
        });
        y.Backward();
        Assert.All(errors, e => Assert.StartsWith("Backward: another thread walks through this graph", Assert.IsType<EngineException>(e).Message, StringComparison.Ordinal));
        Assert.Equal([2f, 2f, 2f], x.Grad!.ToArray());
        x.ZeroGrad();
    }

    [Fact]
    public void Gradients_of_one_leaf_from_two_threads_are_whole_or_refused()
    {
        const int Rounds = 300;
        using Tensor x = Tensor.Full(new Shape(50_000), 1f);
        x.RequiresGrad = true;
        int sums = 0;
        Action pass = () => Repeat(Rounds, () =>
        {
            using var scope = new TensorScope();
            try
            {
                Ops.Scale(x, 1f).Backward(Tensor.Full(x.Shape, 1f));
                Interlocked.Increment(ref sums);
            }
            catch (EngineException e)
            {
                Assert.StartsWith("Backward: two threads add to the gradient of one tensor at once", e.Message, StringComparison.Ordinal);
            }
        });
        Threads.Together(pass, pass);
        Assert.All(x.Grad!.ToArray(), g => Assert.Equal(sums, g));
        x.ZeroGrad();
    }

    [Fact]
    public void A_region_without_gradients_ends_on_its_own_thread()
    {
        using IDisposable region = Autograd.NoGrad();
        Assert.Contains("NoGrad: ended on another thread", Assert.IsType<EngineException>(Threads.Elsewhere(region.Dispose)).Message);
        Assert.False(Autograd.Enabled);
    }

    private static void Repeat(int count, Action action)
    {
        for (int i = 0; i < count; i++) action();
    }

    private static float[][] Images(StableDiffusionModel model, string scheduler, SamplingOptions options)
    {
        var pipeline = new StableDiffusionPipeline(model, SchedulerFactory.Create(scheduler, model.Scheduler));
        IReadOnlyList<SampledImage> images = pipeline.Generate(options);
        Assert.Null(pipeline.ReplayProblem);
        return [.. images.Select(i => i.Pixels)];
    }

    private static void Lose(int size, Device device) => Tensor.Full(new Shape(size), float.NaN, device);
}
