using SeLoRA.Engine;
using SeLoRA.Model;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>What is disposed while it is used, or used after it was: an error of one line, and never memory that belongs to another tensor.</summary>
[Collection(nameof(StepMemoryTests))]
public unsafe class DisposalTests
{
    internal const string Used = "Tensor: used after it was disposed";

    [Fact]
    public void Memory_of_an_operand_stays_until_the_primitive_returns()
    {
        IBackend host = Backend.Get(Device.Cpu);
        long before = SettledMemory.Of(Device.Cpu).InUse;
        Tensor x = Tensor.Full(new Shape(1000), 3f);
        long held = host.Memory.InUse;
        using (HostBackend.Enter())
        {
            float* address = HostBackend.Ptr(x);
            Assert.Null(Threads.Elsewhere(x.Dispose));
            Assert.True(x.IsDisposed);
            Assert.Equal(held, host.Memory.InUse);
            using Tensor other = Tensor.Full(new Shape(1000), float.NaN);
            Assert.True(new ReadOnlySpan<float>(address, 1000).IndexOfAnyExcept(3f) < 0);
        }
        Assert.Equal(before, host.Memory.InUse);
    }

    [Theory]
    [InlineData("cpu")]
    [InlineData("opencl")]
    [InlineData("cuda")]
    public void Operations_race_with_disposal_and_are_right_or_refused(string deviceName)
    {
        Device device = TestDevices.Require(deviceName);
        int rounds = device.Kind == DeviceKind.Cpu ? 4000 : 300;
        long before = SettledMemory.Of(device).InUse;
        var shape = new Shape(64, 64);
        int right = 0, refused = 0;
        var handed = new Tensor?[1];
        bool done = false;
        void Work()
        {
            for (int i = 0; i < rounds; i++)
            {
                using var scope = new TensorScope();
                Tensor x = TensorScope.Detach(Tensor.Full(shape, 1f, device));
                Volatile.Write(ref handed[0], x);
                try
                {
                    float[] y = Ops.MatMul(x, x).ToArray();
                    Assert.All(y, v => Assert.Equal(64f, v));
                    right++;
                }
                catch (EngineException e)
                {
                    Assert.Equal(Used, e.Message);
                    refused++;
                }
                x.Dispose();
            }
            Volatile.Write(ref done, true);
        }
        void Dispose()
        {
            // Memory, records and handles that are given up are used again at once, for something else.
            while (!Volatile.Read(ref done))
            {
                Tensor? x = Interlocked.Exchange(ref handed[0], null);
                x?.Dispose();
                using Tensor y = Tensor.Full(shape, float.NaN, device);
                using Tensor z = y.Reshape(new Shape(4096));
            }
        }
        Threads.Together(Work, Dispose);
        Assert.Equal(rounds, right + refused);
        Assert.Equal(before, Backend.Get(device).Memory.InUse);
    }

    [Fact]
    public void A_tensor_disposed_again_and_by_many_threads_gives_its_memory_back_once()
    {
        IBackend host = Backend.Get(Device.Cpu);
        long before = SettledMemory.Of(Device.Cpu).InUse;
        for (int i = 0; i < 200; i++)
        {
            Tensor x = Tensor.Zeros(new Shape(100)), view = x.Reshape(new Shape(10, 10));
            Parallel.For(0, 4, _ => x.Dispose());
            x.Dispose();
            Assert.Equal(0f, view.ToArray()[99]);
            view.Dispose();
        }
        Assert.Equal(before, host.Memory.InUse);
    }

    [Fact]
    public void Weights_disposed_between_forward_and_backward_serve_it_still()
    {
        using var scope = new TensorScope();
        Tensor x = Tensor.Normal(new Shape(4, 8), 1);
        x.RequiresGrad = true;
        float[] Gradient(bool dispose)
        {
            Tensor w = Tensor.Normal(new Shape(6, 8), 2), b = Tensor.Normal(new Shape(6), 3);
            Tensor y = Ops.Silu(Ops.Linear(x, w, b));
            if (dispose) Assert.Null(Threads.Elsewhere(() => { w.Dispose(); b.Dispose(); }));
            Ops.Sum(y).Backward();
            float[] gradient = x.Grad!.ToArray();
            x.ZeroGrad();
            return gradient;
        }
        Assert.Equal(Gradient(false), Gradient(true));
    }

