using SeLoRA.Adapters;
using SeLoRA.Engine;
using Xunit;

namespace SeLoRA.Tests;

public class AdaLoRATests
{
    private static readonly AdaLoRAConfig Config = new() { RankInitial = 5, RankTarget = 2, Alpha = 3, WarmupInitial = 1, WarmupFinal = 3, MaskEvery = 2 };

    [Theory]
    [InlineData("cpu")]
    [InlineData("opencl")]
    [InlineData("cuda")]
    public void Backward_matches_differences_in_input_and_all_three_factors(string deviceName)
    {
        Device device = TestDevices.Require(deviceName);
        using var scope = new TensorScope();
        const int In = 7, Out = 10, R = 3;
        Tensor w = Normal(9, Out, In), bias = Normal(10, Out), residual = Normal(11, 2, 4, Out);
        GradientCheck.Assert(t => TripletAdapter.Forward(t[0], w, bias, residual, t[1], t[2], t[3], 1.3f),
            [Normal(1, 2, 4, In), Normal(2, R, In), Normal(3, R, 1), Normal(4, Out, R)]);

        Tensor Normal(ulong seed, params int[] shape) => Tensor.From(Numbers.Normal(new Shape(shape).Count, seed), new Shape(shape), device);
    }

    [Theory]
    [InlineData("cpu")]
    [InlineData("opencl")]
    [InlineData("cuda")]
    public void The_penaltys_gradient_matches_differences_of_its_value(string deviceName)
    {
        using var run = new Run(TestDevices.Require(deviceName), Config);
        run.Backward();
        TripletAdapter adapter = run.Adapters[0];
        run.Set.ZeroGrad();
        run.Backward();
        var penalty = new OrthogonalityPenalty(run.Adapters, 0.7);
        foreach (Tensor factor in (Tensor[])[adapter.A, adapter.B])
        {
            float[] values = factor.ToArray(), before = factor.Grad!.ToArray();
            penalty.AddGradients();
            float[] after = factor.Grad!.ToArray();
            const float H = 1e-2f;
            for (int i = 0; i < values.Length; i += 5)
            {
                double difference = (Value(H) - Value(-H)) / (2 * H);
                Assert.Equal(difference, after[i] - before[i], 1e-3);

                double Value(float h)
                {
                    float[] moved = [.. values];
                    moved[i] += h;
                    factor.CopyFrom(moved);
                    double value = penalty.AddGradients();
                    factor.CopyFrom(values);
                    return value;
                }
            }
        }
    }

    [Fact]
    public void The_budget_is_met_at_the_end_and_only_then_is_the_adapter_settled()
    {
        using var run = new Run(Device.Cpu, Config);
        for (int step = 1; step <= Run.Steps; step++)
        {
            run.Step(step);
            Assert.Equal(step > Run.Steps - 2, run.Control.IsSettled(step));
        }
        Assert.Equal(3 * Config.RankTarget, run.Set.RankTotal);
        Assert.Equal(run.Set.RankTotal, run.Adapters.Sum(a => a.ToLoRA().Rank));
    }

    [Fact]
    public void Warm_ups_are_shares_of_the_run_and_must_fit_into_it()
    {
        BudgetSchedule schedule = BudgetSchedule.Create(new AdaLoRAConfig(), 10, 800);
        Assert.Equal((100L, 400L, 8L), (schedule.WarmupInitial, schedule.WarmupFinal, schedule.MaskEvery));
        Assert.Equal((60, 60, 40, 40), (schedule.Budget(0), schedule.Budget(100), schedule.Budget(401), schedule.Budget(799)));
        Assert.Equal(Enumerable.Range(0, 799).Select(s => schedule.Budget(s)).OrderDescending(), Enumerable.Range(0, 799).Select(s => schedule.Budget(s)));
        BudgetSchedule.Create(new AdaLoRAConfig(), 10, 2);
        var e = Assert.Throws<EngineException>(() => BudgetSchedule.Create(new AdaLoRAConfig { WarmupFinal = 90, WarmupInitial = 20 }, 10, 100));
        Assert.Contains("20 and 90", e.Message);
    }

