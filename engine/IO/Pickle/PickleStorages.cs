using System.IO.Compression;

namespace SeLoRA.Engine;

/// <summary>The blocks of numbers beside a pickle, by key: in place in the file, or packed.</summary>
internal sealed class PickleStorages(InputFile file)
{
    private readonly Dictionary<string, Place> places = new(StringComparer.Ordinal);
    private readonly Lock gate = new();

    // Tensors that share a storage stand together: the last one that was read or unpacked as a whole serves them all.
    private (string Key, byte[] Bytes)? last;

    /// <summary>Whether elements lie with their most significant byte first.</summary>
    public bool BigEndian { get; init; }

    public void AddStored(string key, long offset, long bytes) => places.Add(key, new Place(offset, bytes, null));

    public void AddPacked(string key, ZipEntry entry) => places.Add(key, new Place(0, entry.Bytes, entry));

    public bool Contains(string key) => places.ContainsKey(key);

    /// <summary>Reads bytes of a storage.</summary>
    public void Copy(string key, long offset, Span<byte> destination)
    {
        Place place = places[key];
        if (place.Packed is null) file.Read(place.Offset + offset, destination);
        else Whole(key).AsSpan(checked((int)offset), destination.Length).CopyTo(destination);
    }

    /// <summary>All bytes of a storage, for a tensor whose elements lie scattered in it.</summary>
    public byte[] Whole(string key)
    {
        lock (gate)
        {
            if (last is { } kept && kept.Key == key) return kept.Bytes;
            last = null;
            byte[] bytes = Read(key, places[key]);
            last = (key, bytes);
            return bytes;
        }
    }

    /// <summary>Unpacks a deflated entry, whose size was checked.</summary>
    public static byte[] Inflate(InputFile file, ZipEntry entry)
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

    private byte[] Read(string key, Place place)
    {
        if (place.Packed is not null) return Inflate(file, place.Packed);
        if (place.Bytes <= Array.MaxLength) return file.Read(place.Offset, (int)place.Bytes);
        throw new EngineException($"{file.Path}: a tensor is a view with gaps into storage {SafetensorsText.Quote(key)} of {place.Bytes} bytes; " +
            $"up to {Array.MaxLength} can be read so");
    }

    private sealed record Place(long Offset, long Bytes, ZipEntry? Packed);
}
