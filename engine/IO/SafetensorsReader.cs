using System.Buffers.Binary;
using System.IO.MemoryMappedFiles;

namespace SeLoRA.Engine;

/// <summary>
/// A safetensors file, memory-mapped: opening reads and validates the header only, tensors are read when asked for.
/// Format: 8 bytes little-endian header length, the header (JSON), then the tensors' bytes
/// (github.com/huggingface/safetensors). Files of any size; a damaged or hostile one is refused by an
/// <see cref="EngineException"/> that names the file and what is wrong.
/// </summary>
public sealed unsafe class SafetensorsReader : ITensorSource
{
    private const int LengthBytes = 8;

    // Elements converted at a time: few enough that a tensor above 2 GiB needs no span of its whole size.
    private const int ChunkElements = 1 << 24;

    private readonly MemoryMappedFile map;
    private readonly MemoryMappedViewAccessor view;
    private readonly SafetensorsHeader header;
    private readonly long dataStart;
    private byte* start;

    private SafetensorsReader(string path, MemoryMappedFile map, long fileBytes)
    {
        Path = path;
        this.map = map;
        view = map.CreateViewAccessor(0, fileBytes, MemoryMappedFileAccess.Read);
        try
        {
            view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
            start += view.PointerOffset;
            long headerBytes = CheckedHeaderLength(path, new ReadOnlySpan<byte>(start, LengthBytes), fileBytes);
            dataStart = LengthBytes + headerBytes;
            var json = new ReadOnlySpan<byte>(start + LengthBytes, (int)headerBytes);
            header = SafetensorsHeader.Parse(json, fileBytes - dataStart, path);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public string Path { get; }

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, string> Metadata => header.Metadata;

    /// <inheritdoc/>
    public IReadOnlyList<string> Names => header.Names;

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, SafetensorsEntry> Tensors => header.Tensors;

    /// <summary>Opens a file and validates its header.</summary>
    /// <param name="path">Path of the file.</param>
    /// <exception cref="EngineException">The file is absent, unreadable, truncated or not a valid safetensors file.</exception>
    public static SafetensorsReader Open(string path)
    {
        if (Directory.Exists(path)) throw new EngineException($"{path}: is a folder, not a safetensors file");
        if (!File.Exists(path)) throw new EngineException($"{path}: no such file");
        try
        {
            var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
            long bytes = stream.Length;
            if (bytes < LengthBytes)
            {
                stream.Dispose();
                throw new EngineException($"{path}: has {bytes} bytes, a safetensors file has at least {LengthBytes}");
            }
            var map = MemoryMappedFile.CreateFromFile(
                stream, mapName: null, bytes, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: false);
            return new SafetensorsReader(path, map, bytes);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EngineException($"{path}: cannot be read: {e.Message}", e);
        }
    }

    /// <inheritdoc/>
    public ReadOnlySpan<byte> Bytes(string name)
    {
        SafetensorsEntry entry = Find(name);
        if (entry.ByteLength > int.MaxValue)
        {
            throw new EngineException($"{Path}: tensor {SafetensorsText.Quote(name)} has {entry.ByteLength} bytes, more than " +
                "one span holds (2147483647); read it as float32");
        }
        return Slice(entry, 0, (int)entry.ByteLength);
    }

    /// <inheritdoc/>
    public void ReadFloat32(string name, Span<float> destination)
    {
        SafetensorsEntry entry = Find(name);
        if (!TensorBytes.IsConvertibleToFloat32(entry.DType))
        {
            throw new EngineException($"{Path}: tensor {SafetensorsText.Quote(name)} is {entry.DType.HeaderName()}, which cannot " +
                "be read as float32 (can be: F32, F16, BF16, F64, integers, BOOL)");
        }
        if (destination.Length != entry.ElementCount)
        {
            throw new EngineException($"{Path}: tensor {SafetensorsText.Quote(name)} {SafetensorsText.Shape(entry.Shape)} has " +
                $"{entry.ElementCount} elements, the destination {destination.Length}");
        }
        int size = entry.DType.Bits() / 8;
        for (long first = 0; first < destination.Length; first += ChunkElements)
        {
            int count = (int)Math.Min(ChunkElements, destination.Length - first);
            Span<float> part = destination.Slice((int)first, count);
            TensorBytes.ToFloat32(Slice(entry, first * size, count * size), entry.DType, part);
        }
    }

    /// <inheritdoc/>
    public float[] ReadFloat32(string name)
    {
        var values = new float[ArrayLength(Find(name))];
        ReadFloat32(name, values);
        return values;
    }

    /// <inheritdoc/>
    public long[] ReadInt64(string name)
    {
        SafetensorsEntry entry = Find(name);
        if (!TensorBytes.IsInteger(entry.DType))
            throw new EngineException($"{Path}: tensor {SafetensorsText.Quote(name)} is {entry.DType.HeaderName()}, not integers");
        ReadOnlySpan<byte> bytes = Bytes(name);
        var values = new long[ArrayLength(entry)];
        try
        {
            TensorBytes.ToInt64(bytes, entry.DType, values);
        }
        catch (OverflowException e)
        {
            throw new EngineException($"{Path}: tensor {SafetensorsText.Quote(name)} has a value above 2^63-1", e);
        }
        return values;
    }

    /// <summary>Unmaps the file; spans that <see cref="Bytes"/> gave out must not be used any more.</summary>
    public void Dispose()
    {
        if (start is not null)
        {
            start = null;
            view.SafeMemoryMappedViewHandle.ReleasePointer();
        }
        view.Dispose();
        map.Dispose();
    }

    private static long CheckedHeaderLength(string path, ReadOnlySpan<byte> first, long fileBytes)
    {
        ulong length = BinaryPrimitives.ReadUInt64LittleEndian(first);
        if (length <= SafetensorsHeader.MaxBytes && (long)length <= fileBytes - LengthBytes) return (long)length;

        string kind = first.StartsWith("version "u8) ? "a Git LFS pointer; fetch the file itself (git lfs pull)"
            : first.StartsWith("PK"u8) || first[0] == 0x80 ? "a pickle checkpoint (.ckpt, .bin, .pt)"
            : first[0] == (byte)'<' ? "an HTML page, perhaps the answer to a failed download"
            : "";
        if (kind.Length > 0) throw new EngineException($"{path}: is not a safetensors file but {kind}");
        throw new EngineException(length > SafetensorsHeader.MaxBytes
            ? $"{path}: header length {length} is above the format's limit of {SafetensorsHeader.MaxBytes}; not a safetensors file?"
            : $"{path}: header of {length} bytes does not fit into the file of {fileBytes} bytes; is it truncated?");
    }

    private static int ArrayLength(SafetensorsEntry entry) => entry.ElementCount <= Array.MaxLength
        ? (int)entry.ElementCount
        : throw new EngineException($"tensor {SafetensorsText.Quote(entry.Name)} {SafetensorsText.Shape(entry.Shape)} has " +
            $"{entry.ElementCount} elements, an array holds {Array.MaxLength}");

    private SafetensorsEntry Find(string name) => Tensors.TryGetValue(name, out SafetensorsEntry? entry)
        ? entry
        : throw new EngineException($"{Path}: no tensor {SafetensorsText.Quote(name)} among {Tensors.Count}" +
            (Names.Count > 0 ? $" (the first is {SafetensorsText.Quote(Names[0])})" : ""));

    private ReadOnlySpan<byte> Slice(SafetensorsEntry entry, long offset, int count)
    {
        ObjectDisposedException.ThrowIf(start is null, this);
        if (offset < 0 || count > entry.ByteLength - offset) throw new ArgumentOutOfRangeException(nameof(count));
        return new ReadOnlySpan<byte>(start + dataStart + entry.Begin + offset, count);
    }
}
