using SeLoRA.Engine;

namespace SeLoRA.Adapters;

/// <summary>An update of one linear layer that is trained while the layer itself is frozen.</summary>
public interface IAdapter : ILinearAdapter, IDisposable
{
    /// <summary>The layer it belongs to.</summary>
    AdapterTarget Target { get; }

    /// <summary>Ranks in use.</summary>
    int Rank { get; }

    /// <summary>Factor of the update.</summary>
    float Scale { get; }

    /// <summary>Weights that are trained.</summary>
    long TrainableCount { get; }

    /// <summary>The tensors to optimise with their names in the optimiser; they may be exchanged when the adapter grows.</summary>
    IEnumerable<(string Name, Tensor Tensor)> Parameters { get; }

    /// <summary>Adds the update dW to a float32 weight (out, in).</summary>
    void AddDeltaTo(Tensor weight);

    /// <summary>The update as plain LoRA.</summary>
    LoRAFactors ToLoRA();

    /// <summary>Adds the trained weights, and the optimiser's moments where one is given, under their names.</summary>
    void Save(IDictionary<string, HostTensor> state, AdamW? optimizer);

    /// <summary>Takes over what <see cref="Save"/> wrote; the optimiser's entries are exchanged to match.</summary>
    /// <exception cref="EngineException">A tensor is missing or has another shape.</exception>
    void Restore(IReadOnlyDictionary<string, HostTensor> state, AdamW? optimizer);
}

/// <summary>A tensor in host memory, as checkpoints keep it.</summary>
/// <param name="Shape">Sizes, outermost first.</param>
/// <param name="Values">Row-major values.</param>
public sealed record HostTensor(int[] Shape, float[] Values);
