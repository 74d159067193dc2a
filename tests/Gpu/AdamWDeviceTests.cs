using SeLoRA.Engine;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>The optimiser's update of many tensors at once, on every kind of device.</summary>
[Collection(nameof(StepMemoryTests))]
public class AdamWDeviceTests
{
    // Less than a quad, more than a chunk, and sizes that leave a tail.
    private static readonly int[] Counts = [1, 3, 4, 7, 131, 1024, 2048, 2049, 5000];

    [Theory]
    [InlineData("cpu")]
    [InlineData("opencl")]
    [InlineData("cuda")]
    public void All_at_once_gives_the_bits_of_one_after_the_other(string deviceName)
    {
        Device device = TestDevices.Require(deviceName);
        using var scope = new TensorScope();
        AdamWTensors[] together = Tensors(device), apart = Tensors(device);
        for (int step = 1; step <= 2; step++)
        {
            Ops.AdamWStep(together, step, lr: 0.01f, weightDecay: 0.1f);
            foreach (AdamWTensors t in apart) Ops.AdamWStep(t.P, t.G, t.M, t.V, step, lr: 0.01f, weightDecay: 0.1f);
        }
        for (int i = 0; i < apart.Length; i++)
        {
            Assert.Equal(apart[i].P.ToArray(), together[i].P.ToArray());
            Assert.Equal(apart[i].M.ToArray(), together[i].M.ToArray());
            Assert.Equal(apart[i].V.ToArray(), together[i].V.ToArray());
        }
    }

    [Theory]
    [InlineData("opencl")]
    [InlineData("cuda")]
    public void A_device_agrees_with_the_host_at_every_offset_and_leaves_the_rest_alone(string deviceName)
    {
        Device device = TestDevices.Require(deviceName);
        using var scope = new TensorScope();
        foreach (int count in Counts)
        {
            for (int offset = 0; offset < 5; offset++)
            {
                // Only the gradient, or all four, begin elsewhere.
                foreach (int rest in (int[])[0, offset])
                {
                    float[][] expected = Run(Device.Cpu, count, offset, rest), actual = Run(device, count, offset, rest);
                    for (int i = 0; i < expected.Length; i++) Closeness.AssertRelativeL2(actual[i], expected[i], 1e-6, $"{count} at {offset} and {rest}, tensor {i}");
                }
            }
        }
    }

    [Theory]
    [InlineData("opencl")]
    [InlineData("cuda")]
    public void It_is_one_launch_and_its_table_is_sent_once(string deviceName)
    {
        var backend = (GpuBackend)Backend.Get(TestDevices.Require(deviceName));
        using var scope = new TensorScope();
        AdamWTensors[] tensors = Tensors(backend.Device);
        void Step() => Ops.AdamWStep(tensors, 1, lr: 0.01f);
        Step();
        long launches = backend.LaunchCount;
        Step();
        Assert.Equal(1, backend.LaunchCount - launches);
        // It does not upload: it can be recorded.
        using RecordedStep recorded = backend.Record(Step);
        Assert.Equal(1, recorded.Launches);
        // Another tensor makes another table.
        tensors = [.. tensors[1..], .. Tensors(backend.Device)];
        Assert.Contains("uploads", Assert.Throws<EngineException>(() => backend.Record(Step)).Message);
        Step();
        Assert.True(recorded.IsCurrent);
        using RecordedStep again = backend.Record(Step);
    }

    [Theory]
    [InlineData("opencl")]
    [InlineData("cuda")]
    public void A_step_that_a_recording_refused_is_done_once(string deviceName)
    {
        var backend = (GpuBackend)Backend.Get(TestDevices.Require(deviceName));
        Assert.Equal(Trained(false), Trained(true));

        float[] Trained(bool refused)
        {
            using var scope = new TensorScope();
            using var adam = new AdamW(lr: 0.1f);
            Tensor p = Tensor.Full(new Shape(5), 1f, backend.Device);
            p.RequiresGrad = true;
            adam.Set("p", p);
            Ops.Sum(Ops.Silu(p)).Backward();
            if (refused) Assert.Contains("uploads", Assert.Throws<EngineException>(() => backend.Record(adam.Step)).Message);
            adam.StepCount = 0;
            adam.Step();
            return p.ToArray();
        }
    }

    [Theory]
    [InlineData("opencl")]
    [InlineData("cuda")]
    public void More_allocations_than_a_launch_reaches_take_a_launch_more(string deviceName)
    {
        var backend = (GpuBackend)Backend.Get(TestDevices.Require(deviceName));
        try
        {
            ReachManyAllocations(backend);
        }
        finally
        {
            // The segments are too large for what other tests count.
            backend.ReleaseCached();
        }
    }

