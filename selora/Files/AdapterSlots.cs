using SeLoRA.Engine;

namespace SeLoRA.Adapters;

/// <summary>Finds modules of the networks by the names that files of different programs give them.</summary>
internal sealed class AdapterSlots
{
    public const string TextEncoder = "text_encoder";

    /// <summary>In front of every name of a PEFT file.</summary>
    public const string PeftPrefix = "base_model.model.";

    // Projections of attention as diffusers named them in 2023, when they belonged to a processor, and as they are named now.
    private static readonly (string Old, string New)[] UNetProjections = [(".to_out", ".to_out.0")];
    private static readonly (string Old, string New)[] TextProjections =
        [(".to_q", ".q_proj"), (".to_k", ".k_proj"), (".to_v", ".v_proj"), (".to_out", ".out_proj")];

    private readonly Dictionary<string, AdapterSlot> byKohyaKey = new(StringComparer.Ordinal);
    private readonly Dictionary<string, AdapterSlot> byFullName = new(StringComparer.Ordinal);
    private readonly IReadOnlyList<AdapterRoot> roots;

    /// <summary>All linear layers and convolutions.</summary>
    /// <exception cref="EngineException">Two modules have the same name once dots are underscores.</exception>
    public AdapterSlots(IReadOnlyList<AdapterRoot> roots)
    {
        this.roots = roots;
        foreach (AdapterRoot root in roots)
        {
            foreach ((string name, Module module) in root.Module.NamedModules())
            {
                if ((module as Linear)?.Weight is not { } weight && (weight = (module as Conv2d)?.Weight) is null) continue;
                var slot = new AdapterSlot(root, name, module, AdapterSlot.Shape(weight));
                byFullName.Add(slot.FullName, slot);
                if (!byKohyaKey.TryAdd(slot.KohyaKey, slot))
                    throw new EngineException($"{slot.FullName}: shares the key {slot.KohyaKey} with {byKohyaKey[slot.KohyaKey].FullName}");
            }
        }
    }

    /// <summary>In the order of the networks' modules.</summary>
    public IReadOnlyCollection<AdapterSlot> All => byFullName.Values;

    /// <summary>The module of a name of kohya's, diffusers' or PEFT's form (without the tensor's own part), or null.</summary>
    public AdapterSlot? Find(string name)
    {
        if (byKohyaKey.TryGetValue(name, out AdapterSlot? slot)) return slot;
        if (name.StartsWith(PeftPrefix, StringComparison.Ordinal)) name = name[PeftPrefix.Length..];
        name = name.Replace(".processor.", ".", StringComparison.Ordinal);
        // PEFT's files and the oldest of diffusers do not say which network they are for: their names do.
        return FindOrOld(name) ?? roots.Select(root => FindOrOld($"{root.Name}.{name}")).FirstOrDefault(found => found is not null);
    }

    private AdapterSlot? FindOrOld(string name)
    {
        if (byFullName.TryGetValue(name, out AdapterSlot? slot)) return slot;
        foreach ((string old, string present) in name.Contains(".self_attn.", StringComparison.Ordinal) ? TextProjections : UNetProjections)
            if (name.EndsWith(old, StringComparison.Ordinal)) return byFullName.GetValueOrDefault(name[..^old.Length] + present);
        return null;
    }
}
