using SeLoRA.Adapters;
using SeLoRA.Engine;
using Xunit;

namespace SeLoRA.Tests;

public class RankControllerTests
{
    [Fact]
    public void The_row_that_was_tested_is_the_one_adopted()
    {
        using var run = new Run(new SeLoRAConfig { Lambda = 1 });
        float[][] before = [.. run.Buffers.Select(b => b.AValues())];
        IReadOnlyList<RankDecision> decisions = run.TestNow(1);

        Assert.All(decisions, d => Assert.True(d.Grown && d.RankAfter == 2));
        for (int i = 0; i < before.Length; i++)
        {
            RankBuffer buffer = run.Buffers[i];
            float[] k = KaimingUniform.Rows(Run.Seed)(decisions[i].Module, 1, buffer.InFeatures);
            Assert.Equal([.. before[i], .. k], buffer.AValues());
        }
    }

    [Fact]
    public void Layers_grow_where_the_ratio_reaches_lambda_and_nowhere_else()
    {
        using var probe = new Run(new SeLoRAConfig { Lambda = 1e9 });
        IReadOnlyList<RankDecision> measured = probe.TestNow(1);
        Assert.All(measured, d => Assert.False(d.Grown));
        double middle = measured.Select(d => d.Ratio).Order().ElementAt(1);

        using var run = new Run(new SeLoRAConfig { Lambda = middle });
        IReadOnlyList<RankDecision> decisions = run.TestNow(7);
        Assert.Equal(measured.Select(d => d.Ratio >= middle), decisions.Select(d => d.Grown));
        Assert.Equal(2, decisions.Count(d => d.Grown));
        Assert.All(decisions, d => Assert.Equal((7L, 1, d.FiExpanded / d.FiOriginal), (d.Step, d.Rank, d.Ratio)));
        Assert.Equal(5, run.Set.RankTotal);
    }

    [Fact]
    public void Fused_and_separate_scores_at_the_same_weights_are_the_same_bits()
    {
        using var run = new Run(new SeLoRAConfig { Lambda = 1e9 });
        IReadOnlyList<RankDecision> fused = run.TestNow(1);
        IReadOnlyList<RankDecision> separate = run.Controller.TestSeparately(1, run.Backward);
        Assert.Equal(fused, separate);
    }

    [Fact]
    public void A_separate_test_leaves_no_gradient_behind()
    {
        using var run = new Run(new SeLoRAConfig());
        run.Backward();
        run.Controller.TestSeparately(1, run.Backward);
        Assert.All(run.Set.Parameters, p => Assert.Null(p.Tensor.Grad));
    }

    [Fact]
    public void Limits_on_ranks_hold_and_give_the_largest_ratios_their_rank_first()
    {
        using var total = new Run(new SeLoRAConfig { Lambda = 1, RankTotalMax = 4 });
        IReadOnlyList<RankDecision> decisions = total.TestNow(1);
        Assert.Equal(decisions.MaxBy(d => d.Ratio), Assert.Single(decisions, d => d.Grown));
        Assert.All(total.TestNow(2), d => Assert.False(d.Grown));

        using var single = new Run(new SeLoRAConfig { Lambda = 1, RankMax = 2 });
        single.TestNow(1);
        Assert.All(single.TestNow(2), d => Assert.False(d.Grown));
        Assert.Equal(6, single.Set.RankTotal);
    }

    [Fact]
    public void Tests_follow_every_t_steps()
    {
        using var run = new Run(new SeLoRAConfig { TestEvery = 4 });
        Assert.Equal([4, 8, 12], Enumerable.Range(0, 13).Where(step => run.Controller.IsTestStep(step)));
    }

