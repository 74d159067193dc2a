using SeLoRA.Engine;

namespace SeLoRA.Adapters;

/// <summary>
/// AdaLoRA's rank control (Algorithm 1 of the paper): after each step importance is smoothed, and where the schedule says so, Lambda's
/// entries of all triplets but the most important ones of all layers together are set to zero. Between masks all go on learning.
/// </summary>
internal sealed class BudgetControl : IRankControl
{
    private readonly TripletAdapter[] adapters;
    private readonly BudgetSchedule schedule;
    private readonly OrthogonalityPenalty penalty;

    /// <exception cref="EngineException">An adapter is of another kind.</exception>
    public BudgetControl(AdapterSet set, AdaLoRAConfig config, BudgetSchedule schedule)
    {
        adapters = [.. set.Adapters.Select(a => a as TripletAdapter
            ?? throw new EngineException($"{a.Target.FullName}: AdaLoRA masks triplets only"))];
        this.schedule = schedule;
        penalty = new OrthogonalityPenalty(adapters, config.OrthogonalityWeight);
        Scores = new TripletScores(adapters, config.SensitivityBeta, config.UncertaintyBeta);
    }

    /// <summary>The smoothed importance.</summary>
    public TripletScores Scores { get; }

    /// <summary>The orthogonality penalty of the last step.</summary>
    public double Penalty { get; private set; }

    /// <inheritdoc/>
    public void AfterBackward(long step) => Penalty = penalty.AddGradients();

    /// <inheritdoc/>
    public IReadOnlyList<RankDecision> AfterStep(long step, Action again)
    {
        long s = step - 1;
        if (schedule.Scores(s)) Scores.Update();
        return schedule.Masks(s) ? Mask(step, schedule.Budget(s)) : [];
    }

    /// <inheritdoc/>
    public bool IsSettled(long step) => schedule.IsFinal(step - 1);

    /// <inheritdoc/>
    public void Save(IDictionary<string, HostTensor> state) => Scores.Save(state);

    /// <inheritdoc/>
    public void Restore(IReadOnlyDictionary<string, HostTensor> state) => Scores.Restore(state);

    /// <inheritdoc/>
    public void Dispose() => Scores.Dispose();

    /// <summary>Keeps what lies above the score of the best triplet that must go; a record for each layer whose rank is another now.</summary>
    private List<RankDecision> Mask(long step, int budget)
    {
        using var scope = new TensorScope();
        using IDisposable noGrad = Autograd.NoGrad();
        float[] scores = Scores.Values();
        if (Array.Exists(scores, s => !float.IsFinite(s))) throw new EngineException($"AdaLoRA: a score at step {step} is not finite; the gradients overflowed");
        float threshold = budget >= scores.Length ? float.NegativeInfinity : scores.Order().ElementAt(scores.Length - budget - 1);
        float[] kept = [.. scores.Select(score => score > threshold ? 1f : 0f)];
        Tensor mask = Tensor.From(kept, new Shape(kept.Length), adapters[0].E.Device);
        var decisions = new List<RankDecision>();
        int r = adapters[0].E.Shape[0];
        for (int i = 0; i < adapters.Length; i++)
        {
            TripletAdapter adapter = adapters[i];
            int rank = kept.AsSpan(i * r, r).Count(1f);
            mask.Backend.Binary<MulOp>(adapter.E, mask.Narrow(i * r, r), adapter.E, new BroadcastShape(1, 1, r));
            if (rank == adapter.Rank) continue;
            decisions.Add(new RankDecision(step, adapter.Target.FullName, adapter.Rank, rank, double.NaN, double.NaN, double.NaN));
            adapter.Rank = rank;
        }
        return decisions;
    }
}
