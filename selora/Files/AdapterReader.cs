using SeLoRA.Engine;

namespace SeLoRA.Adapters;

/// <summary>
/// Reads low-rank adapters in all forms: kohya's keys, diffusers' (today's and those of 2023), PEFT's folders. Names are looked up in the
/// model, shapes are held against it, and other kinds of adapters (LoHa, LoKr, DoRA, ...) are refused by name.
/// </summary>
public static class AdapterReader
{
    private const string DiffusersFileName = "pytorch_lora_weights.safetensors";

    /// <summary>Reads a file or folder.</summary>
    /// <param name="path">A safetensors file, a PEFT folder, or a folder with one for each network (<c>unet</c>, <c>text_encoder</c>).</param>
    /// <param name="roots">The networks, as <c>unet</c> and <c>text_encoder</c>; their weights need not be loaded.</param>
    /// <param name="convolutions">Take updates of all convolutions; without it they count as unmatched, 1x1 ones computed as layers apart.</param>
    /// <exception cref="EngineException">
    /// No tensor matches, a module's tensors are incomplete, not finite or do not fit the model, or it is another kind of adapter.
    /// </exception>
    public static AdapterFileContent Read(string path, IReadOnlyList<AdapterRoot> roots, bool convolutions = true)
    {
        List<(string File, string? Config, IReadOnlyList<AdapterRoot> Roots)> parts = Parts(path, roots);
        AdapterFileContent[] contents = [.. parts.Select(part => ReadFile(part.File, part.Config, part.Roots, convolutions))];
        if (contents.Length == 1) return contents[0] with { Path = path };
        string[] unmatched = [.. contents.Select(c => c.Unmatched).OfType<string>()];
        return contents[0] with
        {
            Path = path,
            Modules = [.. contents.SelectMany(c => c.Modules)],
            Unmatched = unmatched.Length == 0 ? null : string.Join("; ", unmatched),
        };
    }

    private static List<(string File, string? Config, IReadOnlyList<AdapterRoot> Roots)> Parts(string path, IReadOnlyList<AdapterRoot> roots)
    {
        if (!Directory.Exists(path)) return [(path, null, roots)];
        if (File.Exists(Path.Combine(path, PeftConfig.FileName))) return [Folder(path, roots)];
        List<(string, string?, IReadOnlyList<AdapterRoot>)> parts = [.. roots
            .Where(root => File.Exists(Path.Combine(path, root.Name, PeftConfig.FileName)))
            .Select(root => Folder(Path.Combine(path, root.Name), [root]))];
        if (parts.Count > 0) return parts;
        string diffusers = Path.Combine(path, DiffusersFileName);
        return File.Exists(diffusers)
            ? [(diffusers, null, roots)]
            : throw new EngineException($"{path}: is no adapter; a folder has {PeftConfig.FileName}, {string.Join(", ", roots.Select(r => $"{r.Name}/{PeftConfig.FileName}"))} or {DiffusersFileName}");

        static (string, string?, IReadOnlyList<AdapterRoot>) Folder(string folder, IReadOnlyList<AdapterRoot> roots)
        {
            string file = Path.Combine(folder, PeftConfig.TensorsFileName);
            if (!File.Exists(file) && File.Exists(Path.ChangeExtension(file, ".bin")))
                throw new EngineException($"{folder}: has only a pickled adapter (adapter_model.bin); weights-convert convert adapter_model.bin adapter_model.safetensors, which runs nothing of it, makes one that is read");
            return (file, Path.Combine(folder, PeftConfig.FileName), roots);
        }
    }