    [Fact]
    public void Restored_training_goes_on_to_the_last_bit_with_its_smoothed_scores()
    {
        using var whole = new Run(Device.Cpu, Config);
        using var first = new Run(Device.Cpu, Config);
        using var second = new Run(Device.Cpu, Config);
        for (int step = 1; step <= Run.Steps; step++) whole.Step(step);
        for (int step = 1; step <= 5; step++) first.Step(step);
        second.Restore(first.State(), 5);
        for (int step = 6; step <= Run.Steps; step++) second.Step(step);

        Dictionary<string, HostTensor> expected = whole.State(), actual = second.State();
        Assert.Contains("unet.block.0.ff.net.2.lora_E.uncertainty", expected.Keys);
        Assert.Equal(expected.Keys.Order(), actual.Keys.Order());
        foreach ((string key, HostTensor tensor) in expected) Assert.Equal(tensor.Values, actual[key].Values);
    }

    [Fact]
    public void The_file_is_plain_lora_of_each_layers_rank_with_the_same_outputs()
    {
        using var run = new Run(Device.Cpu, Config);
        for (int step = 1; step <= Run.Steps; step++) run.Step(step);
        Assert.True(run.Set.Adapters.Select(a => a.Rank).Distinct().Count() > 1);
        AdapterExport.AssertSameOutputs(run.Network, run.Set, run.Batch);
    }

    [Theory]
    [InlineData("target rank")]
    [InlineData("initial rank")]
    [InlineData("sensitivity beta")]
    [InlineData("uncertainty beta")]
    [InlineData("orthogonality weight")]
    [InlineData("mask every")]
    public void Wrong_settings_are_named(string what)
    {
        AdaLoRAConfig config = what switch
        {
            "target rank" => new() { RankTarget = 7 },
            "initial rank" => new() { RankInitial = 0 },
            "sensitivity beta" => new() { SensitivityBeta = 1 },
            "uncertainty beta" => new() { UncertaintyBeta = double.NaN },
            "orthogonality weight" => new() { OrthogonalityWeight = -1 },
            _ => new() { MaskEvery = 0 },
        };
        Assert.Contains(what, Assert.Throws<EngineException>(config.Validate).Message);
    }

    private sealed class Run : IDisposable
    {
        public const int Steps = 10;
        private readonly AdamW optimizer = new(lr: 2e-2f);

        public Run(Device device, AdaLoRAConfig config)
        {
            Network = new SmallNetwork(device);
            Batch = SmallBatch.Draw(device, 4);
            Set = config.Create([new AdapterRoot("unet", Network)], AdapterTargets.All, seed: 2).Attach();
            Set.AddTo(optimizer);
            Control = config.CreateControl(Set, optimizer, seed: 2, Steps);
        }

        public SmallNetwork Network { get; }

        public SmallBatch Batch { get; }

        public AdapterSet Set { get; }

        public IRankControl Control { get; }

        public TripletAdapter[] Adapters => [.. Set.Adapters.Cast<TripletAdapter>()];

        public void Backward()
        {
            using Tensor loss = Network.Loss(Batch);
            loss.Backward();
        }

        public void Step(int step)
        {
            Control.BeforeStep(step);
            Backward();
            Control.AfterBackward(step);
            optimizer.Step();
            Control.AfterStep(step, () => { });
            optimizer.ZeroGrad();
        }

        public Dictionary<string, HostTensor> State()
        {
            Dictionary<string, HostTensor> state = Set.Save(optimizer).ToDictionary();
            Control.Save(state);
            return state;
        }

        public void Restore(Dictionary<string, HostTensor> state, long steps)
        {
            Set.Restore(state, optimizer);
            Control.Restore(state);
            optimizer.StepCount = steps;
        }

        public void Dispose()
        {
            Control.Dispose();
            Set.Dispose();
            optimizer.Dispose();
            Batch.Dispose();
        }
    }
}
