using SeLoRA.Adapters;
using SeLoRA.Engine;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>Scores against gradients that autograd gives for one sample at a time and for adapters that really were expanded.</summary>
public class FisherScoreTests
{
    private const int Samples = 5;

    [Theory]
    [InlineData("cpu")]
    [InlineData("opencl")]
    [InlineData("cuda")]
    public void Per_sample_scores_equal_the_squared_gradients_of_single_samples(string deviceName)
    {
        using var setting = new Setting(TestDevices.Require(deviceName), FisherScoring.PerSample);
        RankDecision[] scores = setting.Scores(setting.Batch);
        for (int layer = 0; layer < scores.Length; layer++)
        {
            (double original, double expanded) = (0, 0);
            for (int i = 0; i < Samples; i++)
            {
                (double own, double added) = setting.Squares(layer, setting.Batch.Samples(i, 1));
                original += own / Samples;
                expanded += (own + added) / Samples;
            }
            Near(original, scores[layer].FiOriginal);
            Near(expanded, scores[layer].FiExpanded);
            Near(expanded / original, scores[layer].Ratio);
        }
    }

    [Theory]
    [InlineData("cpu")]
    [InlineData("opencl")]
    [InlineData("cuda")]
    public void Batch_scores_equal_the_squared_gradient_of_the_batch(string deviceName)
    {
        using var setting = new Setting(TestDevices.Require(deviceName), FisherScoring.Batch);
        RankDecision[] scores = setting.Scores(setting.Batch);
        for (int layer = 0; layer < scores.Length; layer++)
        {
            (double own, double added) = setting.Squares(layer, setting.Batch);
            Near(own, scores[layer].FiOriginal);
            Near(own + added, scores[layer].FiExpanded);
        }
    }

    [Theory]
    [InlineData(FisherScoring.PerSample)]
    [InlineData(FisherScoring.Batch)]
    public void Micro_batches_of_a_scaled_loss_give_the_scores_of_the_whole_batch(FisherScoring scoring)
    {
        using var setting = new Setting(Device.Cpu, scoring);
        RankDecision[] whole = setting.Scores(setting.Batch);
        RankDecision[] parts = setting.Scores((128f, setting.Batch.Samples(0, 2)), (0.5f, setting.Batch.Samples(2, 3)));
        foreach ((RankDecision a, RankDecision b) in whole.Zip(parts))
        {
            Near(a.FiOriginal, b.FiOriginal);
            Near(a.FiExpanded, b.FiExpanded);
        }
    }

    [Theory]
    [InlineData("opencl", DType.BF16)]
    [InlineData("opencl", DType.F16)]
    [InlineData("cuda", DType.BF16)]
    [InlineData("cuda", DType.F16)]
    public void Signals_of_16_bits_score_as_the_same_numbers_in_float32(string deviceName, DType type)
    {
        Device device = TestDevices.Require(deviceName);
        using var scope = new TensorScope();
        var linear = new Linear(19, 13, bias: false);
        linear.Weight.Load(new float[13 * 19], device);
        using var adapter = new LowRankAdapter(new AdapterTarget(new AdapterRoot("unet", linear), "x", linear), 0.7f);
        adapter.Buffer.Load(new float[3 * 19], new float[13 * 3]);
        // Factors' projections are wider than the rank where activations have 16 bits.
        Tensor Signal(int columns, ulong seed) => Ops.Cast(Tensor.Normal(new Shape(3, 70, columns), seed, 0, device), type);
        var narrow = new AdaptedLinearSignals(Signal(19, 1), Signal(13, 2), Signal(8, 3), Signal(8, 4));
        var full = new AdaptedLinearSignals(Wide(narrow.X), Wide(narrow.Dy), Wide(narrow.U), Wide(narrow.V));
        foreach (FisherScoring scoring in Enum.GetValues<FisherScoring>())
            foreach ((float expected, float actual) in Parts(full, scoring).Zip(Parts(narrow, scoring))) Near(expected, actual);

        Tensor Wide(Tensor x) => Ops.Cast(x, DType.F32);

        float[] Parts(AdaptedLinearSignals signals, FisherScoring scoring)
        {
            using FisherScore score = FisherScore.Create(scoring, adapter, [.. Enumerable.Range(1, 19).Select(i => 1f / i)]);
            score.Observe(signals, 1f);
            Tensor parts = Tensor.Empty(new Shape(FisherScore.Parts), device);
            score.WriteTo(parts);
            return parts.ToArray();
        }
    }

