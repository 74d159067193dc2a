using SeLoRA.Engine;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>What steps in steady state ask of the pool and of the collector.</summary>
[CollectionDefinition(nameof(StepMemoryTests), DisableParallelization = true)]
[Collection(nameof(StepMemoryTests))]
public class StepMemoryTests
{
    // Measured: 59,400 and 22,400: storages, which have finalisers, the handles that users hold, and the variables behind them.
    private const long TrainBound = 65_000, ForwardBound = 25_000;

    private static readonly IBackend Host = Backend.Get(Device.Cpu);

    [Fact]
    public void Memory_in_use_stays_flat_over_steps_and_reserved_memory_does_not_grow_after_the_second()
    {
        using var step = new TinyTraining();
        step.Train();
        step.Train();
        MemoryStats second = SettledMemory.Of(Device.Cpu);
        for (int i = 0; i < 30; i++)
        {
            step.Train();
            Assert.Equal(second.InUse, Host.Memory.InUse);
            Assert.Equal(second.Reserved, Host.Memory.Reserved);
        }
    }

    [Fact]
    public void Cheap_results_are_made_again_in_backward_instead_of_kept()
    {
        using var scope = new TensorScope();
        const int Rows = 64, C = 32;
        Tensor x = Tensor.Normal(new Shape(Rows, C), 1), scale = Tensor.Full(new Shape(C), 1f), shift = Tensor.Zeros(new Shape(C));
        Tensor w = Tensor.Normal(new Shape(2 * C, C), 2), v = Tensor.Normal(new Shape(C, C), 3);
        foreach (Tensor leaf in (Tensor[])[x, w, v]) leaf.RequiresGrad = true;
        long before = SettledMemory.Of(Device.Cpu).InUse;
        Tensor normed = Ops.LayerNorm(x, scale, shift, 1e-5f), wide = Ops.Linear(normed, w), gated = Ops.Geglu(wide), y = Ops.Linear(gated, v);
        foreach (Tensor t in (Tensor[])[normed, wide, gated, y]) t.Dispose();
        // Of the four results only what the gate was made of is needed, and the norm's two numbers a row.
        Assert.Equal(Rows * (2 * C + 2) * sizeof(float), Host.Memory.InUse - before);
        y.ReleaseGraph();
    }

    [Fact]
    public void A_training_step_and_a_forward_pass_allocate_little()
    {
        using var step = new TinyTraining();
        long train = Allocated(() => step.Train()), forward = Allocated(step.Forward);
        Assert.True(train < TrainBound && forward < ForwardBound, $"{train} bytes a training step, {forward} a forward pass");
    }

    private static long Allocated(Action step)
    {
        for (int i = 0; i < 3; i++) step();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 10; i++) step();
        return (GC.GetAllocatedBytesForCurrentThread() - before) / 10;
    }
}
