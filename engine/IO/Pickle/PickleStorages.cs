using System.IO.Compression;

namespace SeLoRA.Engine;

/// <summary>The blocks of numbers beside a pickle, by key: in place in the file, or packed.</summary>
internal sealed class PickleStorages(MappedFile file)
{
    private readonly Dictionary<string, (long Offset, ZipEntry? Packed)> places = new(StringComparer.Ordinal);
    private readonly Lock gate = new();

    // Tensors that share a storage stand together: the last one unpacked serves them all.
    private (string Key, byte[] Bytes)? last;

    /// <summary>Whether elements lie with their most significant byte first.</summary>
    public bool BigEndian { get; init; }

    public void AddStored(string key, long offset) => places.Add(key, (offset, null));

    public void AddPacked(string key, ZipEntry entry) => places.Add(key, (0, entry));

    public bool Contains(string key) => places.ContainsKey(key);

    /// <summary>Bytes of a storage.</summary>
    public ReadOnlySpan<byte> Slice(string key, long offset, int count)
    {
        (long start, ZipEntry? packed) = places[key];
        return packed is null ? file.Slice(start + offset, count) : Unpacked(key, packed).AsSpan(checked((int)offset), count);
    }

    /// <summary>The same as a copy.</summary>
    public void Copy(string key, long offset, Span<byte> destination)
    {
        (long start, ZipEntry? packed) = places[key];
        if (packed is null) file.Read(start + offset, destination);
        else Slice(key, offset, destination.Length).CopyTo(destination);
    }

    private byte[] Unpacked(string key, ZipEntry entry)
    {
        lock (gate)
        {
            if (last is { } kept && kept.Key == key) return kept.Bytes;
            last = null;
            byte[] bytes = Inflate(file, entry);
            last = (key, bytes);
            return bytes;
        }
    }

    /// <summary>Unpacks a deflated entry, whose size was checked.</summary>
    public static byte[] Inflate(MappedFile file, ZipEntry entry)
    {
        var bytes = new byte[entry.Bytes];
        try
        {
            using var stream = new DeflateStream(file.Stream(entry.DataOffset, entry.StoredBytes), CompressionMode.Decompress);
            if (stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false) == bytes.Length) return bytes;
        }
        catch (Exception e) when (e is InvalidDataException or IOException)
        {
            throw new EngineException($"{file.Path}: {SafetensorsText.Quote(entry.Name)} cannot be unpacked: {e.Message}", e);
        }
        throw new EngineException($"{file.Path}: {SafetensorsText.Quote(entry.Name)} unpacks to fewer than its {entry.Bytes} bytes");
    }
}