    [Fact]
    public void Observing_changes_no_gradient()
    {
        using var setting = new Setting(Device.Cpu, FisherScoring.PerSample);
        float[][] bare = setting.Gradients(setting.Batch);
        using var controller = setting.Controller();
        using (controller.Observe())
        using (Tensor loss = setting.Network.Loss(setting.Batch))
        {
            setting.Set.ZeroGrad();
            loss.Backward();
        }
        Assert.Equal(bare, setting.Set.Parameters.Select(p => p.Tensor.Grad!.ToArray()));
    }

    private static void Near(double expected, double actual) =>
        Assert.True(Math.Abs(actual - expected) <= 2e-5 * Math.Abs(expected), $"{actual} against {expected}");

    private sealed class Setting : IDisposable
    {
        private readonly SeLoRAConfig config;

        public Setting(Device device, FisherScoring scoring)
        {
            config = new SeLoRAConfig { Lambda = 1e30, RankInitial = 2, Scale = 1.7f, Scoring = scoring };
            Network = new SmallNetwork(device);
            Batch = SmallBatch.Draw(device, Samples);
            Set = config.Create([new AdapterRoot("unet", Network)], AdapterTargets.All, seed: 4);
            AdapterSetTests.Randomize(Set);
            Set.Attach();
        }

        public SmallNetwork Network { get; }

        public SmallBatch Batch { get; }

        public AdapterSet Set { get; }

        public RankController Controller() => new(Set, null, config, seed: 6);

        public RankDecision[] Scores(SmallBatch batch) => Scores((1f, batch));

        public RankDecision[] Scores(params (float Scale, SmallBatch Batch)[] passes)
        {
            using RankController controller = Controller();
            foreach ((float scale, SmallBatch batch) in passes)
            {
                using Tensor loss = Network.Loss(batch);
                using Tensor scaled = loss * scale;
                using (controller.Observe(scale)) scaled.Backward();
            }
            Set.ZeroGrad();
            return [.. controller.Decide(1)];
        }

        public float[][] Gradients(SmallBatch batch)
        {
            Set.ZeroGrad();
            using Tensor loss = Network.Loss(batch);
            loss.Backward();
            float[][] gradients = [.. Set.Parameters.Select(p => p.Tensor.Grad!.ToArray())];
            Set.ZeroGrad();
            return gradients;
        }

        /// <summary>
        /// Squared gradient of a batch's mean loss for one layer: of A and B as they are, and what the layer's expansion adds: the new
        /// column of B and, to be seen to be nothing, the new row of A.
        /// </summary>
        public (double Own, double Added) Squares(int layer, SmallBatch batch)
        {
            RankBuffer buffer = ((LowRankAdapter)Set.Adapters[layer]).Buffer;
            float[] a = buffer.AValues(), b = buffer.BValues();
            float[] row = KaimingUniform.Rows(6)(Set.Adapters[layer].Target.FullName, buffer.Rank, buffer.InFeatures);
            using (Tensor k = Tensor.From(row, new Shape(buffer.InFeatures), Network.Device)) buffer.Grow(k);
            float[][] gradients = Gradients(batch);
            int old = buffer.Rank - 1, capacity = buffer.Capacity;
            buffer.Load(a, b);

            float[] da = gradients[2 * layer], db = gradients[2 * layer + 1];
            double own = 0, added = 0;
            for (int i = 0; i < da.Length; i++)
            {
                if (i / buffer.InFeatures < old) own += (double)da[i] * da[i];
                else added += (double)da[i] * da[i];
            }
            for (int i = 0; i < db.Length; i++)
            {
                if (i % capacity < old) own += (double)db[i] * db[i];
                else added += (double)db[i] * db[i];
            }
            return (own, added);
        }

        public void Dispose()
        {
            Set.Dispose();
            Batch.Dispose();
        }
    }
}
