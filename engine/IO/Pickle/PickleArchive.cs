namespace SeLoRA.Engine;

/// <summary>The zip form: <c>data.pkl</c> with a file <c>data/KEY</c> for every storage, all below one folder.</summary>
internal static class PickleArchive
{
    private const string PickleName = "data.pkl";

    public static (object? Root, PickleStorages Storages) Read(InputFile file)
    {
        Dictionary<string, ZipEntry> entries = ZipDirectory.Read(file);
        ZipEntry[] pickles = [.. entries.Values.Where(e => e.Name == PickleName || e.Name.EndsWith("/" + PickleName, StringComparison.Ordinal))];
        if (pickles.Length != 1)
            throw new EngineException($"{file.Path}: a zip archive with {(pickles.Length == 0 ? "no" : "more than one")} {PickleName}: not a file of torch.save");
        string folder = pickles[0].Name[..^PickleName.Length];
        if (entries.ContainsKey(folder + "constants.pkl"))
            throw new EngineException($"{file.Path}: is a program (TorchScript), not a state dict; it is not run");

        var storages = new PickleStorages(file) { BigEndian = IsBigEndian(file, entries.GetValueOrDefault(folder + "byteorder")) };
        var seen = new Dictionary<string, PickleStorage>(StringComparer.Ordinal);
        using Stream stream = Open(file, pickles[0]);
        var input = new PickleInput(stream, pickles[0].Bytes, 0, $"{file.Path}: {PickleName}");
        object? root = new PickleMachine(input, reference => PickleReference.Read(file.Path, reference, seen)).Run();

        foreach (PickleStorage storage in seen.Values)
        {
            string name = $"{folder}data/{storage.Key}";
            if (!entries.TryGetValue(name, out ZipEntry? entry)) throw new EngineException($"{file.Path}: its archive has no {SafetensorsText.Quote(name)}");
            if (storage.Bytes > entry.Bytes)
                throw new EngineException($"{file.Path}: {SafetensorsText.Quote(name)} has {entry.Bytes} bytes, its storage takes {storage.Bytes}");
            // No more than the storage takes: the entry may claim many times that.
            if (entry.Deflated) storages.AddPacked(storage.Key, entry with { Bytes = storage.Bytes });
            else storages.AddStored(storage.Key, entry.DataOffset, storage.Bytes);
        }
        return (root, storages);
    }

    private static bool IsBigEndian(InputFile file, ZipEntry? entry)
    {
        if (entry is null) return false;
        Span<byte> text = stackalloc byte[8];
        using Stream stream = Open(file, entry with { Bytes = Math.Min(entry.Bytes, text.Length) });
        text = text[..stream.ReadAtLeast(text, text.Length, throwOnEndOfStream: false)];
        if (text.SequenceEqual("little"u8)) return false;
        if (text.SequenceEqual("big"u8)) return true;
        throw new EngineException($"{file.Path}: its byteorder is neither little nor big");
    }

    private static Stream Open(InputFile file, ZipEntry entry) => entry.Deflated
        ? new MemoryStream(PickleStorages.Inflate(file, entry), writable: false)
        : file.Stream(entry.DataOffset, entry.StoredBytes);
}
