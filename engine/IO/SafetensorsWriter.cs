using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace SeLoRA.Engine;

/// <summary>Supplies a stretch of a tensor's values while it is written.</summary>
/// <param name="first">Flat row-major index of the first element wanted.</param>
/// <param name="destination">Receives the values.</param>
public delegate void FillFloat32(long first, Span<float> destination);

/// <summary>
/// Collects tensors and writes them as one safetensors file. Values are asked for while the file is written, tensor by
/// tensor, so a file may be far larger than memory. The result depends on names and values only, not on the order of
/// adding: tensors lie by element size, largest first, then by name (ordinal), as the reference library writes them,
/// which keeps every tensor aligned to its elements.
/// </summary>
public sealed class SafetensorsWriter
{
    private const int ChunkElements = 1 << 18;

    private readonly Dictionary<string, (SafetensorsEntry Entry, Action<Stream> Write)> tensors = new(StringComparer.Ordinal);

    /// <summary>The file's <c>__metadata__</c>. Model files for other tools want <c>format</c> = <c>pt</c>.</summary>
    public IDictionary<string, string> Metadata { get; } = new SortedDictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Adds a tensor whose bytes a callback writes.</summary>
    /// <param name="name">Name, once a file.</param>
    /// <param name="dtype">Element type.</param>
    /// <param name="shape">Row-major shape; empty for a scalar.</param>
    /// <param name="write">Writes exactly the tensor's bytes (little-endian), when the file is written.</param>
    /// <exception cref="EngineException">The name is taken or no Unicode text, or the shape is impossible.</exception>
    public void Add(string name, SafetensorsDType dtype, ReadOnlySpan<long> shape, Action<Stream> write)
    {
        string where = $"tensor {SafetensorsText.Quote(name)}";
        if (name == "__metadata__") throw new EngineException($"{where}: the format reserves this name");
        CheckUnicode(name, where);
        if (!SafetensorsEntry.TryCountElements(shape, out long elements)
            || !SafetensorsEntry.TryCountBytes(elements, dtype, out long bytes))
        {
            throw new EngineException($"{where}: shape {SafetensorsText.Shape(shape)} of {dtype.HeaderName()} has a negative axis, " +
                "is too large or does not fill whole bytes");
        }
        // Where the bytes will lie is known when all tensors are; until then the entry holds their number.
        if (!tensors.TryAdd(name, (new SafetensorsEntry(name, dtype, shape.ToArray(), 0, bytes), write)))
            throw new EngineException($"{where}: added twice");
    }

    /// <summary>Adds a tensor from its bytes, which must not change until the file is written.</summary>
    /// <param name="name">Name, once a file.</param>
    /// <param name="dtype">Element type.</param>
    /// <param name="shape">Row-major shape; empty for a scalar.</param>
    /// <param name="bytes">The elements, little-endian.</param>
    /// <exception cref="EngineException">As <see cref="Add"/>, or the bytes do not fit the shape.</exception>
    public void AddBytes(string name, SafetensorsDType dtype, ReadOnlySpan<long> shape, ReadOnlyMemory<byte> bytes)
    {
        CheckCount(name, shape, (long)bytes.Length * 8 / dtype.Bits());
        Add(name, dtype, shape, stream => stream.Write(bytes.Span));
    }

    /// <summary>Adds a tensor of floats that a callback supplies in stretches, first to last.</summary>
    /// <param name="name">Name, once a file.</param>
    /// <param name="shape">Row-major shape; empty for a scalar.</param>
    /// <param name="fill">Supplies the values when the file is written.</param>
    /// <param name="storedAs">F32, F64, or F16 or BF16 (rounded to nearest even).</param>
    /// <exception cref="EngineException">As <see cref="Add"/>, or another element type.</exception>
    public void AddFloat32(
        string name, ReadOnlySpan<long> shape, FillFloat32 fill, SafetensorsDType storedAs = SafetensorsDType.F32)
    {
        if (storedAs is not (SafetensorsDType.F32 or SafetensorsDType.F16 or SafetensorsDType.BF16 or SafetensorsDType.F64))
        {
            throw new EngineException($"tensor {SafetensorsText.Quote(name)}: floats cannot be stored as {storedAs.HeaderName()} " +
                "(can be: F32, F16, BF16, F64)");
        }
        SafetensorsEntry.TryCountElements(shape, out long count);
        Add(name, storedAs, shape, stream => WriteFloats(stream, count, fill, storedAs));
    }

