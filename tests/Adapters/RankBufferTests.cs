using SeLoRA.Adapters;
using SeLoRA.Engine;
using Xunit;

namespace SeLoRA.Tests;

public class RankBufferTests
{
    [Theory]
    [InlineData("cpu")]
    [InlineData("opencl")]
    [InlineData("cuda")]
    public void Grow_leaves_the_output_as_it_was_to_the_last_bit(string deviceName)
    {
        Device device = TestDevices.Require(deviceName);
        foreach ((int rows, int ins, int outs) in ((int, int, int)[])[(1, 7, 5), (33, 37, 51), (77, 129, 67), (256, 64, 96)])
        {
            using Tensor x = Random(1, new Shape(rows, ins), device), w = Random(2, new Shape(outs, ins), device);
            var linear = new Linear(ins, outs, bias: false);
            linear.Weight.Load(w.ToArray(), device);
            foreach (int rank in (int[])[1, 2, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33])
            {
                using var adapter = new LowRankAdapter(new AdapterTarget(new AdapterRoot("unet", linear), "x", linear), 0.7f);
                adapter.Buffer.Load(Values(3, rank * ins), Values(4, outs * rank));
                float[] before = adapter.Forward(x, w, null, null).ToArray();
                using Tensor k = Random(5, new Shape(ins), device);
                adapter.Buffer.Grow(k);
                float[] after = adapter.Forward(x, w, null, null).ToArray();

                Assert.Equal(rank + 1, adapter.Rank);
                Assert.Equal(before.Select(BitConverter.SingleToInt32Bits), after.Select(BitConverter.SingleToInt32Bits));
            }
        }
    }

    [Theory]
    [InlineData("cpu", 2)]
    [InlineData("opencl", 8)]
    [InlineData("cuda", 8)]
    public void Grow_writes_a_row_of_A_and_leaves_a_zero_column_of_B(string deviceName, int capacity)
    {
        Device device = TestDevices.Require(deviceName);
        using var buffer = new RankBuffer("unet.x", 3, 2, device);
        buffer.Load([1, 2, 3], [4, 5]);
        using Tensor k = Tensor.From(new float[] { 7, 8, 9 }, new Shape(3), device);
        buffer.Grow(k);

        Assert.Equal([1, 2, 3, 7, 8, 9], buffer.AValues());
        Assert.Equal([4, 0, 5, 0], buffer.BValues());
        Assert.Equal(capacity, buffer.Capacity);
    }

    [Fact]
    public void Buffer_that_is_not_to_grow_holds_its_rank_alone_and_still_can()
    {
        using var buffer = new RankBuffer("unet.x", 3, 2, Device.Cpu, grows: false);
        buffer.Load([1, 2, 3], [4, 5]);
        Assert.Equal(1, buffer.Capacity);
        using Tensor k = Tensor.From(new float[] { 7, 8, 9 }, new Shape(3));
        buffer.Grow(k);

        Assert.Equal([1, 2, 3, 7, 8, 9], buffer.AValues());
        Assert.Equal([4, 0, 5, 0], buffer.BValues());
        Assert.Equal(2, buffer.Capacity);
    }

