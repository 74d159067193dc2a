using SeLoRA.Engine;

namespace SeLoRA.Adapters;

/// <summary>A method of low-rank fine-tuning with its settings: makes the adapters and what steers their ranks.</summary>
public interface IAdapterMethod
{
    /// <summary>Adapters for the given layers, whose weights must be loaded; not yet attached.</summary>
    /// <param name="roots">The networks.</param>
    /// <param name="targets">Which of their layers.</param>
    /// <param name="seed">Seed of the initial values.</param>
    AdapterSet Create(IReadOnlyList<AdapterRoot> roots, AdapterTargets targets, ulong seed);

    /// <summary>What steers the ranks of adapters that <see cref="Create"/> made; null where they are fixed.</summary>
    /// <param name="set">The adapters.</param>
    /// <param name="optimizer">Holds their moments.</param>
    /// <param name="seed">Seed of what the control draws.</param>
    /// <param name="steps">Steps of the whole run.</param>
    /// <exception cref="EngineException">The settings do not fit the number of steps, or the adapters are of another kind.</exception>
    IRankControl? CreateControl(AdapterSet set, AdamW optimizer, ulong seed, long steps);
}
