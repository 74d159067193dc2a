using System.Buffers;
using System.Runtime.InteropServices;

namespace SeLoRA.Engine;

/// <summary>A file of tensors: what the formats share once a tensor's bytes can be had.</summary>
public abstract class TensorSource : ITensorSource
{
    // Elements converted at a time: few enough to stay in the processor's cache between reading and conversion.
    private const int ChunkElements = 1 << 16;

    // Elements read at a time where nothing is converted; a tensor above 2 GiB needs no span of its whole size.
    private const int PlainElements = 1 << 24;

    private protected TensorSource(string path) => Path = path;

    /// <inheritdoc/>
    public string Path { get; }

    /// <inheritdoc/>
    public abstract IReadOnlyDictionary<string, string> Metadata { get; }

    /// <inheritdoc/>
    public abstract IReadOnlyList<string> Names { get; }

    /// <inheritdoc/>
    public abstract IReadOnlyDictionary<string, SafetensorsEntry> Tensors { get; }

    /// <inheritdoc/>
    public ReadOnlySpan<byte> Bytes(string name)
    {
        SafetensorsEntry entry = Find(name);
        if (entry.ByteLength > int.MaxValue)
        {
            throw new EngineException($"{Path}: tensor {SafetensorsText.Quote(name)} has {entry.ByteLength} bytes, more than " +
                "one span holds (2147483647); read it as float32");
        }
        byte[] bytes = GC.AllocateUninitializedArray<byte>((int)entry.ByteLength);
        Copy(entry, 0, bytes);
        return bytes;
    }

    /// <inheritdoc/>
    public void CopyBytes(string name, long offset, Span<byte> destination)
    {
        SafetensorsEntry entry = Find(name);
        if (offset < 0 || destination.Length > entry.ByteLength - offset)
        {
            throw new EngineException($"{Path}: tensor {SafetensorsText.Quote(name)} has {entry.ByteLength} bytes, {destination.Length} from " +
                $"byte {offset} on were asked for");
        }
        Copy(entry, offset, destination);
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
        if (entry.DType == SafetensorsDType.F32) ReadPlain(entry, destination);
        else ReadConverted(entry, destination);
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

    /// <summary>Closes the file.</summary>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Closes the file.</summary>
    /// <param name="disposing">Always true: there is no finaliser.</param>
    protected abstract void Dispose(bool disposing);

    /// <summary>Reads bytes of a tensor in row-major order; whole elements, checked to be there.</summary>
    private protected abstract void Copy(SafetensorsEntry entry, long offset, Span<byte> destination);

    private void ReadPlain(SafetensorsEntry entry, Span<float> destination)
    {
        for (long first = 0; first < destination.Length; first += PlainElements)
        {
            Span<float> part = destination.Slice((int)first, (int)Math.Min(PlainElements, destination.Length - first));
            Copy(entry, first * sizeof(float), MemoryMarshal.AsBytes(part));
        }
    }

    private void ReadConverted(SafetensorsEntry entry, Span<float> destination)
    {
        int size = entry.DType.Bits() / 8;
        byte[] buffer = ArrayPool<byte>.Shared.Rent(Math.Min(destination.Length, ChunkElements) * size);
        for (long first = 0; first < destination.Length; first += ChunkElements)
        {
            Span<float> part = destination.Slice((int)first, (int)Math.Min(ChunkElements, destination.Length - first));
            Span<byte> bytes = buffer.AsSpan(0, part.Length * size);
            Copy(entry, first * size, bytes);
            TensorBytes.ToFloat32(bytes, entry.DType, part);
        }
        ArrayPool<byte>.Shared.Return(buffer);
    }

    private int ArrayLength(SafetensorsEntry entry) => entry.ElementCount <= Array.MaxLength
        ? (int)entry.ElementCount
        : throw new EngineException($"{Path}: tensor {SafetensorsText.Quote(entry.Name)} {SafetensorsText.Shape(entry.Shape)} has " +
            $"{entry.ElementCount} elements, an array holds {Array.MaxLength}");

    private SafetensorsEntry Find(string name) => Tensors.TryGetValue(name, out SafetensorsEntry? entry)
        ? entry
        : throw new EngineException($"{Path}: no tensor {SafetensorsText.Quote(name)} among {Tensors.Count}" +
            (Names.Count > 0 ? $" (the first is {SafetensorsText.Quote(Names[0])})" : ""));
}