    [Theory]
    [InlineData("cpu", 1, 1, 2)]
    [InlineData("cpu", 16, 16, 17)]
    [InlineData("opencl", 7, 8, 8)]
    [InlineData("opencl", 16, 16, 32)]
    [InlineData("opencl", 32, 32, 64)]
    [InlineData("cuda", 7, 8, 8)]
    [InlineData("cuda", 16, 16, 32)]
    [InlineData("cuda", 32, 32, 64)]
    public void Grow_keeps_old_values_and_moments_also_where_the_capacity_changes(string deviceName, int rank, int capacity, int grown)
    {
        Device device = TestDevices.Require(deviceName);
        var network = new SmallNetwork(device);
        using AdapterSet set = new SeLoRAConfig { RankInitial = rank }.Create([new AdapterRoot("unet", network)], AdapterTargets.All, seed: 5);
        set.Attach();
        using var optimizer = new AdamW(lr: 1e-2f);
        set.AddTo(optimizer);
        using SmallBatch batch = SmallBatch.Draw(device, 4);
        for (int step = 0; step < 3; step++) Step(network, batch, optimizer);
        var adapter = (LowRankAdapter)set.Adapters[0];
        IReadOnlyDictionary<string, HostTensor> before = set.Save(optimizer);
        Assert.Equal(capacity, adapter.Buffer.Capacity);

        using Tensor k = Random(8, new Shape(SmallNetwork.In), device);
        adapter.Buffer.Grow(k, optimizer);

        IReadOnlyDictionary<string, HostTensor> after = set.Save(optimizer);
        Assert.Equal(grown, adapter.Buffer.Capacity);
        string name = adapter.Target.FullName;
        foreach (string moment in (string[])["", ".m", ".v"])
        {
            float[] a = after[$"{name}.lora_A{moment}"].Values, b = after[$"{name}.lora_B{moment}"].Values;
            Assert.Equal(before[$"{name}.lora_A{moment}"].Values, a[..(rank * SmallNetwork.In)]);
            Assert.Equal(moment == "" ? k.ToArray() : new float[SmallNetwork.In], a[(rank * SmallNetwork.In)..]);
            float[] old = before[$"{name}.lora_B{moment}"].Values;
            for (int row = 0; row < SmallNetwork.Width; row++)
            {
                Assert.Equal(old[(row * rank)..((row + 1) * rank)], b[(row * (rank + 1))..(row * (rank + 1) + rank)]);
                Assert.Equal(0, b[row * (rank + 1) + rank]);
            }
        }
        Assert.Contains(before[$"{name}.lora_B.v"].Values, v => v > 0);

        // The optimiser trains the exchanged tensors, the new column too.
        Step(network, batch, optimizer);
        float[] trained = adapter.Buffer.BValues();
        Assert.Contains(Enumerable.Range(0, SmallNetwork.Width), row => trained[row * (rank + 1) + rank] != 0);
        Assert.NotEqual(before[$"{name}.lora_A"].Values, adapter.Buffer.AValues()[..(rank * SmallNetwork.In)]);
    }

    [Theory]
    [InlineData("opencl")]
    [InlineData("cuda")]
    public void Padding_stays_zero_through_training_with_weight_decay(string deviceName)
    {
        Device device = TestDevices.Require(deviceName);
        var network = new SmallNetwork(device);
        using AdapterSet set = new SeLoRAConfig { RankInitial = 3 }.Create([new AdapterRoot("unet", network)], AdapterTargets.All, seed: 5);
        set.Attach();
        using var optimizer = new AdamW(lr: 1e-2f, weightDecay: 0.1f);
        set.AddTo(optimizer);
        using SmallBatch batch = SmallBatch.Draw(device, 4);
        for (int step = 0; step < 5; step++) Step(network, batch, optimizer);

        foreach (LowRankAdapter adapter in set.Adapters.Cast<LowRankAdapter>())
        {
            Assert.All(adapter.Buffer.A.ToArray()[(3 * adapter.Buffer.InFeatures)..], value => Assert.Equal(0, value));
            float[] b = adapter.Buffer.B.ToArray();
            for (int i = 0; i < b.Length; i++) Assert.True(i % adapter.Buffer.Capacity < 3 ? float.IsFinite(b[i]) : b[i] == 0);
        }
    }

    [Fact]
    public void Load_refuses_what_is_no_pair_of_one_rank()
    {
        using var buffer = new RankBuffer("unet.x", 3, 2, Device.Cpu);
        var e = Assert.Throws<EngineException>(() => buffer.Load(new float[6], new float[2]));
        Assert.Contains("unet.x.lora_A", e.Message);
        using Tensor k = Tensor.From(new float[4], new Shape(4));
        Assert.Throws<EngineException>(() => buffer.Grow(k));
    }

    internal static void Step(SmallNetwork network, SmallBatch batch, AdamW optimizer)
    {
        using Tensor loss = network.Loss(batch);
        loss.Backward();
        optimizer.Step();
        optimizer.ZeroGrad();
    }

    internal static float[] Values(ulong seed, int count)
    {
        var values = new float[count];
        Philox.FillNormal(values, seed);
        return values;
    }

    private static Tensor Random(ulong seed, Shape shape, Device device) => Tensor.From(Values(seed, (int)shape.Count), shape, device);
}
