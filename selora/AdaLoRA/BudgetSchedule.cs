using SeLoRA.Engine;

namespace SeLoRA.Adapters;

/// <summary>
/// How many triplets AdaLoRA keeps after each step (eq. 12 of the paper): all during the first warm-up, then a cubic fall, then the final
/// budget. Steps count from 0 here, as in the authors' code.
/// </summary>
/// <param name="All">Triplets there are.</param>
/// <param name="Final">Budget at the end.</param>
/// <param name="Steps">Steps of the run.</param>
/// <param name="WarmupInitial">Steps before the fall.</param>
/// <param name="WarmupFinal">Steps after it.</param>
/// <param name="MaskEvery">Steps between masks during the fall; after it every step masks.</param>
internal sealed record BudgetSchedule(int All, int Final, long Steps, long WarmupInitial, long WarmupFinal, long MaskEvery)
{
    /// <summary>The schedule of a run, with warm-ups and interval as shares of it where they are not given.</summary>
    /// <exception cref="EngineException">The warm-ups do not fit.</exception>
    public static BudgetSchedule Create(AdaLoRAConfig config, int layers, long steps)
    {
        long initial = config.WarmupInitial ?? steps / 8, final = config.WarmupFinal ?? Math.Max(2, steps / 2);
        if (initial < 0 || final < 2 || initial + final > steps)
        {
            throw new EngineException($"AdaLoRA: warm-ups of {initial} and {final} steps do not fit into {steps} steps: " +
                "the first is 0 or more, the last 2 or more, and both together at most all steps");
        }
        return new BudgetSchedule(layers * config.RankInitial, layers * config.RankTarget, steps, initial, final,
            config.MaskEvery ?? Math.Max(1, steps / 100));
    }

    /// <summary>Triplets that are kept after a step.</summary>
    public int Budget(long step)
    {
        if (step <= WarmupInitial) return All;
        if (IsFinal(step)) return Final;
        double left = 1 - (double)(step - WarmupInitial) / (Steps - WarmupFinal - WarmupInitial);
        return (int)(Final + (All - Final) * (left * left * left));
    }

    /// <summary>Whether triplets are masked after a step.</summary>
    public bool Masks(long step) => step > WarmupInitial && (IsFinal(step) || step % MaskEvery == 0);

    /// <summary>Whether a step still counts for the importance of triplets.</summary>
    public bool Scores(long step) => step < Steps - WarmupFinal;

    /// <summary>Whether the final budget holds after a step.</summary>
    public bool IsFinal(long step) => step > Steps - WarmupFinal;
}
