using System.Text.Json;
using SeLoRA.Adapters;
using SeLoRA.Engine;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>
/// LoRA and SeLoRA training of a tiny U-Net against PyTorch: gradients, Adam steps, Fisher scores, decisions. Tolerances are those that
/// the reference suggests: they follow from its own distance to double precision, not from ours.
/// </summary>
[Trait("Category", "Golden")]
public class TrainGoldenTests(ITestOutputHelper output)
{
    public static TheoryData<string, string> LoRA() => TrainGolden.Enumerate("lora_*.safetensors");

    /// <summary>Where B starts at hash weights rounding is amplified, and the reference is for the first step only.</summary>
    public static TheoryData<string, string> LoRASteps() => TrainGolden.Enumerate("lora_*.safetensors", hashB: false);

    public static TheoryData<string, string> Scores() => TrainGolden.Enumerate("selora_scores_*.safetensors");

    /// <summary>
    /// All runs on the host, one of each way of scoring on each other device: a pass is slow on a processor's OpenCL, and lambda is
    /// compared on the host.
    /// </summary>
    public static TheoryData<string, string> Runs() => Choose(runs => runs.DistinctBy(r => r.Config.GetProperty("score").GetString()));

    /// <summary>All runs on the host, one on each other device: how scores are taken is the same code everywhere.</summary>
    public static TheoryData<string, string> RunsAndOneElsewhere() => Choose(runs => runs.Take(1));