    [Fact]
    public void A_backward_pass_that_fails_midway_leaves_a_graph_that_can_be_released()
    {
        long before = SettledMemory.Of(Device.Cpu).InUse;
        using (var scope = new TensorScope())
        {
            Tensor x = Tensor.Normal(new Shape(100), 1), seed = Tensor.Full(new Shape(100), 1f), gone = Tensor.Full(new Shape(100), 1f);
            x.RequiresGrad = true;
            gone.Dispose();
            Tensor y = Ops.Silu(x);
            Tensor z = Autograd.Record("Test", Ops.Scale(y.Detach(), 1f), [y], [y], ctx => ctx.Give(0, gone));
            Tensor last = Ops.Silu(z);
            Assert.Equal(Used, Assert.Throws<EngineException>(() => last.Backward(seed)).Message);
            z.ReleaseGraph();
            Assert.Null(x.Grad);
        }
        Assert.Equal(before, SettledMemory.Of(Device.Cpu).InUse);
    }

    [Fact]
    public void A_model_unloaded_while_it_trains_ends_the_training_with_an_error()
    {
        for (int i = 0; i < 5; i++)
        {
            var training = new TinyTraining();
            training.Train();
            bool begun = false;
            Exception? error = null;
            void Forever()
            {
                while (true)
                {
                    training.Train();
                    Volatile.Write(ref begun, true);
                }
            }
            Threads.Together(
                () => error = Assert.Throws<EngineException>(Forever),
                () =>
                {
                    Assert.True(SpinWait.SpinUntil(() => Volatile.Read(ref begun), TimeSpan.FromMinutes(5)));
                    foreach (Module part in TinyModel.Parts(training.Model))
                        foreach ((_, Parameter parameter) in part.NamedParameters()) parameter.Unload();
                });
            Assert.True(error!.Message == Used || error.Message.EndsWith("or after they were unloaded", StringComparison.Ordinal), error.Message);
            training.Dispose();
        }
    }

    [Fact]
    public void What_is_used_after_its_end_says_so()
    {
        var training = new TinyTraining();
        var pipeline = new StableDiffusionPipeline(training.Model, SchedulerFactory.Create("ddim", training.Model.Scheduler));
        training.Dispose();
        training.Dispose();
        const string Unloaded = "used before weights were loaded or initialised, or after they were unloaded";
        Assert.Contains(Unloaded, Assert.Throws<EngineException>(() => training.Forward()).Message.Replace(Used, Unloaded, StringComparison.Ordinal));
        Assert.EndsWith(Unloaded, Assert.Throws<EngineException>(() => pipeline.Generate(new SamplingOptions { Prompt = "x", Steps = 1 })).Message);
        Assert.Equal(Used, Assert.Throws<EngineException>(() => training.Weights).Message);

        var adam = new AdamW();
        using (Tensor w = Tensor.Zeros(new Shape(2))) adam.Set("w", w);
        adam.Dispose();
        adam.Dispose();
        Assert.Equal("AdamW: used after it was disposed", Assert.Throws<EngineException>(adam.Step).Message);

        using var folder = new TemporaryFolder();
        string path = folder.File("a.safetensors");
        var writer = new SafetensorsWriter();
        writer.AddBytes("w", SafetensorsDType.F32, [1], new byte[4]);
        writer.Save(path);
        SafetensorsReader reader = SafetensorsReader.Open(path);
        reader.Dispose();
        reader.Dispose();
        Assert.Throws<ObjectDisposedException>(() => reader.ReadFloat32("w"));
    }
}