    /// <summary>Adds a tensor of floats, which must not change until the file is written.</summary>
    /// <inheritdoc cref="AddFloat32(string, ReadOnlySpan{long}, FillFloat32, SafetensorsDType)"/>
    /// <param name="name">Name, once a file.</param>
    /// <param name="shape">Row-major shape; empty for a scalar.</param>
    /// <param name="values">The values in row-major order.</param>
    /// <param name="storedAs">F32, F64, or F16 or BF16 (rounded to nearest even).</param>
    public void AddFloat32(
        string name, ReadOnlySpan<long> shape, ReadOnlyMemory<float> values, SafetensorsDType storedAs = SafetensorsDType.F32)
    {
        CheckCount(name, shape, values.Length);
        AddFloat32(name, shape, (first, part) => values.Span.Slice((int)first, part.Length).CopyTo(part), storedAs);
    }

    /// <summary>Adds a tensor of integers, which must not change until the file is written.</summary>
    /// <param name="name">Name, once a file.</param>
    /// <param name="shape">Row-major shape; empty for a scalar.</param>
    /// <param name="values">The values in row-major order.</param>
    /// <param name="storedAs">I64, I32 or U8; every value must fit.</param>
    /// <exception cref="EngineException">As <see cref="Add"/>, another element type, or a value that does not fit.</exception>
    public void AddInt64(
        string name, ReadOnlySpan<long> shape, ReadOnlyMemory<long> values, SafetensorsDType storedAs = SafetensorsDType.I64)
    {
        CheckCount(name, shape, values.Length);
        (long min, long max) = storedAs switch
        {
            SafetensorsDType.I64 => (long.MinValue, long.MaxValue),
            SafetensorsDType.I32 => (int.MinValue, int.MaxValue),
            SafetensorsDType.U8 => (byte.MinValue, byte.MaxValue),
            _ => throw new EngineException($"tensor {SafetensorsText.Quote(name)}: integers cannot be stored as " +
                $"{storedAs.HeaderName()} (can be: I64, I32, U8)"),
        };
        foreach (long value in values.Span)
        {
            if (value < min || value > max)
                throw new EngineException($"tensor {SafetensorsText.Quote(name)}: {value} does not fit into {storedAs.HeaderName()}");
        }
        Add(name, storedAs, shape, stream => WriteIntegers(stream, values.Span, storedAs));
    }

    /// <summary>Writes the file: under a temporary name, then renamed, so that the path never holds half a file.</summary>
    /// <param name="path">Where the file shall be; an old file is replaced.</param>
    /// <exception cref="EngineException">
    /// The system refuses the writing, the header outgrows the format's 100 MB, or a callback wrote too few or too many
    /// bytes. What a callback throws passes through. In every case an old file stays as it was.
    /// </exception>
    public void Save(string path)
    {
        var ordered = tensors.Values
            .OrderByDescending(t => t.Entry.DType.Bits())
            .ThenBy(t => t.Entry.Name, StringComparer.Ordinal)
            .ToList();
        byte[] header = Header(path, ordered.Select(t => t.Entry));
        AtomicFile.Write(path, stream =>
        {
            stream.Write(header);
            foreach ((SafetensorsEntry entry, Action<Stream> write) in ordered)
            {
                var part = new ExactLengthStream(stream, entry.ByteLength, $"{path}: tensor {SafetensorsText.Quote(entry.Name)}");
                write(part);
                part.CheckComplete();
            }
        });
    }

    private byte[] Header(string path, IEnumerable<SafetensorsEntry> ordered)
    {
        var buffer = new MemoryStream();
        buffer.Write(stackalloc byte[sizeof(ulong)]);
        // The default encoder escapes '+', '<' and all but ASCII, for web pages; this is a file.
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            if (Metadata.Count > 0) WriteMetadata(json);
            Int128 position = 0;
            foreach (SafetensorsEntry entry in ordered)
            {
                if (position + entry.ByteLength > long.MaxValue) throw new EngineException($"{path}: the tensors exceed 2^63-1 bytes");
                json.WriteStartObject(entry.Name);
                json.WriteString("dtype", entry.DType.HeaderName());
                json.WriteStartArray("shape");
                foreach (long axis in entry.Shape) json.WriteNumberValue(axis);
                json.WriteEndArray();
                json.WriteStartArray("data_offsets");
                json.WriteNumberValue((long)position);
                json.WriteNumberValue((long)position + entry.ByteLength);
                json.WriteEndArray();
                json.WriteEndObject();
                position += entry.ByteLength;
            }
            json.WriteEndObject();
        }
        while (buffer.Length % sizeof(ulong) != 0) buffer.WriteByte((byte)' ');

