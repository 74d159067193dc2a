using SeLoRA.Engine;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>A recorded step: what a replay does, what it costs, when it is refused, and what is left of it.</summary>
[Collection(nameof(StepMemoryTests))]
public class RecordedStepTests
{
    [Theory]
    [InlineData("opencl")]
    [InlineData("cuda")]
    public void A_replay_computes_on_what_lies_in_the_same_places_now(string deviceName)
    {
        var backend = (GpuBackend)Backend.Get(TestDevices.Require(deviceName));
        using var work = new Work(backend.Device);
        work.Run();
        using RecordedStep step = backend.Record(work.Run);
        Assert.Equal(work.Expected(), work.Result());
        for (int i = 0; i < 3; i++)
        {
            work.Set(i + 2f);
            step.Replay();
            Assert.Equal(work.Expected(), work.Result());
        }
    }

    [Theory]
    [InlineData("opencl")]
    [InlineData("cuda")]
    public void A_replay_launches_the_same_kernels_and_takes_no_memory_and_the_memory_comes_back(string deviceName)
    {
        var backend = (GpuBackend)Backend.Get(TestDevices.Require(deviceName));
        using var work = new Work(backend.Device);
        work.Run();
        long before = backend.LaunchCount;
        work.Run();
        long launches = backend.LaunchCount - before;
        MemoryStats unrecorded = SettledMemory.Of(backend.Device);
        RecordedStep step = backend.Record(work.Run);
        Assert.Equal(launches, step.Launches);
        Assert.Equal(step.ReservedBytes, backend.Memory.InUse - unrecorded.InUse);
        MemoryStats recorded = backend.Memory;
        before = backend.LaunchCount;
        for (int i = 0; i < 10; i++) step.Replay();
        backend.Synchronize();
        Assert.Equal(10 * launches, backend.LaunchCount - before);
        Assert.Equal(recorded, backend.Memory);
        step.Dispose();
        Assert.Equal(unrecorded.InUse, backend.Memory.InUse);
        Assert.Contains("after it was disposed", Assert.Throws<EngineException>(step.Replay).Message);
    }

    [Theory]
    [InlineData("opencl")]
    [InlineData("cuda")]
    public void Results_made_in_it_keep_their_places_while_they_are_held(string deviceName)
    {
        var backend = (GpuBackend)Backend.Get(TestDevices.Require(deviceName));
        using Tensor x = Tensor.Full(new Shape(1000), 3f, backend.Device);
        long unrecorded = SettledMemory.Of(backend.Device).InUse;
        Tensor? y = null;
        RecordedStep step = backend.Record(() => y = TensorScope.Detach(Ops.Silu(x)));
        float[] first = y!.ToArray();
        backend.Fill(x, -1f);
        // Others' memory must not be what the step took.
        using (Tensor other = Tensor.Full(new Shape(1000), 7f, backend.Device)) step.Replay();
        float[] second = y.ToArray();
        Assert.All(second, value => Assert.Equal(second[0], value));
        Assert.NotEqual(first[0], second[0]);
        step.Dispose();
        Assert.Equal(second, y.ToArray());
        Assert.True(backend.Memory.InUse > unrecorded);
        y.Dispose();
        Assert.Equal(unrecorded, backend.Memory.InUse);
    }

    [Theory]
    [InlineData("opencl")]
    [InlineData("cuda")]
    public void A_step_whose_tensor_was_freed_is_not_replayed(string deviceName)
    {
        var backend = (GpuBackend)Backend.Get(TestDevices.Require(deviceName));
        using var y = Tensor.Zeros(new Shape(8), backend.Device);
        Tensor x = Tensor.Full(new Shape(8), 1f, backend.Device);
        using RecordedStep step = backend.Record(() => backend.Scale(x, 2f, y)), other = backend.Record(() => backend.Scale(x, 3f, y));
        Assert.True(step.IsCurrent && other.IsCurrent);
        x.Dispose();
        // That the other holds the tensor too does not keep either.
        Assert.False(step.IsCurrent || other.IsCurrent);
        Assert.Contains("a tensor that it uses was freed", Assert.Throws<EngineException>(step.Replay).Message);
    }

