using SeLoRA.Engine;

namespace SeLoRA.Adapters;

/// <summary>
/// AdaLoRA (Zhang et al., 2023, "Adaptive budget allocation for parameter-efficient fine-tuning"): dW = P Lambda Q of one rank
/// everywhere, of whose triplets those of least importance are masked until a budget is met. Formulas and order of the steps are those of
/// its authors' loralib, defaults the paper's; warm-ups and interval there are set for each data set, about an eighth, a half and a
/// hundredth of the steps.
/// </summary>
public sealed record AdaLoRAConfig : IAdapterMethod
{
    /// <summary>Rank of every layer at the start.</summary>
    public int RankInitial { get; init; } = 6;

    /// <summary>Mean rank at the end: the budget is this times the number of layers.</summary>
    public int RankTarget { get; init; } = 4;

    /// <summary>Numerator of the update's factor; null for <see cref="RankInitial"/>.</summary>
    public float? Alpha { get; init; }

    /// <summary>Decay of the smoothed sensitivity, beta_1 (eq. 9).</summary>
    public double SensitivityBeta { get; init; } = 0.85;

    /// <summary>Decay of the smoothed uncertainty, beta_2 (eq. 10).</summary>
    public double UncertaintyBeta { get; init; } = 0.85;

    /// <summary>Weight gamma of the orthogonality penalty in the loss (eq. 4).</summary>
    public double OrthogonalityWeight { get; init; } = 0.1;

    /// <summary>Steps t_i before the budget starts to shrink; null for an eighth of all.</summary>
    public int? WarmupInitial { get; init; }

    /// <summary>Steps t_f at the end with the final budget, at least 2; null for half of all.</summary>
    public int? WarmupFinal { get; init; }

    /// <summary>Steps between masks while the budget shrinks; null for a hundredth of all.</summary>
    public int? MaskEvery { get; init; }

    /// <summary>
    /// alpha / (r + 1e-5) with the first rank r: the authors' code divides by it, and never by the ranks that are left.
    /// </summary>
    public float EffectiveScale => (float)((Alpha ?? RankInitial) / (RankInitial + 1e-5));

    /// <summary>Checks every value; an error names the one that is wrong.</summary>
    /// <exception cref="EngineException">A value is out of range.</exception>
    public void Validate()
    {
        if (RankInitial < 1) throw new EngineException($"AdaLoRA: initial rank {RankInitial}, at least 1 is needed");
        if (RankTarget < 1 || RankTarget > RankInitial)
            throw new EngineException($"AdaLoRA: target rank {RankTarget}, 1 up to the initial rank {RankInitial} is needed");
        if (!float.IsFinite(EffectiveScale) || EffectiveScale == 0)
            throw new EngineException($"AdaLoRA: scale {EffectiveScale}, a number other than 0 is needed");
        if (SensitivityBeta is not (>= 0 and < 1)) throw new EngineException($"AdaLoRA: sensitivity beta {SensitivityBeta}, from 0 to below 1 is needed");
        if (UncertaintyBeta is not (>= 0 and < 1)) throw new EngineException($"AdaLoRA: uncertainty beta {UncertaintyBeta}, from 0 to below 1 is needed");
        if (!double.IsFinite(OrthogonalityWeight) || OrthogonalityWeight < 0)
            throw new EngineException($"AdaLoRA: orthogonality weight {OrthogonalityWeight}, 0 or more is needed");
        if (MaskEvery < 1) throw new EngineException($"AdaLoRA: mask every {MaskEvery} steps, at least 1 is needed");
    }

    /// <inheritdoc/>
    /// <remarks>P and Q are normal of deviation 0.02, Lambda is zero.</remarks>
    public AdapterSet Create(IReadOnlyList<AdapterRoot> roots, AdapterTargets targets, ulong seed)
    {
        Validate();
        var adapters = new List<IAdapter>();
        foreach (AdapterTarget target in targets.Select(roots))
        {
            var adapter = new TripletAdapter(target, RankInitial, EffectiveScale);
            adapter.Load(Normal(target, "lora_A", seed, RankInitial * target.Linear.InFeatures), new float[RankInitial],
                Normal(target, "lora_B", seed, RankInitial * target.Linear.OutFeatures));
            adapters.Add(adapter);
        }
        return new AdapterSet(roots, adapters);
    }

    /// <inheritdoc/>
    public IRankControl CreateControl(AdapterSet set, AdamW optimizer, ulong seed, long steps)
    {
        Validate();
        return new BudgetControl(set, this, BudgetSchedule.Create(this, set.Adapters.Count, steps));
    }

    private static float[] Normal(AdapterTarget target, string factor, ulong seed, int count)
    {
        var values = new float[count];
        Philox.FillNormal(values, Philox.StreamSeed(seed, $"{target.FullName}.{factor}"));
        for (int i = 0; i < count; i++) values[i] *= 0.02f;
        return values;
    }
}
