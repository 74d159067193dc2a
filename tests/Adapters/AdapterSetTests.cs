using SeLoRA.Adapters;
using SeLoRA.Engine;
using Xunit;

namespace SeLoRA.Tests;

public class AdapterSetTests
{
    [Fact]
    public void Fresh_adapters_change_nothing_and_count_their_weights()
    {
        var network = new SmallNetwork(Device.Cpu);
        using SmallBatch batch = SmallBatch.Draw(Device.Cpu, 3);
        float[] bare = network.Forward(batch.X, batch.T).ToArray();
        using AdapterSet set = new SeLoRAConfig { RankInitial = 2 }.Create([new AdapterRoot("unet", network)], AdapterTargets.All, seed: 1);
        set.Attach();

        Assert.Equal(bare, network.Forward(batch.X, batch.T).ToArray());
        Assert.Equal(6, set.RankTotal);
        const int expected = 2 * (7 + 19 + 19 + 5 + 6 + 5);
        Assert.Equal(expected, set.TrainableCount);
        AdapterShare share = Assert.Single(set.Shares());
        Assert.Equal(100.0 * expected / network.ParameterCount, share.Percent, 12);
        Assert.Equal(["unet.block.0.attn1.to_q.lora_A", "unet.block.0.attn1.to_q.lora_B"], set.Parameters.Take(2).Select(p => p.Name));
    }

    [Fact]
    public void Initial_rows_lie_within_kaimings_bound_and_differ_by_layer_and_seed()
    {
        var network = new SmallNetwork(Device.Cpu);
        AdapterRoot[] roots = [new("unet", network)];
        float[] First(ulong seed)
        {
            using AdapterSet set = new LoRAConfig { Rank = 8 }.Create(roots, AdapterTargets.All, seed);
            return ((LowRankAdapter)set.Adapters[0]).Buffer.AValues();
        }

        float[] a = First(1);
        double bound = Math.Sqrt(6.0 / SmallNetwork.In);
        Assert.All(a, value => Assert.InRange(value, -bound, bound));
        Assert.True(a.Max() > 0.8 * bound && a.Min() < -0.8 * bound);
        Assert.Equal(a, First(1));
        Assert.NotEqual(a, First(2));
    }

    [Theory]
    [InlineData("cpu")]
    [InlineData("opencl")]
    [InlineData("cuda")]
    public void Merge_gives_the_adapted_output_and_unmerge_restores_every_bit(string deviceName)
    {
        Device device = TestDevices.Require(deviceName);
        var network = new SmallNetwork(device);
        using SmallBatch batch = SmallBatch.Draw(device, 3);
        using AdapterSet set = new LoRAConfig { Rank = 3, Alpha = 4 }.Create([new AdapterRoot("unet", network)], AdapterTargets.All, seed: 1);
        Randomize(set);
        set.Attach();
        float[][] weights = Weights(network);
        float[] adapted = network.Forward(batch.X, batch.T).ToArray();

        set.Merge();
        Assert.True(set.IsMerged);
        Closeness.AssertRelativeL2(network.Forward(batch.X, batch.T).ToArray(), adapted, 1e-6, "merged output");
        Assert.Throws<EngineException>(() => set.Merge());
        Assert.Throws<EngineException>(() => set.Attach());

        set.Unmerge();
        Assert.Equal(weights, Weights(network));
        set.Attach();
        Assert.Equal(adapted, network.Forward(batch.X, batch.T).ToArray());
    }

