namespace SeLoRA.Engine;

/// <summary>
/// Dynamic loss scaling for float16 (Micikevicius et al., 2018), by the rule of PyTorch's GradScaler: gradients of a loss times
/// <see cref="Scale"/> do not vanish in 16 bits; a step whose gradients overflow is skipped and halves the scale, and a number of good steps
/// in a row doubles it.
/// </summary>
public sealed class LossScaler
{
    /// <summary>Good steps in a row after which the scale doubles.</summary>
    public const int GrowthInterval = 2000;

    /// <summary>What the loss is multiplied by before its backward pass.</summary>
    public float Scale { get; private set; } = 65536f;

    /// <summary>Good steps since the scale last changed.</summary>
    public int GoodSteps { get; private set; }

    /// <summary>Goes on from a saved state.</summary>
    public void Restore(float scale, int goodSteps)
    {
        if (!(scale > 0) || !float.IsFinite(scale) || goodSteps < 0) Check.Fail($"LossScaler: scale {scale} after {goodSteps} good steps is no state of it");
        (Scale, GoodSteps) = (scale, goodSteps);
    }

    /// <summary>Adapts the scale to gradients that are divided by it already. False if they overflowed: then the step must be skipped.</summary>
    /// <param name="norm">Their joint norm.</param>
    /// <exception cref="EngineException">It is not finite at a scale that has sunk to 1: it is not the scale that makes it so.</exception>
    public bool Accept(float norm)
    {
        bool good = float.IsFinite(norm);
        if (!good && Scale <= 1f) Check.Fail($"LossScaler: gradients are not finite at a loss scale of {Scale}");
        Update(good);
        return good;
    }

    /// <summary>Adapts the scale after a step.</summary>
    internal void Update(bool good)
    {
        if (!good) (Scale, GoodSteps) = (Scale / 2, 0);
        else if (++GoodSteps == GrowthInterval) (Scale, GoodSteps) = (Scale * 2, 0);
    }
}