    private static AdapterFileContent ReadFile(string path, string? configPath, IReadOnlyList<AdapterRoot> roots, bool convolutions)
    {
        using SafetensorsReader file = SafetensorsReader.Open(path);
        AdapterFileDiagnosis.RefuseOtherKinds(file);
        AdapterFormat format = configPath is null ? AdapterTensorNames.Format(file.Names) : AdapterFormat.Peft;
        Func<AdapterRoot, PeftConfig?> configs = Configs(file, format, configPath);
        var slots = new AdapterSlots(roots);
        var found = new Dictionary<AdapterSlot, string?[]>();
        var strange = new List<string>();
        foreach (string name in file.Names)
        {
            (string Module, AdapterPart Part)? split = AdapterTensorNames.Split(name);
            AdapterSlot? slot = split is { } known ? slots.Find(known.Module) : null;
            if (slot is null || (!convolutions && slot.Module is not Linear))
            {
                strange.Add(name);
                continue;
            }
            if (!found.TryGetValue(slot, out string?[]? names)) found[slot] = names = new string?[3];
            ref string? place = ref names[(int)split!.Value.Part];
            if (place is not null) throw new EngineException($"{path}: {AdapterFileDiagnosis.Quote(place)} and {AdapterFileDiagnosis.Quote(name)} are the same part of one module");
            place = name;
        }
        string? unmatched = strange.Count == 0 ? null : AdapterFileDiagnosis.Describe(file, strange, slots);
        if (strange.Count == file.Names.Count) throw new EngineException(unmatched ?? $"{path}: holds no tensors");
        AdapterFileModule[] modules = [.. slots.All.Where(found.ContainsKey).Select(slot => ReadModule(file, slot, found[slot], configs(slot.Root)))];
        return new AdapterFileContent(path, format, modules, file.Metadata, unmatched);
    }

    private static Func<AdapterRoot, PeftConfig?> Configs(SafetensorsReader file, AdapterFormat format, string? configPath)
    {
        if (format == AdapterFormat.Peft)
        {
            // A file of such a folder may be given as well.
            PeftConfig config = PeftConfig.Read(configPath ?? Path.Combine(Path.GetDirectoryName(file.Path) ?? "", PeftConfig.FileName));
            return _ => config;
        }
        var read = new Dictionary<AdapterRoot, PeftConfig?>();
        return format == AdapterFormat.Kohya ? _ => null : root =>
        {
            if (!read.TryGetValue(root, out PeftConfig? config)) read[root] = config = PeftConfig.OfMetadata(file, root.Name);
            return config;
        };
    }

    private static AdapterFileModule ReadModule(SafetensorsReader file, AdapterSlot slot, string?[] names, PeftConfig? config)
    {
        if (names[(int)AdapterPart.Down] is not { } downName || names[(int)AdapterPart.Up] is not { } upName)
            throw new EngineException($"{file.Path}: {slot.FullName} is incomplete, both factors are needed (lora_down and lora_up, or lora_A and lora_B)");
        SafetensorsEntry down = file.Tensors[downName], up = file.Tensors[upName];
        AdapterFileDiagnosis.CheckShapes(file.Path, slot, down.Shape, up.Shape);
        int rank = checked((int)down.Shape[0]);
        float alpha = names[(int)AdapterPart.Alpha] is { } alphaName ? ReadAlpha(file, alphaName) : config?.Alpha(slot.ModuleName, rank) ?? rank;
        SafetensorsDType dtype = down.DType == up.DType && down.DType is SafetensorsDType.F16 or SafetensorsDType.BF16 ? down.DType : SafetensorsDType.F32;
        return new AdapterFileModule(slot, rank, alpha, Finite(file, downName), Finite(file, upName), dtype);
    }

    private static float ReadAlpha(SafetensorsReader file, string name)
    {
        long count = file.Tensors[name].ElementCount;
        if (count != 1) throw new EngineException($"{file.Path}: {AdapterFileDiagnosis.Quote(name)} has {count} values, 1 is needed");
        return Finite(file, name)[0];
    }

    private static float[] Finite(SafetensorsReader file, string name)
    {
        float[] values = file.ReadFloat32(name);
        foreach (float value in values)
            if (!float.IsFinite(value)) throw new EngineException($"{file.Path}: {AdapterFileDiagnosis.Quote(name)} holds {value}; the file is damaged or its training diverged");
        return values;
    }
}
