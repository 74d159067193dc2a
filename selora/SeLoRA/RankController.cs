using SeLoRA.Engine;

namespace SeLoRA.Adapters;

/// <summary>
/// Grows the ranks of a set of low-rank adapters (SeLoRA). A training step that ends with a test goes:
/// <code>
/// using (fused ? controller.Observe() : null) loss.Backward();
/// optimizer.Step();
/// decisions = fused ? controller.Decide(step) : controller.TestSeparately(step, () => Loss(batch).Backward());
/// </code>
/// Fused, both scores come from the step's own backward, hence from the weights before this step's update; the decision is carried out
/// after it. Separate, both come from another pass at the updated weights (Algorithm 1); its gradients are discarded. Either way the new
/// row that was tested is the one adopted: it depends on the seed, the layer and its rank only.
/// </summary>
public sealed class RankController : IRankControl
{
    private readonly LowRankAdapter[] adapters;
    private readonly AdapterSet set;
    private readonly AdamW? optimizer;
    private readonly SeLoRAConfig config;
    private readonly RowSource rows;
    private FisherScore[] scores = [];
    private bool repeating;

    /// <summary>A controller of all adapters of a set.</summary>
    /// <param name="set">Low-rank adapters, all on one device.</param>
    /// <param name="optimizer">Holds the adapters' moments, which growth keeps; null where nothing is optimised.</param>
    /// <param name="config">Threshold and the rest.</param>
    /// <param name="seed">Seed of the rows that are tested.</param>
    /// <exception cref="EngineException">The configuration is wrong or an adapter is of another kind.</exception>
    public RankController(AdapterSet set, AdamW? optimizer, SeLoRAConfig config, ulong seed)
        : this(set, optimizer, config, KaimingUniform.Rows(seed, config.KaimingFactor))
    {
    }

    internal RankController(AdapterSet set, AdamW? optimizer, SeLoRAConfig config, RowSource rows)
    {
        config.Validate();
        this.set = set;
        this.optimizer = optimizer;
        this.config = config;
        this.rows = rows;
        adapters = [.. set.Adapters.Select(a => a as LowRankAdapter
            ?? throw new EngineException($"{a.Target.FullName}: SeLoRA grows low-rank adapters only"))];
    }

    /// <summary>Whether a test follows training step <paramref name="step"/>, counted from 1.</summary>
    public bool IsTestStep(long step) => step > 0 && step % config.TestEvery == 0;

    /// <inheritdoc/>
    public bool IsRegular(long step) => !(IsTestStep(step) && config.Timing == FisherTiming.Fused);

    /// <inheritdoc/>
    public IDisposable? ObserveBackward(long step, float lossScale) =>
        IsTestStep(step) && (repeating || config.Timing == FisherTiming.Fused) ? Observe(lossScale) : null;

    /// <inheritdoc/>
    public IReadOnlyList<RankDecision> AfterStep(long step, Action again)
    {
        if (!IsTestStep(step)) return [];
        if (config.Timing == FisherTiming.Separate)
        {
            repeating = true;
            set.ZeroGrad();
            again();
            set.ZeroGrad();
            repeating = false;
        }
        return Decide(step);
    }

    /// <summary>
    /// Collects scores from the backward pass that runs until the result is disposed. Called once for each micro-batch where gradients
    /// are accumulated: scores are then means over the samples of all of them.
    /// </summary>
    /// <param name="lossScale">
    /// What the micro-batch's mean loss is multiplied by in this pass, such as 1 / accumulation steps, times the factor of loss scaling.
    /// </param>
    public IDisposable Observe(float lossScale = 1f)
    {
        if (!float.IsFinite(lossScale) || lossScale <= 0) throw new EngineException($"RankController: loss scale {lossScale}, above 0 is needed");
        if (scores.Length == 0)
        {
            scores = [.. adapters.Select(a => FisherScore.Create(config.Scoring, a,
                rows(a.Target.FullName, a.Rank, a.Buffer.InFeatures)))];
        }
        for (int i = 0; i < adapters.Length; i++)
        {
            FisherScore score = scores[i];
            score.BeginPass();
            adapters[i].Observer = signals => score.Observe(signals, lossScale);
        }
        return new Observation(this);
    }

