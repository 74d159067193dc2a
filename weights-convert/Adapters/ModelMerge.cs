using SeLoRA.Adapters;
using SeLoRA.Engine;
using SeLoRA.Model;

namespace SeLoRA.WeightsConvert;

/// <summary>Writes a copy of a model folder with updates in its weights, tensor by tensor: memory is needed for the updates and one weight.</summary>
internal sealed class ModelMerge
{
    // Weights in other containers than safetensors, or whole checkpoints beside a folder: a copy would keep the old model in them.
    private static readonly string[] OtherWeights = [".bin", ".ckpt", ".pt", ".pth", ".msgpack", ".h5", ".onnx", ".onnx_data"];

    private readonly string path;
    private readonly Dictionary<string, List<(AdapterFileModule Module, float Weight)>> updates = new(StringComparer.Ordinal);
    private readonly HashSet<string> merged = new(StringComparer.Ordinal);
    private readonly List<string> warnings = [];

    /// <summary>A model that nothing is added to yet.</summary>
    /// <param name="path">A folder in diffusers form.</param>
    /// <exception cref="EngineException">It is none.</exception>
    public ModelMerge(string path)
    {
        this.path = path;
        Roots = AdapterNetworks.Roots(ModelFolder.Open(path));
    }

    /// <summary>The model's networks, without weights.</summary>
    public IReadOnlyList<AdapterRoot> Roots { get; }

    /// <summary>Weights that change.</summary>
    public int Count => updates.Count;

    /// <summary>Adds an adapter's updates.</summary>
    public void Add(IEnumerable<AdapterFileModule> modules, float weight)
    {
        foreach (AdapterFileModule module in modules)
        {
            if (!updates.TryGetValue(module.Slot.FullName, out var list)) updates[module.Slot.FullName] = list = [];
            list.Add((module, weight));
        }
    }

    /// <summary>Writes the model.</summary>
    /// <param name="result">A folder that does not exist yet.</param>
    /// <param name="cancel">Ends it between two tensors; nothing is left then.</param>
    /// <returns>What was left out, one line each.</returns>
    /// <exception cref="EngineException">A weight is absent, of another shape, or outgrows its type; the system refuses the writing.</exception>
    public IReadOnlyList<string> Write(string result, CancellationToken cancel = default)
    {
        string from = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path)) + Path.DirectorySeparatorChar;
        if ((Path.GetFullPath(result) + Path.DirectorySeparatorChar).StartsWith(from, StringComparison.Ordinal))
            throw new EngineException($"{result}: lies in the model that it is made of; give another place");
        AtomicFolder.Write(result, folder => CopyFolder(from, folder, result, null, cancel));
        return warnings;
    }

    private void CopyFolder(string from, string to, string result, AdapterRoot? root, CancellationToken cancel)
    {
        foreach (string file in Directory.EnumerateFiles(from).Order(StringComparer.Ordinal))
        {
            cancel.ThrowIfCancellationRequested();
            string name = Path.GetFileName(file), target = Path.Combine(to, name);
            if (name.StartsWith('.')) continue;
            bool safetensors = name.EndsWith(".safetensors", StringComparison.OrdinalIgnoreCase);
            bool stale = root is not null ? IsOther(name) : from.Length == RootLength && (safetensors || IsOther(name));
            if (stale) warnings.Add($"{file}: not copied, its weights would be the old ones");
            else if (root is not null && safetensors) MergeFile(file, target, root, result, cancel);
            else File.Copy(file, target);
        }
        foreach (string folder in Directory.EnumerateDirectories(from).Order(StringComparer.Ordinal))
        {
            string name = Path.GetFileName(folder);
            if (name.StartsWith('.')) continue;
            string target = Path.Combine(to, name);
            Directory.CreateDirectory(target);
            bool top = from.Length == RootLength;
            AdapterRoot? changed = top ? Roots.FirstOrDefault(r => r.Name == name && HasUpdates(r)) : null;
            CopyFolder(folder, target, result, changed, cancel);
            if (changed is not null) CheckComplete(changed, folder);
        }
    }

    private int RootLength => Path.TrimEndingDirectorySeparator(Path.GetFullPath(path)).Length + 1;

    private static bool IsOther(string name) => Array.Exists(OtherWeights, e => name.EndsWith(e, StringComparison.OrdinalIgnoreCase));

    private bool HasUpdates(AdapterRoot root) => updates.Keys.Any(name => name.StartsWith(root.Name + ".", StringComparison.Ordinal));

    private void CheckComplete(AdapterRoot root, string folder)
    {
        string[] missing = [.. updates.Keys.Where(name => name.StartsWith(root.Name + ".", StringComparison.Ordinal) && !merged.Contains(name))];
        if (missing.Length > 0)
            throw new EngineException($"{folder}: {missing.Length} weights that the adapter changes are in no .safetensors file here: {Text.List(missing, 3)}");
    }

    private void MergeFile(string file, string target, AdapterRoot root, string result, CancellationToken cancel)
    {
        using SafetensorsReader source = SafetensorsReader.Open(file);
        var writer = new SafetensorsWriter();
        foreach ((string key, string value) in source.Metadata) writer.Metadata[key] = value;
        foreach (string name in source.Names)
        {
            SafetensorsEntry entry = source.Tensors[name];
            if (UpdatesOf(root, name) is not { } list)
            {
                writer.AddCopy(name, entry.Shape, source, name, entry.DType, _ => cancel.ThrowIfCancellationRequested());
                continue;
            }
            AdapterSlot slot = list[0].Module.Slot;
            if (entry.ElementCount != (long)slot.Out * slot.In)
                throw new EngineException($"{file}: {Text.Clean(name)} is {Text.Shape(entry.Shape)}, its config says {Text.Shape(slot.WeightShape)}");
            float[]? values = null;
            writer.AddFloat32(name, entry.Shape, (first, part) =>
            {
                // Stretches come in order: the sum is made with the first and let go with the last.
                cancel.ThrowIfCancellationRequested();
                values ??= Sum(source, name, list, result);
                values.AsSpan((int)first, part.Length).CopyTo(part);
                if (first + part.Length == values.Length) values = null;
            }, entry.DType);
            merged.Add(slot.FullName);
        }
        writer.Save(target);
    }

    private List<(AdapterFileModule Module, float Weight)>? UpdatesOf(AdapterRoot root, string tensor)
    {
        string? name = root.Module is ClipTextModel ? StateDictKeys.ClipText(tensor) : StateDictKeys.UNet(tensor);
        const string ending = ".weight";
        return name is not null && name.EndsWith(ending, StringComparison.Ordinal)
            ? updates.GetValueOrDefault($"{root.Name}.{name[..^ending.Length]}")
            : null;
    }

    private static float[] Sum(SafetensorsReader source, string name, List<(AdapterFileModule Module, float Weight)> updates, string result)
    {
        float[] values = source.ReadFloat32(name);
        foreach ((AdapterFileModule module, float weight) in updates) module.AddTo(values, weight);
        // From here on, rounding to float16 gives infinity.
        float limit = source.Tensors[name].DType == SafetensorsDType.F16 ? 65520f : float.PositiveInfinity;
        foreach (float value in values)
        {
            if (!(MathF.Abs(value) < limit))
                throw new EngineException($"{result}: {Text.Clean(name)} would hold {value}, which {source.Tensors[name].DType} cannot; are the adapter and its weight right?");
        }
        return values;
    }
}