    private static void ReachManyAllocations(GpuBackend backend)
    {
        using var scope = new TensorScope();
        // More than the pool takes at once for large blocks: each array is an allocation of its own. No more than a few elements are touched.
        const int Large = (64 << 20) / sizeof(float) + 1, Arrays = AdamWKernels.SegmentsMax + 2;
        Tensor[] arrays = [.. Enumerable.Range(0, Arrays).Select(_ => Tensor.Empty(new Shape(Large), backend.Device))];
        AdamWTensors[] host = Tensors(Device.Cpu), tensors = [.. host.Select((t, i) =>
            new AdamWTensors(Moved(t.P, i, 0), Moved(t.G, i, 1), Moved(t.M, i, 2), Moved(t.V, i, 3)))];
        long launches = backend.LaunchCount;
        Ops.AdamWStep(tensors, 1, lr: 0.01f);
        Assert.Equal(2, backend.LaunchCount - launches);
        Ops.AdamWStep(host, 1, lr: 0.01f);
        for (int i = 0; i < host.Length; i++)
        {
            Closeness.AssertRelativeL2(tensors[i].P.ToArray(), host[i].P.ToArray(), 1e-6, $"p of {i}");
            Closeness.AssertRelativeL2(tensors[i].M.ToArray(), host[i].M.ToArray(), 1e-6, $"m of {i}");
            Closeness.AssertRelativeL2(tensors[i].V.ToArray(), host[i].V.ToArray(), 1e-6, $"v of {i}");
        }

        // The tensors of a step go round the arrays, and each has a part of its own.
        Tensor Moved(Tensor x, int tensor, int part)
        {
            Tensor y = arrays[(2 * tensor + part) % Arrays].Narrow((4 * tensor + part) * 8192, (int)x.Count);
            y.CopyFrom(x.ToArray());
            return y;
        }
    }

    [Theory]
    [InlineData("cpu", 0f)]
    [InlineData("cpu", 1f)]
    [InlineData("opencl", 0f)]
    [InlineData("opencl", 1f)]
    [InlineData("cuda", 0f)]
    [InlineData("cuda", 1f)]
    public void The_guarded_update_shortens_gradients_and_updates_as_the_plain_one(string deviceName, float maxNorm)
    {
        using var scope = new TensorScope();
        var plain = new Guarded(TestDevices.Require(deviceName), maxNorm);
        var guarded = new Guarded(plain.Device, maxNorm);
        guarded.Step();
        float[] verdict = guarded.Verdict.ToArray();
        float norm = GradClip.Norm([.. plain.Tensors.Select(t => t.G)]);
        Assert.Equal(norm, verdict[0], norm * 1e-6);
        Assert.Equal(maxNorm > 0 ? maxNorm / (norm + 1e-6) : 1, verdict[1], 1e-6);
        if (maxNorm > 0)
            foreach (AdamWTensors t in plain.Tensors) t.G.Backend.Scale(t.G, verdict[1], t.G);
        Ops.AdamWStep(plain.Tensors, 1, lr: 0.01f);
        Assert.Equal(plain.State(), guarded.State());
    }

    [Theory]
    [InlineData("cpu")]
    [InlineData("opencl")]
    [InlineData("cuda")]
    public void Wrong_numbers_reach_no_weight(string deviceName)
    {
        using var scope = new TensorScope();
        var guarded = new Guarded(TestDevices.Require(deviceName), maxNorm: 1f);
        float[] before = guarded.State();
        foreach (float loss in (float[])[float.NaN, float.PositiveInfinity, Guarded.LossLimit])
        {
            guarded.Losses.CopyFrom([0.1f, loss]);
            guarded.Step();
            Assert.Equal(0f, guarded.Verdict.ToArray()[1]);
            Assert.Equal(before, guarded.State());
        }
        guarded.Losses.CopyFrom([0.1f, 0.2f]);
        foreach (float gradient in (float[])[float.NaN, float.NegativeInfinity, 1e30f])
        {
            guarded.Tensors[^1].G.CopyFrom([.. Enumerable.Repeat(1f, Counts[^1] - 1), gradient]);
            before = guarded.State();
            guarded.Step();
            Assert.Equal(0f, guarded.Verdict.ToArray()[1]);
            Assert.Equal(before, guarded.State());
        }
    }

