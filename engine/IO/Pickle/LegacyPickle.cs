using System.Buffers.Binary;

namespace SeLoRA.Engine;

/// <summary>
/// The form before PyTorch 1.6: pickles of a magic number, a version, facts about the writer, the object, and the keys of its storages;
/// then, in that order, each storage's number of elements (8 bytes) and its bytes. Always little-endian.
/// </summary>
internal static class LegacyPickle
{
    /// <summary>Bytes of the first pickle, which holds the magic number.</summary>
    public const int HeadBytes = 15;

    private const long Version = 1001;

    // Behind the byte that says the pickle's protocol: the number 0x1950a86a20f9469cfc6c, and the end.
    private static ReadOnlySpan<byte> Magic => [0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, (byte)'.'];

    public static (object? Root, PickleStorages Storages) Read(InputFile file)
    {
        if (!file.Read(2, HeadBytes - 2).SequenceEqual(Magic))
            throw new EngineException($"{file.Path}: is a pickle, but not one of torch.save (its magic number is missing)");
        long position = HeadBytes;
        var seen = new Dictionary<string, PickleStorage>(StringComparer.Ordinal);
        if (Next(file, ref position, seen) is not Version) throw new EngineException($"{file.Path}: is of another version of torch.save than {Version}");
        Next(file, ref position, seen);
        object? root = Next(file, ref position, seen);
        if (Next(file, ref position, seen) is not PickleList keys) throw new EngineException($"{file.Path}: the list of its storages is missing");

        var storages = new PickleStorages(file);
        foreach (object? item in keys.Items)
        {
            if (item is not string key || !seen.TryGetValue(key, out PickleStorage? storage) || storages.Contains(key))
                throw new EngineException($"{file.Path}: lists a storage that no tensor has, or one twice");
            string where = $"{file.Path}: storage {SafetensorsText.Quote(key)} at byte {position}";
            if (file.Length - position < sizeof(long)) throw new EngineException($"{where} is missing; is the file truncated?");
            long elements = BinaryPrimitives.ReadInt64LittleEndian(file.Read(position, sizeof(long)));
            if (elements != storage.Elements) throw new EngineException($"{where} has {elements} elements, the pickle says {storage.Elements}");
            position += sizeof(long);
            if (storage.Bytes > file.Length - position) throw new EngineException($"{where} takes {storage.Bytes} bytes, the file ends before; is it truncated?");
            storages.AddStored(key, position, storage.Bytes);
            position += storage.Bytes;
        }
        return (root, storages);
    }

    private static object? Next(InputFile file, ref long position, Dictionary<string, PickleStorage> seen)
    {
        using Stream stream = file.Stream(position, file.Length - position);
        var input = new PickleInput(stream, file.Length - position, position, file.Path);
        object? value = new PickleMachine(input, reference => PickleReference.Read(file.Path, reference, seen)).Run();
        position += input.Position;
        return value;
    }
}
