using SeLoRA.Engine;

namespace SeLoRA.Adapters;

/// <summary>
/// How a method steers the ranks of a set of adapters while they are trained. A training step goes:
/// <code>
/// control.BeforeStep(step);
/// foreach micro-batch: using (control.ObserveBackward(step, share)) (loss * share).Backward();
/// control.AfterBackward(step);
/// clip; optimizer.Step();
/// decisions = control.AfterStep(step, again);
/// optimizer.ZeroGrad();
/// </code>
/// Steps count from 1. What is decided depends on seed, step, weights and the saved state only, so that a resumed run decides alike.
/// </summary>
public interface IRankControl : IDisposable
{
    /// <summary>Prepares the adapters for the step's forward pass.</summary>
    void BeforeStep(long step)
    {
    }

    /// <summary>Why no step's passes are those of another step, to be repeated from a recording; null where most are.</summary>
    string? Irregular => null;

    /// <summary>Whether the step's passes do what those of other steps do: the same ranks take part, and nothing is observed.</summary>
    bool IsRegular(long step) => Irregular is null;

    /// <summary>Watches the backward pass of one micro-batch until the result is disposed; null where nothing is to be seen.</summary>
    /// <param name="step">The step.</param>
    /// <param name="lossScale">What the micro-batch's mean loss is multiplied by in this pass.</param>
    IDisposable? ObserveBackward(long step, float lossScale) => null;

    /// <summary>
    /// Completes the gradients after the last micro-batch: adds those of a penalty, or drops some. Whether the step is skipped is not known yet.
    /// </summary>
    void AfterBackward(long step)
    {
    }

    /// <summary>Forgets what was observed in a step that is skipped: its gradients overflowed, and nothing is updated or decided.</summary>
    void Discard()
    {
    }

    /// <summary>Decides on ranks after the optimiser's update, while its gradients are still there.</summary>
    /// <param name="step">The step.</param>
    /// <param name="again">Runs the step's forward and backward passes once more; they ask for <see cref="ObserveBackward"/> again.</param>
    /// <returns>What was decided, for the record; empty where nothing was.</returns>
    IReadOnlyList<RankDecision> AfterStep(long step, Action again);

    /// <summary>
    /// Whether the ranks after the step are such as the method is meant to end with. An adapter that is still above its budget must not
    /// count as the run's best.
    /// </summary>
    bool IsSettled(long step) => true;

    /// <summary>Adds the state that decisions depend on beyond the adapters' own, under names that begin with a layer's.</summary>
    void Save(IDictionary<string, HostTensor> state)
    {
    }

    /// <summary>Takes over what <see cref="Save"/> wrote.</summary>
    /// <exception cref="EngineException">A tensor is missing or has another shape.</exception>
    void Restore(IReadOnlyDictionary<string, HostTensor> state)
    {
    }
}
