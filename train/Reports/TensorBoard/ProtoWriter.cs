using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace SeLoRA.Train;

/// <summary>One protobuf message in its wire format, field by field: the few kinds that event files need.</summary>
internal sealed class ProtoWriter
{
    private const int Varint = 0, Fixed64 = 1, LengthDelimited = 2, Fixed32 = 5;

    private readonly ArrayBufferWriter<byte> bytes = new();

    /// <summary>The message so far.</summary>
    public ReadOnlySpan<byte> Bytes => bytes.WrittenSpan;

    /// <summary>An int32, int64 or enum field.</summary>
    public ProtoWriter Int(int field, long value)
    {
        Tag(field, Varint);
        Raw((ulong)value);
        return this;
    }

    /// <summary>A float field.</summary>
    public ProtoWriter Float(int field, float value)
    {
        Tag(field, Fixed32);
        Span<byte> four = stackalloc byte[4];
        BinaryPrimitives.WriteSingleLittleEndian(four, value);
        bytes.Write(four);
        return this;
    }

    /// <summary>A double field.</summary>
    public ProtoWriter Double(int field, double value)
    {
        Tag(field, Fixed64);
        Raw(value);
        return this;
    }

    /// <summary>A repeated double field, packed.</summary>
    public ProtoWriter Doubles(int field, IReadOnlyCollection<double> values)
    {
        Tag(field, LengthDelimited);
        Raw((ulong)values.Count * 8);
        foreach (double value in values) Raw(value);
        return this;
    }

    /// <summary>A bytes field.</summary>
    public ProtoWriter Data(int field, ReadOnlySpan<byte> value)
    {
        Tag(field, LengthDelimited);
        Raw((ulong)value.Length);
        bytes.Write(value);
        return this;
    }

    /// <summary>A string field.</summary>
    public ProtoWriter Text(int field, string value) => Data(field, Encoding.UTF8.GetBytes(value));

    /// <summary>A message field.</summary>
    public ProtoWriter Message(int field, ProtoWriter message) => Data(field, message.Bytes);

    private void Tag(int field, int wireType) => Raw((ulong)(field << 3 | wireType));

    private void Raw(ulong varint)
    {
        for (; varint >= 0x80; varint >>= 7) bytes.Write([(byte)(varint | 0x80)]);
        bytes.Write([(byte)varint]);
    }

    private void Raw(double value)
    {
        Span<byte> eight = stackalloc byte[8];
        BinaryPrimitives.WriteDoubleLittleEndian(eight, value);
        bytes.Write(eight);
    }
}
