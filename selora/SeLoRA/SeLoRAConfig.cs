using SeLoRA.Engine;

namespace SeLoRA.Adapters;

/// <summary>Which gradient the Fisher score squares.</summary>
public enum FisherScoring
{
    /// <summary>Each sample's own gradient, squared, averaged over the samples (equations 3 and 4 of the paper).</summary>
    PerSample,

    /// <summary>The gradient of the batch's mean loss, squared: cheaper, never larger, and it ranks layers otherwise.</summary>
    Batch,
}

/// <summary>From which backward pass the scores are taken.</summary>
public enum FisherTiming
{
    /// <summary>The training step's own; no second pass.</summary>
    Fused,

    /// <summary>Another forward and backward on the same batch after the update, as Algorithm 1 of the paper writes it.</summary>
    Separate,
}

/// <summary>
/// SeLoRA, self-expanding low-rank adaptation: every layer starts at a small rank, and every <see cref="TestEvery"/> steps a layer gets
/// one rank more where the Fisher information of the expanded adapter is at least <see cref="Lambda"/> times that of the present one.
/// Defaults are the paper's.
/// </summary>
/// <remarks>
/// Equation 5 of the paper prints the ratio as original over expanded, which is never above 1. Its section 3.3 and every threshold above
/// 1 need expanded over original; that is what is computed here, and a layer grows where ratio >= lambda, as Algorithm 1 has it.
/// </remarks>
public sealed record SeLoRAConfig : IAdapterMethod
{
    /// <summary>Threshold of the ratio, above 0. At 1 or below every layer grows at every test.</summary>
    public double Lambda { get; init; } = 1.1;

    /// <summary>Training steps from one test to the next.</summary>
    public int TestEvery { get; init; } = 40;

    /// <summary>Rank at the start.</summary>
    public int RankInitial { get; init; } = 1;

    /// <summary>Largest rank of a layer, or null for no limit.</summary>
    public int? RankMax { get; init; }

    /// <summary>Largest sum of all ranks, or null; where it allows only some growths, the layers of the largest ratios get them.</summary>
    public int? RankTotalMax { get; init; }

    /// <summary>Factor of the update; 1 unless <see cref="Alpha"/> is given.</summary>
    public float Scale { get; init; } = 1f;

    /// <summary>
    /// The factor becomes alpha / <see cref="RankInitial"/>; null for <see cref="Scale"/>. It stays when ranks grow: a factor of
    /// alpha / rank would change the layer's output at every growth.
    /// </summary>
    public float? Alpha { get; init; }

    /// <summary>Which gradient is squared.</summary>
    public FisherScoring Scoring { get; init; } = FisherScoring.PerSample;

    /// <summary>Which backward pass is used.</summary>
    public FisherTiming Timing { get; init; } = FisherTiming.Fused;

    /// <summary>
    /// Bound of initial and new rows of A in units of sqrt(6 / in), Kaiming-uniform with a = 0. Ratio - 1 is quadratic in it, so that
    /// lambda has a meaning only together with it: 1 is what lambda = 1.1 is meant for.
    /// </summary>
    public float KaimingFactor { get; init; } = 1f;

    /// <summary>The factor of the update in effect.</summary>
    public float EffectiveScale => Alpha is { } alpha ? alpha / RankInitial : Scale;

    /// <summary>Checks every value; an error names the one that is wrong.</summary>
    /// <exception cref="EngineException">A value is out of range.</exception>
    public void Validate()
    {
        if (!double.IsFinite(Lambda) || Lambda <= 0) throw new EngineException($"SeLoRA: lambda {Lambda}, a number above 0 is needed");
        if (TestEvery < 1) throw new EngineException($"SeLoRA: test every {TestEvery} steps, at least 1 is needed");
        if (RankInitial < 1) throw new EngineException($"SeLoRA: initial rank {RankInitial}, at least 1 is needed");
        if (RankMax < RankInitial) throw new EngineException($"SeLoRA: largest rank {RankMax} is below the initial rank {RankInitial}");
        if (RankTotalMax < 1) throw new EngineException($"SeLoRA: largest total rank {RankTotalMax}, at least 1 is needed");
        if (!float.IsFinite(EffectiveScale) || EffectiveScale == 0)
            throw new EngineException($"SeLoRA: scale {EffectiveScale}, a number other than 0 is needed");
        if (!float.IsFinite(KaimingFactor) || KaimingFactor <= 0)
            throw new EngineException($"SeLoRA: Kaiming factor {KaimingFactor}, a number above 0 is needed");
    }

    /// <summary>Adapters of the initial rank for the given layers, whose weights must be loaded; not yet attached.</summary>
    /// <param name="roots">The networks.</param>
    /// <param name="targets">Which of their layers.</param>
    /// <param name="seed">Seed of the initial A; each row depends on it, the layer's name and the row only.</param>
    public AdapterSet Create(IReadOnlyList<AdapterRoot> roots, AdapterTargets targets, ulong seed)
    {
        Validate();
        return LowRankAdapters.Create(roots, targets, RankInitial, EffectiveScale, grows: true, KaimingUniform.Rows(seed, KaimingFactor));
    }

    /// <inheritdoc/>
    public IRankControl CreateControl(AdapterSet set, AdamW optimizer, ulong seed, long steps) => new RankController(set, optimizer, this, seed);
}