    /// <summary>
    /// Compares the collected scores and grows the layers whose ratio reaches lambda, within the limits on ranks. Called after the
    /// optimiser's update; with gradient accumulation after the last micro-batch.
    /// </summary>
    /// <param name="step">Number of the training step, for the record.</param>
    /// <returns>One record for each layer, in the set's order.</returns>
    /// <exception cref="EngineException">Nothing was observed, for a layer or at all, or a score is not finite.</exception>
    public IReadOnlyList<RankDecision> Decide(long step)
    {
        if (scores.Length == 0) throw new EngineException("RankController: nothing observed; call Observe() around Backward() first");
        (double Original, double Expanded, double Ratio)[] tests = Evaluate(step);
        bool[] grows = Allowed(tests);
        var decisions = new RankDecision[adapters.Length];
        for (int i = 0; i < adapters.Length; i++)
        {
            LowRankAdapter adapter = adapters[i];
            (double original, double expanded, double ratio) = tests[i];
            decisions[i] = new RankDecision(step, adapter.Target.FullName, adapter.Rank, adapter.Rank + (grows[i] ? 1 : 0), original, expanded, ratio);
            if (grows[i]) adapter.Buffer.Grow(scores[i].K, optimizer);
        }
        Discard();
        return decisions;
    }

    /// <summary>
    /// A test by a pass of its own, after the update: runs <paramref name="forwardBackward"/>, discards the gradients it made, decides.
    /// </summary>
    /// <param name="step">Number of the training step, for the record.</param>
    /// <param name="forwardBackward">Forward and backward of the batch's mean loss; for micro-batches see <see cref="Observe"/>.</param>
    /// <returns>One record for each layer, in the set's order.</returns>
    public IReadOnlyList<RankDecision> TestSeparately(long step, Action forwardBackward)
    {
        Discard();
        set.ZeroGrad();
        using (Observe()) forwardBackward();
        set.ZeroGrad();
        return Decide(step);
    }

    /// <summary>Forgets what was observed, such as after a step that overflowed and was skipped.</summary>
    public void Discard()
    {
        StopObserving();
        foreach (FisherScore score in scores) score.Dispose();
        scores = [];
    }

    /// <summary>Frees what was observed; the adapters belong to the set.</summary>
    public void Dispose() => Discard();

    private void StopObserving()
    {
        foreach (LowRankAdapter adapter in adapters) adapter.Observer = null;
    }

    /// <summary>Reads all scores in one transfer.</summary>
    private (double Original, double Expanded, double Ratio)[] Evaluate(long step)
    {
        using IDisposable noGrad = Autograd.NoGrad();
        using var scope = new TensorScope();
        Tensor parts = Tensor.Empty(new Shape(adapters.Length, FisherScore.Parts), scores[0].K.Device);
        for (int i = 0; i < scores.Length; i++)
        {
            if (scores[i].Samples == 0)
                throw new EngineException($"{scores[i].Name}: took no part in the backward pass, so it has no score; leave it out of the targets");
            if (scores[i].Samples != scores[0].Samples)
            {
                throw new EngineException($"{scores[i].Name}: saw {scores[i].Samples} samples, {scores[0].Name} {scores[0].Samples}; " +
                    "the first axis of every input must count the samples (give one timestep for each)");
            }
            scores[i].WriteTo(parts.Narrow(i, 1).Reshape(FisherScore.Parts));
        }
        float[] values = parts.ToArray();
        var tests = new (double, double, double)[scores.Length];
        for (int i = 0; i < tests.Length; i++)
        {
            double norm = scores[i].Normalization;
            double original = norm * ((double)values[3 * i] + values[3 * i + 1]), added = norm * values[3 * i + 2];
            double expanded = original + added;
            if (!double.IsFinite(expanded))
                throw new EngineException($"{scores[i].Name}: Fisher score {expanded} at step {step}; the gradients overflowed");
            tests[i] = (original, expanded, original > 0 ? expanded / original : added > 0 ? double.PositiveInfinity : 1);
        }
        return tests;
    }

    /// <summary>Which layers grow: ratio at least lambda, and within the limits, the largest ratios first.</summary>
    private bool[] Allowed((double Original, double Expanded, double Ratio)[] tests)
    {
        var grows = new bool[tests.Length];
        int left = config.RankTotalMax is { } max ? Math.Max(0, max - set.RankTotal) : int.MaxValue;
        IEnumerable<int> candidates = Enumerable.Range(0, tests.Length)
            .Where(i => tests[i].Ratio >= config.Lambda && (config.RankMax is not { } rankMax || adapters[i].Rank < rankMax))
            .OrderByDescending(i => tests[i].Ratio);
        foreach (int i in candidates.Take(left)) grows[i] = true;
        return grows;
    }

    private sealed class Observation(RankController controller) : IDisposable
    {
        public void Dispose() => controller.StopObserving();
    }
}