    [Theory]
    [InlineData("opencl")]
    [InlineData("cuda")]
    public void A_recorded_update_judges_and_counts_what_is_there_now(string deviceName)
    {
        using var scope = new TensorScope();
        var plain = new Guarded(TestDevices.Require(deviceName), maxNorm: 1f);
        var replayed = new Guarded(plain.Device, maxNorm: 1f);
        plain.Step();
        replayed.Step();
        Next(2);
        plain.Step();
        using RecordedStep recorded = ((GpuBackend)Backend.Get(plain.Device)).Record(replayed.Step);
        Assert.Equal(plain.State(), replayed.State());
        float[] before = replayed.State();
        replayed.Losses.CopyFrom([float.NaN, 0f]);
        recorded.Replay();
        Assert.Equal(before, replayed.State());
        replayed.Losses.CopyFrom([0.1f, 0.2f]);
        Next(3);
        plain.Step();
        recorded.Replay();
        Assert.Equal(plain.State(), replayed.State());
        Assert.NotEqual(before, replayed.State());

        void Next(int step)
        {
            float[] factors = AdamWFactors.Of(step, 0.02f, 0.9f, 0.999f, 1e-8f, 0f).ToArray();
            foreach (Guarded guarded in (Guarded[])[plain, replayed]) guarded.Factors.CopyFrom(factors);
        }
    }

    [Fact]
    public void Tensors_of_two_shapes_are_refused()
    {
        using var scope = new TensorScope();
        Tensor a = Tensor.Zeros(new Shape(4)), b = Tensor.Zeros(new Shape(5));
        Assert.Contains("must be equal", Assert.Throws<EngineException>(() => Ops.AdamWStep([new(a, a, a, a), new(b, b, a, b)], 1, 0.1f)).Message);
        Assert.Contains("step 0", Assert.Throws<EngineException>(() => Ops.AdamWStep([new(a, a, a, a)], 0, 0.1f)).Message);
    }

    private static AdamWTensors[] Tensors(Device device) => [.. Counts.Select((count, i) => new AdamWTensors(
        Normal(count, 4 * (ulong)i, device), Normal(count, 4 * (ulong)i + 1, device), Normal(count, 4 * (ulong)i + 2, device),
        Positive(count, 4 * (ulong)i + 3, device)))];

    private static Tensor Normal(int count, ulong seed, Device device) => Tensor.From(Numbers.Normal(count, seed), new Shape(count), device);

    private static Tensor Positive(int count, ulong seed, Device device) =>
        Tensor.From([.. Numbers.Normal(count, seed).Select(x => x * x)], new Shape(count), device);

    /// <summary>The whole buffers of p, g, m and v after a step on a part of them.</summary>
    private static float[][] Run(Device device, int count, int gradOffset, int offset)
    {
        using var scope = new TensorScope();
        int length = count + 8;
        Tensor p = Normal(length, 1, device), g = Normal(length, 2, device), m = Normal(length, 3, device), v = Positive(length, 4, device);
        Ops.AdamWStep(p.Narrow(offset, count), g.Narrow(gradOffset, count), m.Narrow(offset, count), v.Narrow(offset, count), step: 3, lr: 0.01f, weightDecay: 0.1f);
        return [p.ToArray(), g.ToArray(), m.ToArray(), v.ToArray()];
    }

    /// <summary>Parameters with all that their guarded update reads, for step 1.</summary>
    private sealed class Guarded(Device device, float maxNorm)
    {
        public const float LossLimit = 1e4f;

        private readonly Tensor squares = Tensor.Zeros(new Shape(Counts.Length), device);

        public Device Device { get; } = device;

        public AdamWTensors[] Tensors { get; } = AdamWDeviceTests.Tensors(device);

        public Tensor Losses { get; } = Tensor.From([0.1f, 0.2f], new Shape(2), device);

        public Tensor Factors { get; } = Tensor.From(AdamWFactors.Of(1, 0.01f, 0.9f, 0.999f, 1e-8f, 0f).ToArray(), new Shape(AdamWFactors.Count), device);

        public Tensor Verdict { get; } = Tensor.Zeros(new Shape(GradClip.VerdictCount), device);

        public void Step()
        {
            for (int i = 0; i < Tensors.Length; i++) GradClip.SumSquares(Tensors[i].G, squares, i);
            squares.Backend.JudgeGradients(squares, Losses, LossLimit, maxNorm, Verdict);
            Ops.AdamWStep(Tensors, Factors, Verdict);
        }

        public float[] State() => [.. Tensors.SelectMany(t => (Tensor[])[t.P, t.G, t.M, t.V]).SelectMany(x => x.ToArray())];
    }
}
