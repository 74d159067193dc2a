namespace SeLoRA.Engine;

/// <summary>A reference from a pickle to a storage: ('storage', class, key, device, elements), and in old files a view's place.</summary>
internal static class PickleReference
{
    /// <summary>The storage, the same for every reference to its key; null where it is no reference to one.</summary>
    public static PickleStorage? Read(string path, object? reference, Dictionary<string, PickleStorage> seen)
    {
        if (reference is not PickleTuple { Items: ["storage", PickleGlobal { IsStorage: true } type, string key, _, long elements, ..] items }) return null;
        if (items is [_, _, _, _, _, not null, ..])
            throw new EngineException($"{path}: storage {SafetensorsText.Quote(key)} is a view into another, as files before PyTorch 0.4 have it; not supported");
        // So that its size in bytes is a number.
        if (elements < 0 || elements > long.MaxValue / 64) throw new EngineException($"{path}: storage {SafetensorsText.Quote(key)} has {elements} elements");
        var storage = new PickleStorage(key, type.DType, elements);
        if (seen.TryAdd(key, storage)) return storage;
        return seen[key] == storage ? storage : throw new EngineException($"{path}: storage {SafetensorsText.Quote(key)} has two types or sizes");
    }
}