    [Theory]
    [InlineData("opencl", "uploads")]
    [InlineData("opencl", "reads results")]
    [InlineData("opencl", "waits")]
    [InlineData("cuda", "uploads")]
    [InlineData("cuda", "reads results")]
    [InlineData("cuda", "waits")]
    public void Work_that_cannot_be_recorded_is_done_plainly_with_the_reason(string deviceName, string what)
    {
        var backend = (GpuBackend)Backend.Get(TestDevices.Require(deviceName));
        using Tensor x = Tensor.Full(new Shape(8), 1f, backend.Device), grows = Tensor.Full(new Shape(8), 1f, backend.Device);
        using var replay = new StepReplay(backend, () =>
        {
            backend.Scale(grows, 2f, grows);
            if (what == "uploads") x.CopyFrom(new float[8]);
            if (what == "reads results") x.ToArray();
            if (what == "waits") backend.Synchronize();
            backend.Fill(x, 5f);
        });
        for (int i = 0; i < 3; i++) Assert.Equal(StepRun.Plain, replay.Run());
        Assert.Equal($"{backend.Device}: a step that {what} cannot be recorded", replay.Problem);
        Assert.All(x.ToArray(), value => Assert.Equal(5f, value));
        // What came before the refusal is not done twice.
        Assert.All(grows.ToArray(), value => Assert.Equal(8f, value));
    }

    [Theory]
    [InlineData("opencl")]
    [InlineData("cuda")]
    public void Work_is_recorded_the_second_time_and_again_where_a_tensor_was_exchanged(string deviceName)
    {
        var backend = (GpuBackend)Backend.Get(TestDevices.Require(deviceName));
        Tensor x = Tensor.Full(new Shape(8), 1f, backend.Device);
        using Tensor y = Tensor.Zeros(new Shape(8), backend.Device);
        using var replay = new StepReplay(backend, () => backend.Scale(x, 2f, y));
        StepRun[] runs = new StepRun[6];
        for (int i = 0; i < runs.Length; i++)
        {
            if (i == 3)
            {
                x.Dispose();
                x = Tensor.Full(new Shape(8), 9f, backend.Device);
            }
            runs[i] = replay.Run();
        }
        Assert.Equal([StepRun.Plain, StepRun.Recorded, StepRun.Replayed, StepRun.Plain, StepRun.Recorded, StepRun.Replayed], runs);
        Assert.All(y.ToArray(), value => Assert.Equal(18f, value));
        x.Dispose();
    }

    [Fact]
    public void The_host_runs_plainly_and_nothing_is_wrong_with_that()
    {
        int runs = 0;
        using var replay = new StepReplay(Backend.Get(Device.Cpu), () => runs++);
        for (int i = 0; i < 3; i++) Assert.Equal(StepRun.Plain, replay.Run());
        Assert.Equal(3, runs);
        Assert.Null(replay.Problem);
    }

    /// <summary>Products, norms and sums with working memory of all sizes, copies and fills; forward and backward.</summary>
    private sealed class Work : IDisposable
    {
        private readonly Tensor x, w, loss, grad;

        public Work(Device device)
        {
            x = TensorScope.Detach(Tensor.Normal(new Shape(4, 2100), 1, device: device));
            w = TensorScope.Detach(Tensor.Normal(new Shape(300, 2100), 2, device: device));
            w.RequiresGrad = true;
            loss = TensorScope.Detach(Tensor.Zeros(new Shape(), device));
            grad = TensorScope.Detach(Tensor.Zeros(w.Shape, device));
        }

        public void Run()
        {
            using var scope = new TensorScope();
            Tensor y = Ops.Silu(Ops.Linear(x, w));
            Tensor mean = Ops.MseLoss(y, Tensor.Zeros(y.Shape, y.Device));
            mean.Backend.Copy(mean, loss);
            mean.Backward();
            w.Backend.Copy(w.Grad!, grad);
            w.ZeroGrad();
        }

        public void Set(float value) => x.Backend.Scale(x, value, x);

        /// <summary>Loss and gradient that are there.</summary>
        public float[] Result() => [loss.Item(), .. grad.ToArray()];

        /// <summary>Loss and gradient computed anew.</summary>
        public float[] Expected()
        {
            float[] before = Result();
            Run();
            float[] expected = Result();
            loss.CopyFrom(before.AsSpan(0, 1));
            grad.CopyFrom(before.AsSpan(1));
            return expected;
        }

        public void Dispose()
        {
            foreach (Tensor tensor in (Tensor[])[x, w, loss, grad]) tensor.Dispose();
        }
    }
}