    [Fact]
    public void Scores_that_do_not_exist_are_errors_that_name_the_layer()
    {
        using var run = new Run(new SeLoRAConfig());
        Assert.Contains("nothing observed", Assert.Throws<EngineException>(() => run.Controller.Decide(1)).Message);

        using (run.Controller.Observe()) { }
        var unused = Assert.Throws<EngineException>(() => run.Controller.Decide(1));
        Assert.Contains("unet.block.0.attn1.to_q: took no part", unused.Message);
        run.Controller.Discard();

        Linear shared = (Linear)run.Network.Find("block.0.attn1.to_q")!;
        var twice = Assert.Throws<EngineException>(() => run.Controller.TestSeparately(1, () =>
        {
            using Tensor y = shared.Forward(run.Batch.X) + shared.Forward(run.Batch.X);
            using Tensor sum = Ops.Sum(y);
            sum.Backward();
        }));
        Assert.Contains("unet.block.0.attn1.to_q: used twice", twice.Message);
    }

    [Fact]
    public void Layers_that_count_samples_differently_are_an_error()
    {
        using var run = new Run(new SeLoRAConfig());
        var e = Assert.Throws<EngineException>(() => run.Controller.TestSeparately(1, () =>
        {
            using var scope = new TensorScope();
            Tensor q = ((Linear)run.Network.Find("block.0.attn1.to_q")!).Forward(run.Batch.X);
            Tensor ff = ((Linear)run.Network.Find("block.0.ff.net.2")!).Forward(q);
            // One timestep for a batch of four: its gradient is the sum over samples, which cannot be told apart.
            Tensor time = ((Linear)run.Network.Find("time_embedding.linear_1")!).Forward(run.Batch.T.Narrow(0, 1));
            (Ops.Sum(ff) + Ops.Sum(time)).Backward();
        }));
        Assert.Contains("unet.time_embedding.linear_1: saw 1 samples, unet.block.0.attn1.to_q 4", e.Message);
    }

    [Fact]
    public void Overflowed_gradients_are_an_error_with_layer_and_step()
    {
        using var run = new Run(new SeLoRAConfig());
        var e = Assert.Throws<EngineException>(() => run.Controller.TestSeparately(12, () =>
        {
            using Tensor loss = run.Network.Loss(run.Batch);
            using Tensor huge = loss * float.PositiveInfinity;
            huge.Backward();
        }));
        Assert.Contains("at step 12", e.Message);
    }

    [Theory]
    [InlineData("lambda")]
    [InlineData("test every")]
    [InlineData("initial rank")]
    [InlineData("largest rank")]
    [InlineData("scale")]
    public void Wrong_settings_are_named(string what)
    {
        SeLoRAConfig config = what switch
        {
            "lambda" => new() { Lambda = double.NaN },
            "test every" => new() { TestEvery = 0 },
            "initial rank" => new() { RankInitial = 0 },
            "largest rank" => new() { RankInitial = 3, RankMax = 2 },
            _ => new() { Scale = 0 },
        };
        Assert.Contains(what, Assert.Throws<EngineException>(config.Validate).Message);
        Assert.Contains("rank 0", Assert.Throws<EngineException>(new LoRAConfig { Rank = 0 }.Validate).Message);
    }

    private sealed class Run : IDisposable
    {
        public const ulong Seed = 21;

        public Run(SeLoRAConfig config)
        {
            Set = config.Create([new AdapterRoot("unet", Network)], AdapterTargets.All, Seed);
            AdapterSetTests.Randomize(Set);
            Set.Attach();
            Controller = new RankController(Set, null, config, Seed);
        }

        public SmallNetwork Network { get; } = new(Device.Cpu);

        public SmallBatch Batch { get; } = SmallBatch.Draw(Device.Cpu, 4);

        public AdapterSet Set { get; }

        public RankController Controller { get; }

        public RankBuffer[] Buffers => [.. Set.Adapters.Cast<LowRankAdapter>().Select(a => a.Buffer)];

        public void Backward()
        {
            using Tensor loss = Network.Loss(Batch);
            loss.Backward();
        }

        public IReadOnlyList<RankDecision> TestNow(long step)
        {
            using (Controller.Observe()) Backward();
            Set.ZeroGrad();
            return Controller.Decide(step);
        }

        public void Dispose()
        {
            Controller.Dispose();
            Set.Dispose();
            Batch.Dispose();
        }
    }
}
