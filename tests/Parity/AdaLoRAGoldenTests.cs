using SeLoRA.Adapters;
using SeLoRA.Engine;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>
/// AdaLoRA against its authors' code: every step of a run. Tolerances are 20 times the reference's own distance to double precision, the end of
/// the range that is meant for the references: 80 steps amplify what an order of summation happens to round. The loss is 1.0, 6.1 and 7.5 times
/// as far at vectors of 256, 512 and 128 bits.
/// </summary>
[Trait("Category", "Golden")]
public class AdaLoRAGoldenTests(ITestOutputHelper output)
{
    private const double Allowance = 20;

    // Rounding of one forward pass or one gradient in float32, of the largest value.
    private const double OnePass = 1e-5;

    public static TheoryData<string, string> Files() => GoldenMlp.Enumerate("adalora*.safetensors");

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Files))]
    public void A_run_follows_the_reference_in_losses_masks_ranks_and_weights(string file, string device)
    {
        using var golden = new GoldenMlp(file, device);
        int r = golden.Int("lora_r"), steps = golden.Int("total_step");
        var config = new AdaLoRAConfig
        {
            RankInitial = r,
            RankTarget = golden.Int("target_rank"),
            Alpha = (float)golden.Number("lora_alpha"),
            SensitivityBeta = golden.Number("beta1"),
            UncertaintyBeta = golden.Number("beta2"),
            OrthogonalityWeight = golden.Number("orth_reg_weight"),
            WarmupInitial = golden.Int("init_warmup"),
            WarmupFinal = golden.Int("final_warmup"),
            MaskEvery = golden.Int("mask_interval"),
        };
        using AdapterSet set = config.Create([new AdapterRoot("net", golden)], AdapterTargets.All, seed: 1);
        TripletAdapter[] adapters = [.. set.Adapters.Cast<TripletAdapter>()];
        foreach (TripletAdapter adapter in adapters) Load(golden, adapter);
        set.Attach();
        using AdamW optimizer = golden.Optimizer(set);
        using var control = (BudgetControl)config.CreateControl(set, optimizer, 1, steps);
        BudgetSchedule schedule = BudgetSchedule.Create(config, adapters.Length, steps);

        double[] losses = golden.Values("loss"), penalties = golden.Values("orth_reg"), diagonals = golden.Values("E_after_step");
        double[] scores = golden.Values("score"), kept = golden.Values("kept"), ranks = golden.Values("ranks");
        Assert.Equal(golden.Values("budget"), Enumerable.Range(0, steps).Select(s => (double)schedule.Budget(s)));
        Assert.Equal(golden.Values("mask_steps"), Enumerable.Range(0, steps).Where(s => schedule.Masks(s)).Select(s => (double)s));
        var worst = new Dictionary<string, double>();
        int masks = 0;
        for (int s = 0; s < steps; s++)
        {
            Note("loss", Math.Abs(golden.Backward() / losses[s] - 1));
            control.AfterBackward(s + 1);
            // It falls to where it is made of the weights' own rounding, so that a relative distance would say nothing.
            Note("penalty", Math.Abs(control.Penalty - penalties[s]));
            if (s == 5)
                foreach ((string name, Tensor tensor) in set.Parameters) Note("gradient", OfLargest(tensor.Grad!, golden.Values($"grad_step5.{name[4..]}")));
            optimizer.Step();
            IReadOnlyList<RankDecision> decisions = control.AfterStep(s + 1, () => Assert.Fail("AdaLoRA needs no second pass"));
            optimizer.ZeroGrad();
            float[] e = [.. adapters.SelectMany(a => a.E.ToArray())];
            Note("E", e.Zip(diagonals[(s * e.Length)..], (a, b) => Math.Abs(a - b)).Max());
            if (!schedule.Masks(s))
            {
                Assert.Empty(decisions);
                continue;
            }
            Note("score", control.Scores.Values().Zip(scores[(masks * e.Length)..], (a, b) => Math.Abs(a / b - 1)).Max());
            Assert.Equal(kept[(masks * e.Length)..((masks + 1) * e.Length)], e.Select(value => value == 0 ? 0.0 : 1.0));
            Assert.Equal(ranks[(masks * adapters.Length)..((masks + 1) * adapters.Length)], adapters.Select(a => (double)a.Rank));
            Assert.All(decisions, d => Assert.Equal(adapters.Single(a => a.Target.FullName == d.Module).Rank, d.RankAfter));
            masks++;
        }
        Assert.Equal(golden.Values("mask_steps").Length, masks);
        foreach ((string name, Tensor tensor) in set.Parameters)
            Note("final", Closeness.MaxAbs(tensor.ToArray(), golden.Reader.ReadFloat32($"final.{name[4..]}")));
        // At the reference's own weights: ours would carry all steps' rounding into it.
        foreach ((string name, Tensor tensor) in set.Parameters) tensor.CopyFrom(golden.Reader.ReadFloat32($"final.{name[4..]}"));
        float[] prediction = golden.Reader.ReadFloat32("prediction_final");
        Note("prediction", Closeness.MaxAbs(golden.Predict(), prediction) / prediction.Max(Math.Abs));

        AtMost("loss", "loss_max_rel");
        AtMost("penalty", "final_max_abs");
        AtMost("E", "E_max_abs");
        AtMost("final", "final_max_abs");
        AtMost("score", "score_max_rel");
        foreach (string pass in (string[])["gradient", "prediction"])
        {
            output.WriteLine($"{device} {pass}: {worst[pass]:G3}");
            Assert.True(worst[pass] <= OnePass, $"{device} {pass}: {worst[pass]:G3} is above {OnePass}");
        }

        void Note(string what, double distance) => worst[what] = Math.Max(worst.GetValueOrDefault(what), double.IsNaN(distance) ? double.PositiveInfinity : distance);

        void AtMost(string what, string measured)
        {
            double floor = golden.Measured.GetProperty(measured).GetDouble();
            output.WriteLine($"{device} {what}: {worst[what]:G3}, reference's float32 to double {floor:G3}");
            Assert.True(worst[what] <= Allowance * floor, $"{device} {what}: {worst[what]:G3} is above {Allowance} times {floor:G3}");
        }
    }

    private static void Load(GoldenMlp golden, TripletAdapter adapter)
    {
        string module = adapter.Target.ModuleName;
        float[] a = HashTensor.Input($"input:{module}.lora_A", adapter.A.Count, golden.Seed), b = HashTensor.Input($"input:{module}.lora_B", adapter.B.Count, golden.Seed);
        adapter.Load([.. a.Select(v => 0.02f * v)], new float[adapter.E.Count], [.. b.Select(v => 0.02f * v)]);
    }

    private static double OfLargest(Tensor actual, double[] expected) =>
        actual.ToArray().Zip(expected, (a, b) => Math.Abs(a - b)).Max() / expected.Max(Math.Abs);
}
