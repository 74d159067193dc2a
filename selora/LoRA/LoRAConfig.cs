using SeLoRA.Engine;

namespace SeLoRA.Adapters;

/// <summary>LoRA (Hu et al., 2021): a low-rank update of fixed rank. A starts Kaiming-uniform within sqrt(6 / in), B at zero.</summary>
public sealed record LoRAConfig : IAdapterMethod
{
    /// <summary>Rank r of every adapted layer.</summary>
    public int Rank { get; init; } = 4;

    /// <summary>Factor of the update; 1 unless <see cref="Alpha"/> is given.</summary>
    public float Scale { get; init; } = 1f;

    /// <summary>LoRA's alpha: the update's factor becomes alpha / rank. Null for <see cref="Scale"/>.</summary>
    public float? Alpha { get; init; }

    /// <summary>The factor in effect.</summary>
    public float EffectiveScale => Alpha is { } alpha ? alpha / Rank : Scale;

    /// <summary>Checks every value; an error names the one that is wrong.</summary>
    /// <exception cref="EngineException">A value is out of range.</exception>
    public void Validate()
    {
        if (Rank < 1) throw new EngineException($"LoRA: rank {Rank}, at least 1 is needed");
        if (!float.IsFinite(EffectiveScale) || EffectiveScale == 0)
            throw new EngineException($"LoRA: scale {EffectiveScale}, a number other than 0 is needed");
    }

    /// <summary>Adapters for the given layers, whose weights must be loaded; not yet attached.</summary>
    /// <param name="roots">The networks.</param>
    /// <param name="targets">Which of their layers.</param>
    /// <param name="seed">Seed of the initial A; each row depends on it, the layer's name and the row only.</param>
    public AdapterSet Create(IReadOnlyList<AdapterRoot> roots, AdapterTargets targets, ulong seed)
    {
        Validate();
        return LowRankAdapters.Create(roots, targets, Rank, EffectiveScale, grows: false, KaimingUniform.Rows(seed));
    }

    /// <inheritdoc/>
    public IRankControl? CreateControl(AdapterSet set, AdamW optimizer, ulong seed, long steps) => null;
}
