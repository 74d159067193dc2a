using SeLoRA.Engine;

namespace SeLoRA.Adapters;

/// <summary>
/// Adapters as files: training writes kohya's form, which A1111, ComfyUI and diffusers read; all forms that
/// <see cref="AdapterReader"/> knows are loaded.
/// </summary>
public static class AdapterFile
{
    /// <summary>Writes all adapters of a set in the form <see cref="AdapterFormat.SeLoRA"/>.</summary>
    /// <param name="path">The file; an old one is replaced at once when the new one is complete.</param>
    /// <param name="set">Adapters of any method; each is written as plain LoRA of its own rank.</param>
    /// <param name="metadata">What the file says of its run.</param>
    /// <param name="half">Store float16 instead of float32.</param>
    /// <returns>What other programs will not make use of, one line each; usually empty.</returns>
    /// <exception cref="EngineException">
    /// Every adapter has rank 0, a value is not finite or too large for float16, or the system refuses.
    /// </exception>
    public static IReadOnlyList<string> Write(string path, AdapterSet set, AdapterMetadata metadata, bool half = false)
    {
        AdapterFileModule[] modules = [.. set.Adapters.Select(a => (a.Target, LoRA: a.ToLoRA())).Where(layer => layer.LoRA.Rank > 0)
            .Select(layer => new AdapterFileModule(AdapterSlot.Of(layer.Target), layer.LoRA.Rank, layer.LoRA.Scale * layer.LoRA.Rank, layer.LoRA.Down, layer.LoRA.Up,
                half ? SafetensorsDType.F16 : SafetensorsDType.F32))];
        if (modules.Length == 0) throw new EngineException($"{path}: every adapter has rank 0, nothing to write");
        modules = KohyaFile.WithOneAlpha(modules);
        return KohyaFile.Write(path, modules, metadata.ToKeys(modules));
    }

    /// <summary>
    /// Reads a file into adapters that are ready to be attached, each with its own rank and scale alpha / rank.
    /// </summary>
    /// <param name="path">A file or folder; see <see cref="AdapterReader"/>.</param>
    /// <param name="roots">The networks, whose weights must be loaded.</param>
    /// <param name="unmatched">As in <see cref="AdapterFileContent"/>.</param>
    /// <exception cref="EngineException">As for <see cref="AdapterReader.Read"/>.</exception>
    public static AdapterSet Load(string path, IReadOnlyList<AdapterRoot> roots, out string? unmatched)
    {
        AdapterSet set = Load([new AdapterSource(path)], roots, out IReadOnlyList<string> warnings);
        unmatched = warnings.Count > 0 ? warnings[0] : null;
        return set;
    }

    /// <summary>Reads several files, each as strong as its weight says; where they adapt the same layer, their updates are added.</summary>
    /// <param name="sources">The files.</param>
    /// <param name="roots">The networks, whose weights must be loaded.</param>
    /// <param name="warnings">What of the files found no place, one line a file.</param>
    /// <inheritdoc cref="Load(string, IReadOnlyList{AdapterRoot}, out string?)"/>
    public static AdapterSet Load(IReadOnlyList<AdapterSource> sources, IReadOnlyList<AdapterRoot> roots, out IReadOnlyList<string> warnings)
    {
        var unmatched = new List<string>();
        var layers = new Dictionary<string, List<(AdapterFileModule Module, float Weight)>>(StringComparer.Ordinal);
        foreach (AdapterSource source in sources)
        {
            AdapterFileContent content = AdapterReader.Read(source.Path, roots, convolutions: false);
            if (content.Unmatched is { } line) unmatched.Add(line);
            foreach (AdapterFileModule module in content.Modules)
            {
                if (!layers.TryGetValue(module.Slot.FullName, out var list)) layers[module.Slot.FullName] = list = [];
                list.Add((module, source.Weight));
            }
        }
        warnings = unmatched;
        return new AdapterSet(roots, AdapterTargets.Layers(roots).Where(t => layers.ContainsKey(t.FullName)).Select(t => Combine(t, layers[t.FullName])));
    }

    /// <summary>
    /// One adapter of one or several files' updates. A sum of low-rank updates is the update of their factors side by side, with the scales
    /// in the up factors; a single one keeps its factors as they are.
    /// </summary>
    private static LowRankAdapter Combine(AdapterTarget target, List<(AdapterFileModule Module, float Weight)> parts)
    {
        if (parts.Count == 1)
        {
            (AdapterFileModule module, float weight) = parts[0];
            var adapter = new LowRankAdapter(target, module.Scale * weight, grows: false);
            adapter.Buffer.Load(module.Down, module.Up);
            return adapter;
        }
        int rank = parts.Sum(p => p.Module.Rank), outs = target.Linear.OutFeatures, first = 0;
        var up = new float[outs * rank];
        foreach ((AdapterFileModule module, float weight) in parts)
        {
            for (int i = 0; i < outs; i++)
                for (int j = 0; j < module.Rank; j++) up[i * rank + first + j] = module.Scale * weight * module.Up[i * module.Rank + j];
            first += module.Rank;
        }
        var sum = new LowRankAdapter(target, 1, grows: false);
        sum.Buffer.Load(parts.SelectMany(p => p.Module.Down).ToArray(), up);
        return sum;
    }
}
