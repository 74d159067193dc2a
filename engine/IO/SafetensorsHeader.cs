using System.Text.Json;
using System.Text.Unicode;

namespace SeLoRA.Engine;

/// <summary>
/// Parses and validates the JSON header of a safetensors file. It looks at the header's bytes only; whatever it lets
/// through describes ranges that tile the data section without gap or overlap.
/// </summary>
internal sealed class SafetensorsHeader
{
    /// <summary>The reference library's limit.</summary>
    public const int MaxBytes = 100_000_000;

    // Torch and NumPy stop at 64; the limit keeps a hostile header from growing a shape by the million.
    private const int MaxAxes = 64;

    private readonly string file;

    private SafetensorsHeader(string file) => this.file = file;

    public Dictionary<string, string> Metadata { get; } = [];

    public Dictionary<string, SafetensorsEntry> Tensors { get; } = [];

    /// <summary>Names ordered by place in the data.</summary>
    public List<string> Names { get; } = [];

    /// <param name="json">The header, without the length before it.</param>
    /// <param name="dataBytes">Bytes of the file behind the header.</param>
    /// <param name="file">The file's name for messages.</param>
    public static SafetensorsHeader Parse(ReadOnlySpan<byte> json, long dataBytes, string file)
    {
        var header = new SafetensorsHeader(file);
        if (!Utf8.IsValid(json)) throw header.Error("the header is not valid UTF-8");
        if (json.IsEmpty || json[0] != (byte)'{') throw header.Error("the header does not begin with '{'");
        try
        {
            header.ReadObject(json);
        }
        catch (JsonException e)
        {
            throw new EngineException($"{file}: the header is not valid JSON: {e.Message}", e);
        }
        catch (InvalidOperationException e)
        {
            // Thrown for an escape that is no Unicode text, such as a lone surrogate.
            throw new EngineException($"{file}: the header holds a string that is not Unicode text", e);
        }
        header.CheckTiling(dataBytes);
        return header;
    }

    private EngineException Error(string what) => new($"{file}: {what}");