    private static TheoryData<string, string> Choose(Func<IEnumerable<(string File, JsonElement Config)>, IEnumerable<(string File, JsonElement Config)>> elsewhere)
    {
        var rows = new TheoryData<string, string>();
        foreach (IGrouping<string, string> device in TrainGolden.Enumerate("selora_run_*.safetensors").Select(r => r.Data).GroupBy(r => r.Item2, r => r.Item1))
        {
            IEnumerable<(string File, JsonElement)> runs = device.Select(file => (file, TrainGolden.ReadConfig(file)));
            foreach ((string file, _) in device.Key == "cpu" ? runs : elsewhere(runs)) rows.Add(file, device.Key);
        }
        return rows;
    }

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(LoRA))]
    public void First_step_has_the_references_prediction_loss_and_gradients(string file, string device)
    {
        using TrainGolden golden = TrainGolden.Open(file, device);
        (double predictionTolerance, double gradientTolerance) = golden.IsHashB ? (3e-4, 1e-3) : (3e-5, 1e-4);
        Assert.Equal(golden.Summary.GetProperty("count").GetInt32(), golden.Set.Adapters.Count);
        if (golden.Summary.GetProperty("trainable_at_rank").TryGetProperty(golden.Config.GetProperty("rank").GetRawText(), out JsonElement trainable))
            Assert.Equal(trainable.GetInt64(), golden.Set.TrainableCount);
        using (IDisposable noGrad = Autograd.NoGrad())
        using (Tensor prediction = golden.Predict())
            Near(golden, "eps_pred", Layout.ToReference(prediction), golden.Reader.ReadFloat32("eps_pred"), predictionTolerance);

        double loss = golden.Backward();
        Near(golden, "loss", loss, golden.Summary.GetProperty(golden.Name).GetProperty("losses")[0].GetDouble(), 2e-6);
        double worst = 0;
        foreach (string module in golden.Named)
        {
            LowRankAdapter adapter = golden.Adapter(module);
            worst = Math.Max(worst, OfLargest(Rows(adapter, adapter.Buffer.A.Grad!), golden.Reader.ReadFloat32($"grad.{module}.lora_A")));
            worst = Math.Max(worst, OfLargest(Columns(adapter, adapter.Buffer.B.Grad!), golden.Reader.ReadFloat32($"grad.{module}.lora_B")));
        }
        AtMost(golden, "gradients, of the largest entry", worst, gradientTolerance);
        AtMost(golden, "gradient norms of A", Norms(golden, "grad_norm_A", a => a.Buffer.A.Grad!), gradientTolerance);
        AtMost(golden, "gradient norms of B", Norms(golden, "grad_norm_B", a => a.Buffer.B.Grad!), gradientTolerance);
    }

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(LoRASteps))]
    public void Adam_steps_follow_the_reference(string file, string device)
    {
        using TrainGolden golden = TrainGolden.Open(file, device);
        using AdamW optimizer = golden.Optimizer();
        JsonElement summary = golden.Summary.GetProperty(golden.Name);
        double worstLoss = 0;
        int steps = (int)golden.Number("steps");
        for (int step = 0; step < steps; step++)
        {
            worstLoss = Math.Max(worstLoss, Relative(golden.Backward(), summary.GetProperty("losses")[step].GetDouble()));
            optimizer.Step();
            optimizer.ZeroGrad();
        }
        worstLoss = Math.Max(worstLoss, Relative(golden.Loss(), summary.GetProperty($"loss_after_step{steps}").GetDouble()));
        AtMost(golden, "losses, relative", worstLoss, 2e-6);

        // Entries whose gradient is near rounding may differ by a whole step: a root-mean-square bound, and two steps at most.
        double lr = golden.Number("lr"), rms = Metadata(golden, "measured_float32_vs_float64").GetProperty($"step{steps}_rms").GetDouble();
        var distance = new Distance();
        foreach (string module in golden.Named)
        {
            distance.Add(golden.Adapter(module).Buffer.AValues(), golden.Reader.ReadFloat32($"step{steps}.{module}.lora_A"));
            distance.Add(golden.Adapter(module).Buffer.BValues(), golden.Reader.ReadFloat32($"step{steps}.{module}.lora_B"));
        }
        AtMost(golden, "A and B, root mean square", distance.Rms, 20 * rms);
        AtMost(golden, "A and B, worst", distance.Worst, 2 * lr);
        AtMost(golden, "norms of A", Norms(golden, $"step{steps}_norm_A", a => a.Buffer.A), 1e-4);
        AtMost(golden, "norms of B", Norms(golden, $"step{steps}_norm_B", a => a.Buffer.B), 1e-4);

        string merged = golden.Config.GetProperty("merged").GetString()!;
        golden.Set.Merge();
        AtMost(golden, "merged weight, worst", Closeness.MaxAbs(golden.Adapter(merged).Target.Linear.Weight.Value.ToArray(),
            golden.Reader.ReadFloat32($"step{steps}_merged.{merged}.weight")), lr);
        // The merged network is the adapted one.
        Near(golden, "merged loss", golden.Loss(), summary.GetProperty($"loss_after_step{steps}").GetDouble(), 2e-6);
    }

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Scores))]
    public void Gradients_of_single_samples_and_of_the_new_column_equal_the_reference(string file, string device)
    {
        using TrainGolden golden = TrainGolden.Open(file, device);
        RowSource rows = golden.HashRows((module, _) => $"{module}.K");
        foreach (LowRankAdapter adapter in golden.Set.Adapters.Cast<LowRankAdapter>())
        {
            using Tensor k = Tensor.From(rows(adapter.Target.FullName, adapter.Rank, adapter.Buffer.InFeatures),
                new Shape(adapter.Buffer.InFeatures), adapter.Buffer.A.Device);
            adapter.Buffer.Grow(k);
        }
        double worst = 0, grown = 0;
        int samples = golden.Timesteps.Length;
        for (int sample = 0; sample < samples; sample++)
        {
            golden.Set.ZeroGrad();
            golden.Backward(sample);
            foreach (string module in golden.Named)
            {
                RankBuffer buffer = golden.Adapter(module).Buffer;
                float[] a = Rows(golden.Adapter(module), buffer.A.Grad!), b = Columns(golden.Adapter(module), buffer.B.Grad!);
                int ins = buffer.InFeatures, old = buffer.Rank - 1;
                worst = Math.Max(worst, OfLargest(a[..(old * ins)], golden.Reader.ReadFloat32($"grad.{sample}.{module}.lora_A")));
                // B' = [B, new column] is one tensor: a layer whose K x nearly cancels has a column far below B's size and as exact.
                worst = Math.Max(worst, OfLargest(b, Expanded(golden.Reader.ReadFloat32($"grad.{sample}.{module}.lora_B"),
                    golden.Reader.ReadFloat32($"grad.{sample}.{module}.new_B"), old)));
                grown = Math.Max(grown, a[(old * ins)..].Max(Math.Abs));
            }
        }
        AtMost(golden, "gradients, of the largest entry", worst, golden.IsHashB ? 1e-3 : 1e-4);
        AtMost(golden, "gradient of K", grown, 0);
    }

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Scores))]
    public void Scores_ratios_and_decisions_equal_the_reference(string file, string device)
    {
        using TrainGolden golden = TrainGolden.Open(file, device);
        double tolerance = golden.IsHashB ? 1e-3 : 1e-4;
        foreach ((FisherScoring scoring, string prefix) in ((FisherScoring, string)[])
            [(FisherScoring.PerSample, "per_sample"), (FisherScoring.Batch, "batch")])
        {
            var config = new SeLoRAConfig { Lambda = double.MaxValue, Scoring = scoring };
            using var controller = new RankController(golden.Set, null, config, golden.HashRows((module, _) => $"{module}.K"));
            IReadOnlyList<RankDecision> tests = controller.TestSeparately(1, () => golden.Backward());
            double[] ratios = golden.PerLayer($"{prefix}.ratio");
            AtMost(golden, $"{prefix}.original", Worst(tests.Select(t => t.FiOriginal), golden.PerLayer($"{prefix}.original")), ScoreTolerance(golden));
            AtMost(golden, $"{prefix}.expanded", Worst(tests.Select(t => t.FiExpanded), golden.PerLayer($"{prefix}.expanded")), ScoreTolerance(golden));
            AtMost(golden, $"{prefix}.ratio", Worst(tests.Select(t => t.Ratio), ratios), tolerance);
            foreach (JsonElement lambda in golden.Config.GetProperty("lambdas").EnumerateArray())
            {
                double[] expand = golden.PerLayer($"{prefix}.expand.{lambda.GetRawText()}");
                CheckDecisions(golden, tests.Select(t => t.Ratio >= lambda.GetDouble()), expand, ratios, lambda.GetDouble());
            }
        }
    }

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Scores))]
    public void Scores_are_the_same_where_blocks_are_recomputed(string file, string device)
    {
        using TrainGolden golden = TrainGolden.Open(file, device);
        using var controller = new RankController(golden.Set, null, new SeLoRAConfig { Lambda = double.MaxValue }, seed: 1);
        IReadOnlyList<RankDecision> kept = controller.TestSeparately(1, () => golden.Backward());
        golden.UNet.CheckpointBlocks = true;
        IReadOnlyList<RankDecision> recomputed = controller.TestSeparately(1, () => golden.Backward());
        // Gradients that meet at a block's input are then added in another order.
        AtMost(golden, "ratios, relative", Worst(recomputed.Select(d => d.Ratio), [.. kept.Select(d => d.Ratio)]), golden.IsHashB ? 1e-3 : 1e-4);
        AtMost(golden, "scores, relative", Worst(recomputed.Select(d => d.FiExpanded), [.. kept.Select(d => d.FiExpanded)]), ScoreTolerance(golden));
    }

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Runs))]
    public void Run_grows_the_ranks_that_the_references_run_grew(string file, string device)
    {
        using TrainGolden golden = TrainGolden.Open(file, device);
        JsonElement log = Metadata(golden, "log");
        SeLoRAConfig config = RunConfig(golden);
        using AdamW optimizer = golden.Optimizer();
        using var controller = new RankController(golden.Set, optimizer, config, golden.HashRows((module, row) => $"{module}.K.{row}"));
        double worstLoss = 0, worstRatio = 0;
        int test = 0;
        for (int step = 1; step <= (int)golden.Number("steps"); step++)
        {
            worstLoss = Math.Max(worstLoss, Relative(golden.Backward(), log.GetProperty("losses")[step - 1].GetDouble()));
            optimizer.Step();
            optimizer.ZeroGrad();
            if (!controller.IsTestStep(step)) continue;
            test++;
            IReadOnlyList<RankDecision> decisions = controller.TestSeparately(step, () => golden.Backward());
            worstRatio = Math.Max(worstRatio, Worst(decisions.Select(d => d.Ratio), golden.PerLayer($"test{test}.ratio")));
            Assert.Equal(golden.PerLayer($"test{test}.ranks"), decisions.Select(d => (double)d.RankAfter));
        }
        Assert.False(golden.Reader.Tensors.ContainsKey($"test{test + 1}.ratio"), $"{golden.Name}: only {test} tests were run");
        worstLoss = Math.Max(worstLoss, Relative(golden.Loss(), log.GetProperty("final_loss").GetDouble()));
        AtMost(golden, "losses, relative", worstLoss, 2e-6);
        AtMost(golden, "ratios, relative", worstRatio, 1e-4);

        var distance = new Distance();
        foreach (string module in golden.Named)
        {
            distance.Add(golden.Adapter(module).Buffer.AValues(), golden.Reader.ReadFloat32($"final.{module}.lora_A"));
            distance.Add(golden.Adapter(module).Buffer.BValues(), golden.Reader.ReadFloat32($"final.{module}.lora_B"));
        }
        AtMost(golden, "final A and B, root mean square", distance.Rms, 1e-5);
        AtMost(golden, "final A and B, worst", distance.Worst, 2 * golden.Number("lr"));
    }

    /// <summary>
    /// Fused scores are taken one update earlier than separate ones, so that they differ by what one step of the run's large learning
    /// rate changes. The gain, ratio - 1, that decides otherwise must be within a factor of 1.5 of lambda - 1, and such layers be rare.
    /// </summary>
    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(RunsAndOneElsewhere))]
    public void Fused_scores_decide_as_separate_ones(string file, string device)
    {
        using TrainGolden golden = TrainGolden.Open(file, device);
        SeLoRAConfig config = RunConfig(golden);
        RowSource rows = golden.HashRows((module, row) => $"{module}.K.{row}");
        using AdamW optimizer = golden.Optimizer();
        using var separate = new RankController(golden.Set, optimizer, config, rows);
        using var fused = new RankController(golden.Set, optimizer, config with { Lambda = double.MaxValue }, rows);
        int decided = 0, otherwise = 0;
        double worst = 0, worstOtherwise = 1;
        for (int step = 1; step <= (int)golden.Number("steps"); step++)
        {
            bool test = separate.IsTestStep(step);
            using (test ? fused.Observe() : null) golden.Backward();
            optimizer.Step();
            optimizer.ZeroGrad();
            if (!test) continue;
            foreach ((RankDecision early, RankDecision late) in fused.Decide(step).Zip(separate.TestSeparately(step, () => golden.Backward())))
            {
                Assert.Equal((late.Module, late.Rank), (early.Module, early.Rank));
                decided++;
                worst = Math.Max(worst, Relative(early.Ratio, late.Ratio));
                if (early.Ratio >= config.Lambda == late.Grown) continue;
                otherwise++;
                double gain = (late.Ratio - 1) / (config.Lambda - 1);
                worstOtherwise = Math.Max(worstOtherwise, Math.Max(gain, 1 / gain));
            }
        }
        output.WriteLine($"{golden.Name}: ratios differ by at most {worst:P1}; {otherwise} of {decided} decided otherwise, their gain within {worstOtherwise:F2}");
        Assert.True(worstOtherwise <= 1.5, $"{golden.Name}: a layer whose gain is {worstOtherwise} from lambda's was decided otherwise");
        Assert.True(otherwise <= 0.03 * decided, $"{golden.Name}: {otherwise} of {decided} layers were decided otherwise");
    }

    /// <summary>The reference's distances for scores: 3e-6 and 2e-5 where B is zero, 8e-5 and 2e-3 where it is not.</summary>
    private static double ScoreTolerance(TrainGolden golden) => golden.IsHashB ? 4e-3 : 1e-4;

    private static SeLoRAConfig RunConfig(TrainGolden golden) => new()
    {
        Lambda = golden.Number("lam"),
        TestEvery = (int)golden.Number("t"),
        Scoring = golden.Config.GetProperty("score").GetString() == "batch" ? FisherScoring.Batch : FisherScoring.PerSample,
    };

    private static void CheckDecisions(TrainGolden golden, IEnumerable<bool> actual, double[] expand, double[] ratios, double lambda)
    {
        foreach ((bool grows, int i) in actual.Select((grows, i) => (grows, i)))
        {
            if (golden.IsHashB && Math.Abs(ratios[i] - lambda) <= 1e-3) continue;
            Assert.True(grows == (expand[i] != 0), $"{golden.Name} {golden.Set.Adapters[i].Target.FullName}: ratio {ratios[i]} at lambda {lambda}");
        }
    }

    private static float[] Rows(LowRankAdapter adapter, Tensor padded) => padded.ToArray()[..(adapter.Rank * adapter.Buffer.InFeatures)];

    private static float[] Columns(LowRankAdapter adapter, Tensor padded)
    {
        int capacity = adapter.Buffer.Capacity;
        return [.. padded.ToArray().Where((_, i) => i % capacity < adapter.Rank)];
    }

    private static float[] Expanded(float[] b, float[] column, int rank) =>
        [.. column.SelectMany((added, row) => b[(row * rank)..((row + 1) * rank)].Append(added))];

    private static double Norms(TrainGolden golden, string stored, Func<LowRankAdapter, Tensor> tensor) => Worst(
        golden.Set.Adapters.Cast<LowRankAdapter>().Select(a => Math.Sqrt(tensor(a).ToArray().Sum(v => (double)v * v))), golden.PerLayer(stored));

    private static double Worst(IEnumerable<double> actual, double[] expected) => actual.Zip(expected, Relative).Max();

    private static double Relative(double actual, double expected)
    {
        double distance = Math.Abs(actual - expected);
        return double.IsNaN(distance) ? double.PositiveInfinity : distance == 0 ? 0 : distance / Math.Abs(expected);
    }

    private static double OfLargest(float[] actual, float[] expected)
    {
        double distance = Closeness.MaxAbs(actual, expected);
        return double.IsNaN(distance) ? double.PositiveInfinity : distance == 0 ? 0 : distance / expected.Max(Math.Abs);
    }

    private static JsonElement Metadata(TrainGolden golden, string key)
    {
        using JsonDocument document = JsonDocument.Parse(golden.Reader.Metadata[key]);
        return document.RootElement.Clone();
    }

    private void Near(TrainGolden golden, string what, float[] actual, float[] expected, double tolerance) =>
        AtMost(golden, what, Closeness.MaxAbs(actual, expected), tolerance);

    private void Near(TrainGolden golden, string what, double actual, double expected, double tolerance) =>
        AtMost(golden, what, Relative(actual, expected), tolerance);

    private void AtMost(TrainGolden golden, string what, double distance, double tolerance)
    {
        output.WriteLine($"{golden.Name}: {what}: {distance:G3} (tolerance {tolerance:G3})");
        Assert.True(distance <= tolerance, $"{golden.Name}: {what}: {distance:G3} is above {tolerance:G3}");
    }

    private sealed class Distance
    {
        private double squares;
        private long count;

        public double Worst { get; private set; }

        public double Rms => Math.Sqrt(squares / count);

        public void Add(float[] actual, float[] expected)
        {
            Worst = Math.Max(Worst, Closeness.MaxAbs(actual, expected));
            for (int i = 0; i < expected.Length; i++) squares += ((double)actual[i] - expected[i]) * ((double)actual[i] - expected[i]);
            count += expected.Length;
        }
    }
}
