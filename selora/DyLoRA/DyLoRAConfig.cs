using SeLoRA.Engine;

namespace SeLoRA.Adapters;

/// <summary>
/// DyLoRA (Valipour et al., 2023): every step trains the first b ranks of one adapter, b drawn anew, so that the trained adapter can be
/// cut to any rank.
/// </summary>
public sealed record DyLoRAConfig : IAdapterMethod
{
    /// <summary>Largest rank r; b is uniform on 1 to r.</summary>
    public int Rank { get; init; } = 4;

    /// <summary>Rank that the adapter is evaluated and written with; null for <see cref="Rank"/>.</summary>
    public int? RankKept { get; init; }

    /// <summary>Numerator of the update's factor alpha / b; null for <see cref="Rank"/>, hence a factor of 1 at full rank.</summary>
    public float? Alpha { get; init; }

    /// <summary>Update only the b-th row of A and column of B in a step; the ones below it take part but stay as they are but for their momentum.</summary>
    public bool Frozen { get; init; }

    /// <summary>Checks every value; an error names the one that is wrong.</summary>
    /// <exception cref="EngineException">A value is out of range.</exception>
    public void Validate()
    {
        if (Rank < 1) throw new EngineException($"DyLoRA: rank {Rank}, at least 1 is needed");
        if (RankKept is { } kept && (kept < 1 || kept > Rank)) throw new EngineException($"DyLoRA: kept rank {kept}, 1 up to the rank {Rank} is needed");
        if (Alpha is { } alpha && (!float.IsFinite(alpha) || alpha == 0)) throw new EngineException($"DyLoRA: alpha {alpha}, a number other than 0 is needed");
    }

    /// <inheritdoc/>
    /// <remarks>A starts as LoRA's does, B at zero.</remarks>
    public AdapterSet Create(IReadOnlyList<AdapterRoot> roots, AdapterTargets targets, ulong seed)
    {
        Validate();
        RowSource rows = KaimingUniform.Rows(seed);
        var adapters = new List<IAdapter>();
        foreach (AdapterTarget target in targets.Select(roots))
        {
            var adapter = new NestedAdapter(target, Alpha ?? Rank);
            float[] a = [.. Enumerable.Range(0, Rank).SelectMany(row => rows(target.FullName, row, target.Linear.InFeatures))];
            adapter.Buffer.Load(a, new float[target.Linear.OutFeatures * Rank]);
            adapter.Rank = RankKept ?? Rank;
            adapters.Add(adapter);
        }
        return new AdapterSet(roots, adapters);
    }

    /// <inheritdoc/>
    public IRankControl CreateControl(AdapterSet set, AdamW optimizer, ulong seed, long steps)
    {
        ulong stream = Philox.StreamSeed(seed, "dylora.rank");
        return new NestedRanks(set, this, step => 1 + Philox.Int(stream, (ulong)step, Rank));
    }
}