    [Theory]
    [InlineData(2)]
    [InlineData(17)]
    public void Restored_training_goes_on_to_the_last_bit(int rank)
    {
        using SmallBatch batch = SmallBatch.Draw(Device.Cpu, 4);
        var network = new SmallNetwork(Device.Cpu);
        AdapterRoot[] roots = [new("unet", network)];
        var config = new SeLoRAConfig { RankInitial = rank, TestEvery = 2, Lambda = 1.05 };
        using AdapterSet set = config.Create(roots, AdapterTargets.All, seed: 1);
        set.Attach();
        using var optimizer = new AdamW(lr: 1e-2f);
        set.AddTo(optimizer);
        Train(network, set, optimizer, config, batch, 1, 5);
        IReadOnlyDictionary<string, HostTensor> checkpoint = set.Save(optimizer);
        long steps = optimizer.StepCount;
        Train(network, set, optimizer, config, batch, 6, 9);
        IReadOnlyDictionary<string, HostTensor> expected = set.Save(optimizer);
        Assert.True(set.RankTotal > 3 * rank);
        set.Detach();

        using AdapterSet resumed = config.Create(roots, AdapterTargets.All, seed: 1);
        resumed.Attach();
        using var again = new AdamW(lr: 1e-2f);
        resumed.AddTo(again);
        resumed.Restore(checkpoint, again);
        again.StepCount = steps;
        Train(network, resumed, again, config, batch, 6, 9);

        IReadOnlyDictionary<string, HostTensor> actual = resumed.Save(again);
        Assert.Equal(expected.Keys.Order(), actual.Keys.Order());
        foreach ((string key, HostTensor tensor) in expected)
        {
            Assert.Equal(tensor.Shape, actual[key].Shape);
            Assert.Equal(tensor.Values, actual[key].Values);
        }
    }

    [Fact]
    public void Restore_names_what_does_not_fit()
    {
        var network = new SmallNetwork(Device.Cpu);
        AdapterRoot[] roots = [new("unet", network)];
        using AdapterSet all = new LoRAConfig().Create(roots, AdapterTargets.All, 1), some = new LoRAConfig().Create(roots, AdapterTargets.Parse("ff"), 1);
        var strange = Assert.Throws<EngineException>(() => some.Restore(all.Save()));
        Assert.Contains("unet.block.0.attn1.to_q.lora_A", strange.Message);

        var broken = all.Save().ToDictionary();
        broken["unet.block.0.ff.net.2.lora_B"] = new HostTensor([2, 4], new float[8]);
        var shape = Assert.Throws<EngineException>(() => all.Restore(broken));
        Assert.Contains("unet.block.0.ff.net.2.lora_B", shape.Message);
        Assert.Contains("5x4", shape.Message);
    }

    [Fact]
    public void Attach_refuses_a_layer_that_has_another_adapter()
    {
        var network = new SmallNetwork(Device.Cpu);
        AdapterRoot[] roots = [new("unet", network)];
        using AdapterSet one = new LoRAConfig().Create(roots, AdapterTargets.All, 1), two = new LoRAConfig().Create(roots, AdapterTargets.All, 2);
        one.Attach();
        var e = Assert.Throws<EngineException>(() => two.Attach());
        Assert.Contains("unet.block.0.attn1.to_q", e.Message);
        one.Detach();
        two.Attach();
    }

    internal static void Randomize(AdapterSet set, float scale = 0.3f)
    {
        foreach ((LowRankAdapter adapter, int i) in set.Adapters.Cast<LowRankAdapter>().Select((a, i) => (a, i)))
        {
            float[] b = RankBufferTests.Values((ulong)i + 40, adapter.Buffer.OutFeatures * adapter.Rank);
            adapter.Buffer.Load(adapter.Buffer.AValues(), [.. b.Select(v => v * scale)]);
        }
    }

    private static float[][] Weights(SmallNetwork network) => [.. network.NamedParameters().Select(p => p.Parameter.Value.ToArray())];

    private static void Train(SmallNetwork network, AdapterSet set, AdamW optimizer, SeLoRAConfig config, SmallBatch batch, int first, int last)
    {
        using var controller = new RankController(set, optimizer, config, seed: 9);
        for (int step = first; step <= last; step++)
        {
            using Tensor loss = network.Loss(batch);
            bool test = controller.IsTestStep(step);
            using (test ? controller.Observe() : null) loss.Backward();
            optimizer.Step();
            optimizer.ZeroGrad();
            if (test) controller.Decide(step);
        }
    }
}
