using System.Buffers.Binary;
using System.Text;

namespace SeLoRA.Tests;

/// <summary>Reads event files by the formats' definitions, sharing nothing with the code that writes them.</summary>
internal static class EventReader
{
    /// <summary>CRC-32C bit by bit: the polynomial 0x1EDC6F41, reflected.</summary>
    public static uint Crc(ReadOnlySpan<byte> bytes)
    {
        uint crc = 0xFFFFFFFF;
        foreach (byte b in bytes)
        {
            crc ^= b;
            for (int bit = 0; bit < 8; bit++) crc = (crc & 1) != 0 ? crc >> 1 ^ 0x82F63B78 : crc >> 1;
        }
        return ~crc;
    }

    /// <summary>The records that are whole.</summary>
    /// <exception cref="InvalidDataException">One of these has a wrong checksum.</exception>
    public static List<byte[]> Records(ReadOnlySpan<byte> file)
    {
        var records = new List<byte[]>();
        while (file.Length >= 12)
        {
            Check(file[..8], file[8..]);
            ulong stored = BinaryPrimitives.ReadUInt64LittleEndian(file);
            if ((ulong)file.Length - 12 < stored || (ulong)file.Length - 12 - stored < 4) break;
            int length = (int)stored;
            ReadOnlySpan<byte> content = file.Slice(12, length);
            Check(content, file[(12 + length)..]);
            records.Add(content.ToArray());
            file = file[(16 + length)..];
        }
        return records;
    }

    /// <summary>A record around its content.</summary>
    public static byte[] Seal(byte[] content)
    {
        byte[] length = BitConverter.GetBytes((ulong)content.Length);
        return [.. length, .. BitConverter.GetBytes(Masked(length)), .. content, .. BitConverter.GetBytes(Masked(content))];
    }

    /// <summary>The events of a file.</summary>
    public static List<Message> Events(string path) => [.. Records(File.ReadAllBytes(path)).Select(r => new Message(r))];

    private static void Check(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> stored)
    {
        if (BinaryPrimitives.ReadUInt32LittleEndian(stored) != Masked(bytes)) throw new InvalidDataException("wrong checksum");
    }

    private static uint Masked(ReadOnlySpan<byte> bytes)
    {
        uint crc = Crc(bytes);
        return unchecked((crc >> 15 | crc << 17) + 0xa282ead8u);
    }

    /// <summary>A protobuf message: the raw values of each field in their order.</summary>
    public sealed class Message
    {
        private readonly List<(int Field, byte[] Value)> fields = [];

        /// <exception cref="InvalidDataException">It is none.</exception>
        public Message(ReadOnlySpan<byte> bytes)
        {
            while (bytes.Length > 0)
            {
                ulong tag = Varint(ref bytes);
                ulong length = (tag & 7) switch { 1 => 8, 5 => 4, 2 => Varint(ref bytes), 0 => 0, _ => throw new InvalidDataException($"wire type {tag & 7}") };
                if (length > (ulong)bytes.Length) throw new InvalidDataException($"field {tag >> 3}: {length} bytes, but {bytes.Length} are left");
                byte[] value = (tag & 7) == 0 ? BitConverter.GetBytes(Varint(ref bytes)) : bytes[..(int)length].ToArray();
                bytes = bytes[(int)length..];
                fields.Add(((int)(tag >> 3), value));
            }
        }

        public bool Has(int field) => fields.Any(f => f.Field == field);

        public IEnumerable<Message> Messages(int field) => fields.Where(f => f.Field == field).Select(f => new Message(f.Value));

        public byte[] Bytes(int field) => fields.Single(f => f.Field == field).Value;

        public string Text(int field) => Encoding.UTF8.GetString(Bytes(field));

        public long Int(int field) => BitConverter.ToInt64(Bytes(field));

        public float Float(int field) => BitConverter.ToSingle(Bytes(field));

        public double Double(int field) => BitConverter.ToDouble(Bytes(field));

        public double[] Doubles(int field) => [.. Bytes(field).Chunk(8).Select(b => BitConverter.ToDouble(b))];

        private static ulong Varint(ref ReadOnlySpan<byte> bytes)
        {
            ulong value = 0;
            for (int shift = 0; ; shift += 7)
            {
                if (bytes.IsEmpty || shift > 63) throw new InvalidDataException("a number without end");
                byte b = bytes[0];
                bytes = bytes[1..];
                value |= (ulong)(b & 0x7F) << shift;
                if (b < 0x80) return value;
            }
        }
    }
}
