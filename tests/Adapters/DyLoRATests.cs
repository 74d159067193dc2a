using SeLoRA.Adapters;
using SeLoRA.Engine;
using Xunit;

namespace SeLoRA.Tests;

public class DyLoRATests
{
    [Theory]
    [InlineData("cpu")]
    [InlineData("opencl")]
    [InlineData("cuda")]
    public void Ranks_beyond_the_drawn_one_take_no_part_and_get_no_gradient(string deviceName)
    {
        using var run = new Run(TestDevices.Require(deviceName), new DyLoRAConfig { Rank = 4 });
        foreach (NestedAdapter adapter in run.Adapters) adapter.Rank = 2;
        float[] y = run.Outputs();
        run.Backward();
        foreach (RankBuffer buffer in run.Adapters.Select(a => a.Buffer))
        {
            float[] da = buffer.A.Grad!.ToArray(), db = buffer.B.Grad!.ToArray();
            Assert.All(da[(2 * buffer.InFeatures)..], g => Assert.Equal(0, g));
            Assert.Contains(da[..(2 * buffer.InFeatures)], g => g != 0);
            Assert.Equal(Enumerable.Range(0, db.Length).Select(i => i % 4 < 2), db.Select(g => g != 0));
            float[] a = buffer.AValues();
            a.AsSpan(2 * buffer.InFeatures).Fill(9);
            buffer.A.CopyFrom(a);
        }
        Assert.Equal(y, run.Outputs());
    }

    [Fact]
    public void A_frozen_step_moves_the_drawn_rank_alone()
    {
        var config = new DyLoRAConfig { Rank = 4, Frozen = true };
        using var run = new Run(Device.Cpu, config);
        using var control = new NestedRanks(run.Set, config, _ => 3);
        control.BeforeStep(1);
        run.Backward();
        control.AfterBackward(1);
        foreach (RankBuffer buffer in run.Adapters.Select(a => a.Buffer))
        {
            Assert.Equal(Enumerable.Range(0, 4 * buffer.InFeatures).Select(i => i / buffer.InFeatures == 2), buffer.A.Grad!.ToArray().Select(g => g != 0));
            Assert.Equal(Enumerable.Range(0, 4 * buffer.OutFeatures).Select(i => i % 4 == 2), buffer.B.Grad!.ToArray().Select(g => g != 0));
        }
    }

    [Fact]
    public void Drawn_ranks_are_a_function_of_seed_and_step_and_every_one_is_as_likely()
    {
        var config = new DyLoRAConfig { Rank = 4, RankKept = 3 };
        using Run one = new(Device.Cpu, config), two = new(Device.Cpu, config);
        using IRankControl a = config.CreateControl(one.Set, one.Optimizer, 7, 1000), b = config.CreateControl(two.Set, two.Optimizer, 7, 10);
        using IRankControl other = config.CreateControl(two.Set, two.Optimizer, 8, 10);
        int[] drawn = [.. Enumerable.Range(1, 4000).Select(step => Draw(a, one, step))];
        Assert.All(Enumerable.Range(1, 4), rank => Assert.InRange(drawn.Count(d => d == rank), 900, 1100));
        Assert.Equal(drawn[999], Draw(b, two, 1000));
        Assert.NotEqual(drawn[..50], Enumerable.Range(1, 50).Select(step => Draw(other, two, step)));

        int Draw(IRankControl control, Run run, int step)
        {
            control.BeforeStep(step);
            int rank = run.Adapters[0].Rank;
            Assert.All(run.Adapters, adapter => Assert.Equal(rank, adapter.Rank));
            control.AfterStep(step, () => { });
            Assert.All(run.Adapters, adapter => Assert.Equal(3, adapter.Rank));
            return rank;
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(4)]
    public void The_file_is_plain_lora_of_the_rank_that_was_asked_for_with_the_same_outputs(int rank)
    {
        using var run = new Run(Device.Cpu, new DyLoRAConfig { Rank = 4, RankKept = rank, Alpha = 6 });
        Assert.Equal(3 * rank, run.Set.RankTotal);
        Assert.All(run.Set.Adapters, a => Assert.Equal(6f / rank, a.Scale));
        AdapterExport.AssertSameOutputs(run.Network, run.Set, run.Batch);
    }

    [Fact]
    public void Wrong_settings_are_named()
    {
        Assert.Contains("rank 0", Assert.Throws<EngineException>(new DyLoRAConfig { Rank = 0 }.Validate).Message);
        Assert.Contains("kept rank 5", Assert.Throws<EngineException>(new DyLoRAConfig { RankKept = 5 }.Validate).Message);
        Assert.Contains("alpha", Assert.Throws<EngineException>(new DyLoRAConfig { Alpha = float.NaN }.Validate).Message);
        using var run = new Run(Device.Cpu, new DyLoRAConfig());
        Assert.Contains("rank 5", Assert.Throws<EngineException>(() => run.Adapters[0].Rank = 5).Message);
    }

    /// <summary>Nested adapters with random B.</summary>
    private sealed class Run : IDisposable
    {
        public Run(Device device, DyLoRAConfig config)
        {
            Network = new SmallNetwork(device);
            Batch = SmallBatch.Draw(device, 4);
            Set = config.Create([new AdapterRoot("unet", Network)], AdapterTargets.All, seed: 2).Attach();
            foreach (RankBuffer buffer in Adapters.Select(a => a.Buffer)) buffer.B.CopyFrom(Numbers.Normal(buffer.B.Count, 5, 0.3f));
        }

        public SmallNetwork Network { get; }

        public SmallBatch Batch { get; }

        public AdapterSet Set { get; }

        public AdamW Optimizer { get; } = new();

        public NestedAdapter[] Adapters => [.. Set.Adapters.Cast<NestedAdapter>()];

        public float[] Outputs()
        {
            using IDisposable noGrad = Autograd.NoGrad();
            using Tensor y = Network.Forward(Batch.X, Batch.T);
            return y.ToArray();
        }

        public void Backward()
        {
            using Tensor loss = Network.Loss(Batch);
            loss.Backward();
        }

        public void Dispose()
        {
            Set.Dispose();
            Optimizer.Dispose();
            Batch.Dispose();
        }
    }
}