        byte[] header = buffer.ToArray();
        int length = header.Length - sizeof(ulong);
        if (length > SafetensorsHeader.MaxBytes)
            throw new EngineException($"{path}: the header takes {length} bytes, the format allows {SafetensorsHeader.MaxBytes}");
        BinaryPrimitives.WriteUInt64LittleEndian(header, (ulong)length);
        return header;
    }

    private void WriteMetadata(Utf8JsonWriter json)
    {
        json.WriteStartObject("__metadata__");
        foreach ((string key, string value) in Metadata)
        {
            CheckUnicode(key, $"metadata key {SafetensorsText.Quote(key)}");
            CheckUnicode(value, $"metadata value of {SafetensorsText.Quote(key)}");
            json.WriteString(key, value);
        }
        json.WriteEndObject();
    }

    private static void WriteFloats(Stream stream, long count, FillFloat32 fill, SafetensorsDType dtype)
    {
        var values = new float[Math.Min(count, ChunkElements)];
        var half = new ushort[dtype.Bits() == 16 ? values.Length : 0];
        var wide = new double[dtype == SafetensorsDType.F64 ? values.Length : 0];
        for (long first = 0; first < count; first += ChunkElements)
        {
            Span<float> part = values.AsSpan(0, (int)Math.Min(ChunkElements, count - first));
            fill(first, part);
            switch (dtype)
            {
                case SafetensorsDType.F16:
                    HalfConversion.Float32ToFloat16(part, half);
                    stream.Write(MemoryMarshal.AsBytes(half.AsSpan(0, part.Length)));
                    break;
                case SafetensorsDType.BF16:
                    HalfConversion.Float32ToBFloat16(part, half);
                    stream.Write(MemoryMarshal.AsBytes(half.AsSpan(0, part.Length)));
                    break;
                case SafetensorsDType.F64:
                    for (int i = 0; i < part.Length; i++) wide[i] = part[i];
                    stream.Write(MemoryMarshal.AsBytes(wide.AsSpan(0, part.Length)));
                    break;
                default:
                    stream.Write(MemoryMarshal.AsBytes(part));
                    break;
            }
        }
    }

    private static void WriteIntegers(Stream stream, ReadOnlySpan<long> values, SafetensorsDType dtype)
    {
        Span<byte> element = stackalloc byte[sizeof(long)];
        foreach (long value in values)
        {
            // Little-endian: the narrower types are the first bytes of the wide one.
            BinaryPrimitives.WriteInt64LittleEndian(element, value);
            stream.Write(element[..(dtype.Bits() / 8)]);
        }
    }

    private static void CheckCount(string name, ReadOnlySpan<long> shape, long given)
    {
        if (SafetensorsEntry.TryCountElements(shape, out long count) && count != given)
        {
            throw new EngineException($"tensor {SafetensorsText.Quote(name)}: shape {SafetensorsText.Shape(shape)} has {count} " +
                $"elements, {given} were given");
        }
    }

    private static void CheckUnicode(string text, string where)
    {
        try
        {
            new UTF8Encoding(false, throwOnInvalidBytes: true).GetByteCount(text);
        }
        catch (EncoderFallbackException e)
        {
            throw new EngineException($"{where}: is not Unicode text (lone surrogate)", e);
        }
    }

    /// <summary>Lets a callback write its tensor's bytes and not one more.</summary>
    private sealed class ExactLengthStream(Stream target, long length, string where) : Stream
    {
        private long written;

        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => length;

        public override long Position
        {
            get => written;
            set => throw new NotSupportedException();
        }

        public void CheckComplete()
        {
            if (written != length) throw new EngineException($"{where}: {written} bytes were written, its shape takes {length}");
        }

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            if (buffer.Length > length - written)
                throw new EngineException($"{where}: more than the {length} bytes of its shape were written");
            target.Write(buffer);
            written += buffer.Length;
        }

        public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
