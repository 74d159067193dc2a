using SeLoRA.Engine;

namespace SeLoRA.Adapters;

/// <summary>
/// DyLoRA's training (Algorithm 1 of the paper): each step all layers use the first b ranks, b drawn for the step; between steps they
/// have the rank they will be evaluated with.
/// </summary>
internal sealed class NestedRanks : IRankControl
{
    private readonly NestedAdapter[] adapters;
    private readonly DyLoRAConfig config;
    private readonly Func<long, int> draw;

    /// <param name="set">Nested adapters.</param>
    /// <param name="config">The settings.</param>
    /// <param name="draw">The rank b of a step, from 1.</param>
    /// <exception cref="EngineException">An adapter is of another kind.</exception>
    public NestedRanks(AdapterSet set, DyLoRAConfig config, Func<long, int> draw)
    {
        adapters = [.. set.Adapters.Select(a => a as NestedAdapter
            ?? throw new EngineException($"{a.Target.FullName}: DyLoRA trains nested adapters only"))];
        this.config = config;
        this.draw = draw;
    }

    /// <inheritdoc/>
    public string Irregular => "DyLoRA trains other ranks in each step";

    /// <inheritdoc/>
    public void BeforeStep(long step) => SetRank(draw(step));

    /// <inheritdoc/>
    public void AfterBackward(long step)
    {
        int below = draw(step) - 1;
        if (!config.Frozen || below == 0) return;
        using var scope = new TensorScope();
        foreach (RankBuffer buffer in adapters.Select(a => a.Buffer))
        {
            if (buffer.A.Grad is { } da) da.Backend.Zero(da.Narrow(0, below));
            if (buffer.B.Grad is not { } db) continue;
            Tensor zeros = Tensor.Zeros(new Shape(buffer.OutFeatures, below), db.Device);
            db.Backend.CopyColumns(zeros, 0, below, db, 0, buffer.Capacity, buffer.OutFeatures, below);
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<RankDecision> AfterStep(long step, Action again)
    {
        SetRank(config.RankKept ?? config.Rank);
        return [];
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }

    private void SetRank(int rank)
    {
        foreach (NestedAdapter adapter in adapters) adapter.Rank = rank;
    }
}
