using SeLoRA.Engine;

namespace SeLoRA.Adapters;

/// <summary>
/// All adapters of a run over one or several networks: attaches them to their layers, hands their tensors to the optimiser, merges them
/// into the base weights and back, and saves and restores them. Owns the adapters.
/// </summary>
public sealed class AdapterSet : IDisposable
{
    private readonly Dictionary<string, Tensor> unmerged = [];

    /// <summary>A set of adapters, not yet attached.</summary>
    /// <param name="roots">The networks that <paramref name="adapters"/> belong to.</param>
    /// <param name="adapters">At most one for each layer.</param>
    /// <exception cref="EngineException">A layer has two adapters.</exception>
    public AdapterSet(IReadOnlyList<AdapterRoot> roots, IEnumerable<IAdapter> adapters)
    {
        Roots = roots;
        Adapters = [.. adapters];
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (IAdapter adapter in Adapters)
        {
            if (!names.Add(adapter.Target.FullName))
                throw new EngineException($"{adapter.Target.FullName}: has two adapters, one is allowed");
        }
    }

    /// <summary>The networks.</summary>
    public IReadOnlyList<AdapterRoot> Roots { get; }

    /// <summary>The adapters in the order of the networks' layers.</summary>
    public IReadOnlyList<IAdapter> Adapters { get; }

    /// <summary>The tensors to optimise, <c>unet.[module].lora_A</c> and so on.</summary>
    public IEnumerable<(string Name, Tensor Tensor)> Parameters => Adapters.SelectMany(a => a.Parameters);

    /// <summary>Sum of the ranks.</summary>
    public int RankTotal => Adapters.Sum(a => a.Rank);

    /// <summary>Weights that are trained: sum of r (in + out).</summary>
    public long TrainableCount => Adapters.Sum(a => a.TrainableCount);

    /// <summary>Whether the updates are part of the base weights now.</summary>
    public bool IsMerged => unmerged.Count > 0;

    /// <summary>Each network's number of adapters and trainable share.</summary>
    public IReadOnlyList<AdapterShare> Shares() => [.. Roots.Select(root =>
    {
        IAdapter[] own = [.. Adapters.Where(a => a.Target.Root == root)];
        return new AdapterShare(root.Name, own.Length, AdapterTargets.Layers(root).Count(t => !t.Linear.IsPointwise) + own.Count(a => a.Target.Linear.IsPointwise), own.Sum(a => a.Rank),
            own.Sum(a => a.TrainableCount), root.Module.ParameterCount);
    })];

    /// <summary>Makes the layers use their adapters.</summary>
    /// <exception cref="EngineException">A layer has another adapter, or the set is merged.</exception>
    public AdapterSet Attach()
    {
        if (IsMerged) throw new EngineException("AdapterSet: merged into the base weights; unmerge before attaching");
        foreach (IAdapter adapter in Adapters)
        {
            if (adapter.Target.Linear.Adapter is { } other && !ReferenceEquals(other, adapter))
                throw new EngineException($"{adapter.Target.FullName}: another adapter is attached; detach it first");
        }
        foreach (IAdapter adapter in Adapters) adapter.Target.Linear.Adapter = adapter;
        return this;
    }

    /// <summary>Gives the layers their own computation back; adapters of other sets are left alone.</summary>
    public void Detach()
    {
        foreach (IAdapter adapter in Adapters)
            if (ReferenceEquals(adapter.Target.Linear.Adapter, adapter)) adapter.Target.Linear.Adapter = null;
    }

    /// <summary>Adds every tensor to the optimiser, with zero moments.</summary>
    public void AddTo(AdamW optimizer)
    {
        foreach ((string name, Tensor tensor) in Parameters) optimizer.Set(name, tensor);
    }

    /// <summary>Frees the gradients.</summary>
    public void ZeroGrad()
    {
        foreach ((_, Tensor tensor) in Parameters) tensor.ZeroGrad();
    }

    /// <summary>
    /// Adds every update to its base weight, W + dW (rounded to the weight's own type), and detaches the adapters. The old weights are kept on the device, so that
    /// <see cref="Unmerge"/> restores them bit for bit; this takes the memory of the adapted layers once more.
    /// </summary>
    /// <exception cref="EngineException">The set is merged already.</exception>
    public void Merge()
    {
        if (IsMerged) throw new EngineException("AdapterSet: already merged into the base weights");
        using IDisposable noGrad = Autograd.NoGrad();
        Detach();
        foreach (IAdapter adapter in Adapters)
        {
            using var scope = new TensorScope();
            Tensor weight = adapter.Target.Linear.Weight.Value;
            Tensor copy = TensorScope.Detach(Tensor.Empty(weight.Shape, weight.Device, weight.DType));
            weight.Backend.Copy(weight, copy);
            unmerged.Add(adapter.Target.FullName, copy);
            Tensor sum = Ops.Cast(weight, DType.F32);
            adapter.AddDeltaTo(sum);
            if (weight.DType != DType.F32) weight.Backend.Cast(sum, weight);
        }
    }

    /// <summary>Undoes <see cref="Merge"/> bit for bit; <see cref="Attach"/> makes the adapters work again.</summary>
    /// <exception cref="EngineException">The set is not merged.</exception>
    public void Unmerge()
    {
        if (!IsMerged) throw new EngineException("AdapterSet: not merged, nothing to undo");
        foreach (IAdapter adapter in Adapters)
        {
            Tensor copy = unmerged[adapter.Target.FullName];
            copy.Backend.Copy(copy, adapter.Target.Linear.Weight.Value);
            copy.Dispose();
        }
        unmerged.Clear();
    }

    /// <summary>The trained weights, and the optimiser's moments where it is given, by name: a checkpoint's content.</summary>
    public IReadOnlyDictionary<string, HostTensor> Save(AdamW? optimizer = null)
    {
        var state = new Dictionary<string, HostTensor>(StringComparer.Ordinal);
        foreach (IAdapter adapter in Adapters) adapter.Save(state, optimizer);
        return state;
    }

    /// <summary>Takes over what <see cref="Save"/> gave: values, ranks and, with an optimiser, its moments.</summary>
    /// <exception cref="EngineException">A tensor is missing or has another shape, or one belongs to no adapter.</exception>
    public void Restore(IReadOnlyDictionary<string, HostTensor> state, AdamW? optimizer = null)
    {
        var known = Adapters.Select(a => a.Target.FullName).ToHashSet(StringComparer.Ordinal);
        string[] strange = [.. state.Keys.Where(key => !known.Contains(LayerOf(key)))];
        if (strange.Length > 0)
        {
            throw new EngineException($"adapter state: {strange.Length} of {state.Count} tensors belong to no adapter of this run, " +
                $"such as {AdapterFileDiagnosis.Quote(strange[0])}; were targets or model others?");
        }
        foreach (IAdapter adapter in Adapters) adapter.Restore(state, optimizer);
    }

    /// <summary>Detaches and frees all adapters; a merged set stays merged.</summary>
    public void Dispose()
    {
        Detach();
        foreach (IAdapter adapter in Adapters) adapter.Dispose();
        foreach (Tensor copy in unmerged.Values) copy.Dispose();
        unmerged.Clear();
    }

    /// <summary>The part of a state's key before <c>.lora_A</c> and the like.</summary>
    private static string LayerOf(string key)
    {
        int at = key.LastIndexOf(".lora_", StringComparison.Ordinal);
        return at < 0 ? key : key[..at];
    }
}
