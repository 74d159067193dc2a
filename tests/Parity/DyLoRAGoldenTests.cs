using SeLoRA.Adapters;
using SeLoRA.Engine;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>DyLoRA, plain and frozen, against its authors' code. Tolerances are five times the reference's own distance to double precision.</summary>
[Trait("Category", "Golden")]
public class DyLoRAGoldenTests(ITestOutputHelper output)
{
    private const double Allowance = 5;

    public static TheoryData<string, string> Files() => GoldenMlp.Enumerate("dylora*.safetensors");

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Files))]
    public void A_run_follows_the_reference_and_every_truncation_gives_its_outputs(string file, string device)
    {
        using var golden = new GoldenMlp(file, device);
        int r = golden.Int("r"), steps = golden.Int("steps");
        var config = new DyLoRAConfig { Rank = r, Alpha = (float)golden.Number("lora_alpha"), Frozen = golden.Config.GetProperty("frozen").GetBoolean() };
        using AdapterSet set = config.Create([new AdapterRoot("net", golden)], AdapterTargets.All, seed: 1);
        NestedAdapter[] adapters = [.. set.Adapters.Cast<NestedAdapter>()];
        foreach (RankBuffer buffer in adapters.Select(a => a.Buffer))
        {
            string name = buffer.Parameters.First().Name["net.".Length..];
            buffer.Load(HashTensor.Weight(name, [r, buffer.InFeatures], golden.Seed), new float[buffer.OutFeatures * r]);
        }
        set.Attach();
        using AdamW optimizer = golden.Optimizer(set);
        double[] drawn = golden.Values("rank_sequence"), losses = golden.Values("loss");
        using var control = new NestedRanks(set, config, step => (int)drawn[step - 1] + 1);
        double worstLoss = 0, worstFinal = 0, worstOutput = 0, worstEvaluation = 0;
        for (int step = 1; step <= steps; step++)
        {
            control.BeforeStep(step);
            worstLoss = Math.Max(worstLoss, Math.Abs(golden.Backward() / losses[step - 1] - 1));
            control.AfterBackward(step);
            optimizer.Step();
            Assert.Empty(control.AfterStep(step, () => Assert.Fail("DyLoRA needs no second pass")));
            optimizer.ZeroGrad();
        }
        foreach ((string name, Tensor tensor) in set.Parameters)
            worstFinal = Math.Max(worstFinal, Closeness.MaxAbs(tensor.ToArray(), golden.Reader.ReadFloat32($"final.{name[4..]}")));
        float[] outputs = golden.Reader.ReadFloat32("outputs_by_rank"), target = golden.Y.ToArray();
        double[] evaluations = golden.Values("eval_loss_by_rank");
        for (int b = 0; b < r; b++)
        {
            foreach (NestedAdapter adapter in adapters) adapter.Rank = b + 1;
            float[] y = golden.Predict();
            worstOutput = Math.Max(worstOutput, Closeness.MaxAbs(y, outputs.AsSpan(b * y.Length, y.Length)));
            worstEvaluation = Math.Max(worstEvaluation, Math.Abs(y.Zip(target, (p, t) => ((double)p - t) * (p - t)).Average() / evaluations[b] - 1));
        }
        AtMost("loss", worstLoss, "loss_max_rel");
        AtMost("evaluation by rank", worstEvaluation, "loss_max_rel");
        AtMost("final weights", worstFinal, "final_max_abs");
        AtMost("outputs by rank", worstOutput, "outputs_max_abs");

        void AtMost(string what, double distance, string measured)
        {
            double floor = golden.Measured.GetProperty(measured).GetDouble();
            output.WriteLine($"{file} {device} {what}: {distance:G3}, reference's float32 to double {floor:G3}");
            Assert.True(distance <= Allowance * floor, $"{file} {device} {what}: {distance:G3} is above {Allowance} times {floor:G3}");
        }
    }
}