    private void ReadObject(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = 16 });
        reader.Read();
        bool metadataSeen = false;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string name = reader.GetString()!;
            reader.Read();
            if (name == "__metadata__")
            {
                if (metadataSeen) throw Error("the header has '__metadata__' twice");
                metadataSeen = true;
                ReadMetadata(ref reader);
            }
            else if (!Tensors.TryAdd(name, ReadEntry(ref reader, name)))
            {
                throw Error($"the header has tensor {SafetensorsText.Quote(name)} twice");
            }
        }
        // Reading on finds anything but white space behind the closing brace.
        reader.Read();
    }

    private void ReadMetadata(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartObject) throw Error("'__metadata__' is not an object of strings");
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string key = reader.GetString()!;
            reader.Read();
            if (reader.TokenType != JsonTokenType.String)
                throw Error($"'__metadata__' entry {SafetensorsText.Quote(key)} is not a string (the format allows only strings)");
            if (!Metadata.TryAdd(key, reader.GetString()!))
                throw Error($"'__metadata__' has {SafetensorsText.Quote(key)} twice");
        }
    }

    private SafetensorsEntry ReadEntry(ref Utf8JsonReader reader, string name)
    {
        string where = $"tensor {SafetensorsText.Quote(name)}";
        if (reader.TokenType != JsonTokenType.StartObject)
            throw Error($"{where}: not an object with dtype, shape and data_offsets");

        SafetensorsDType? dtype = null;
        long[]? shape = null, offsets = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string field = reader.GetString()!;
            reader.Read();
            bool repeated = false;
            switch (field)
            {
                case "dtype":
                    repeated = dtype is not null;
                    dtype = ReadDType(ref reader, where);
                    break;
                case "shape":
                    repeated = shape is not null;
                    shape = ReadIntegers(ref reader, $"{where}: shape");
                    break;
                case "data_offsets":
                    repeated = offsets is not null;
                    offsets = ReadIntegers(ref reader, $"{where}: data_offsets");
                    break;
                default:
                    // The reference library ignores fields that it does not know, too.
                    reader.Skip();
                    break;
            }
            if (repeated) throw Error($"{where}: '{field}' occurs twice");
        }
        if (dtype is null) throw Error($"{where}: 'dtype' is missing");
        if (shape is null) throw Error($"{where}: 'shape' is missing");
        if (offsets is null) throw Error($"{where}: 'data_offsets' is missing");
        return Validated(name, where, dtype.Value, shape, offsets);
    }

    private SafetensorsEntry Validated(string name, string where, SafetensorsDType dtype, long[] shape, long[] offsets)
    {
        string text = SafetensorsText.Shape(shape);
        if (!SafetensorsEntry.TryCountElements(shape, out long elements))
            throw Error($"{where}: shape {text} has too many elements (their number overflows 64 bits)");
        if (!SafetensorsEntry.TryCountBytes(elements, dtype, out long bytes))
            throw Error($"{where}: {dtype.HeaderName()} {text} is too large or does not fill whole bytes");
        if (offsets.Length != 2 || offsets[0] > offsets[1])
            throw Error($"{where}: data_offsets {SafetensorsText.Shape(offsets)} are not [begin, end] with begin <= end");
        if (offsets[1] - offsets[0] != bytes)
        {
            throw Error($"{where}: {dtype.HeaderName()} {text} takes {bytes} bytes, but data_offsets " +
                $"{SafetensorsText.Shape(offsets)} hold {offsets[1] - offsets[0]}");
        }
        return new SafetensorsEntry(name, dtype, shape, offsets[0], offsets[1]);
    }

    private SafetensorsDType ReadDType(ref Utf8JsonReader reader, string where)
    {
        if (reader.TokenType != JsonTokenType.String) throw Error($"{where}: dtype is not a string");
        string text = reader.GetString()!;
        if (SafetensorsDTypes.TryParse(text, out SafetensorsDType dtype)) return dtype;
        throw Error($"{where}: unknown dtype {SafetensorsText.Quote(text)} (known: " +
            $"{string.Join(", ", SafetensorsDTypes.HeaderNames)})");
    }

    private long[] ReadIntegers(ref Utf8JsonReader reader, string where)
    {
        if (reader.TokenType != JsonTokenType.StartArray) throw Error($"{where} is not a list of integers");
        var values = new List<long>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.Number || !reader.TryGetInt64(out long value) || value < 0)
                throw Error($"{where}: item {values.Count} is not an integer from 0 to 2^63-1");
            if (values.Count == MaxAxes) throw Error($"{where} has more than {MaxAxes} items");
            values.Add(value);
        }
        return [.. values];
    }

    /// <summary>Sorted by place, each tensor must begin where the one before ends, and the last at the file's end.</summary>
    private void CheckTiling(long dataBytes)
    {
        var ordered = Tensors.Values.OrderBy(t => t.Begin).ThenBy(t => t.End).ThenBy(t => t.Name, StringComparer.Ordinal);
        long position = 0;
        string before = "the header";
        foreach (SafetensorsEntry tensor in ordered)
        {
            string name = SafetensorsText.Quote(tensor.Name);
            if (tensor.End > dataBytes)
            {
                throw Error($"tensor {name} ends at byte {tensor.End} of the data, but the file holds only {dataBytes} " +
                    "(is the download complete?)");
            }
            if (tensor.Begin < position)
                throw Error($"tensor {name} begins at byte {tensor.Begin} of the data and overlaps {before}, which ends at {position}");
            if (tensor.Begin > position)
                throw Error($"{tensor.Begin - position} bytes between {before} and tensor {name} belong to no tensor");
            position = tensor.End;
            before = name;
            Names.Add(tensor.Name);
        }
        if (position != dataBytes) throw Error($"{dataBytes - position} bytes behind the last tensor belong to no tensor");
    }
}
