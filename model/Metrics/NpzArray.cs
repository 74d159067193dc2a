using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.RegularExpressions;
using SeLoRA.Engine;

namespace SeLoRA.Model;

/// <summary>An array of a <c>.npz</c> file: float64, float32, int64 or one text, little-endian, row-major. Nothing else is read, pickles least of all.</summary>
internal sealed partial class NpzArray
{
    private const int MagicBytes = 8, HeaderMax = 4096, Alignment = 64;

    // 16384 features, eight times Inception's: a header that claims more is refused before memory is allocated.
    private const long BytesMax = 1L << 31;

    private static readonly byte[] Magic = [0x93, .. "NUMPY"u8];

    private readonly string type;
    private readonly byte[] bytes;

    private NpzArray(string name, string type, int[] shape, byte[] bytes)
    {
        Name = name;
        this.type = type;
        Shape = shape;
        this.bytes = bytes;
    }

    public string Name { get; }

    public int[] Shape { get; }

    public static NpzArray Of(string name, double[] values, params int[] shape) =>
        new(name, "<f8", shape, MemoryMarshal.AsBytes<double>(values).ToArray());

    public static NpzArray Of(string name, long value)
    {
        byte[] bytes = new byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, value);
        return new NpzArray(name, "<i8", [], bytes);
    }

    public static NpzArray Of(string name, string text)
    {
        // NumPy has no text of length 0.
        byte[] bytes = Encoding.UTF32.GetBytes(text.Length > 0 ? text : "\0");
        return new NpzArray(name, $"<U{bytes.Length / 4}", [], bytes);
    }

    public double[] ToDoubles() => type switch
    {
        "<f8" => MemoryMarshal.Cast<byte, double>(bytes).ToArray(),
        "<f4" => [.. Array.ConvertAll(MemoryMarshal.Cast<byte, float>(bytes).ToArray(), value => (double)value)],
        _ => throw Wrong("floats (<f8 or <f4)"),
    };

    public long ToInt64() => type == "<i8" && Shape.Length == 0 ? BinaryPrimitives.ReadInt64LittleEndian(bytes) : throw Wrong("one integer (<i8)");

    public string ToText() => type[..2] == "<U" && Shape.Length == 0 ? Encoding.UTF32.GetString(bytes).TrimEnd('\0') : throw Wrong("one text (<U)");

    public void Write(Stream stream)
    {
        string shape = Shape.Length == 1 ? $"({Shape[0]},)" : $"({string.Join(", ", Shape)})";
        string header = $"{{'descr': '{type}', 'fortran_order': False, 'shape': {shape}, }}";
        int padded = (MagicBytes + 2 + header.Length + Alignment) / Alignment * Alignment - MagicBytes - 2;
        byte[] start = [.. Magic, 1, 0, 0, 0, .. Encoding.ASCII.GetBytes(header.PadRight(padded - 1) + "\n")];
        BinaryPrimitives.WriteUInt16LittleEndian(start.AsSpan(MagicBytes), (ushort)padded);
        stream.Write(start);
        stream.Write(bytes);
    }

    public static NpzArray Read(string name, Stream stream)
    {
        byte[] start = Bytes(stream, MagicBytes + 2);
        if (!start.AsSpan(0, Magic.Length).SequenceEqual(Magic) || start[6] != 1)
            throw new EngineException($"array '{name}': does not begin as NumPy's .npy version 1 does");
        int length = BinaryPrimitives.ReadUInt16LittleEndian(start.AsSpan(MagicBytes));
        if (length > HeaderMax) throw new EngineException($"array '{name}': a header of {length} bytes");
        Match header = Header().Match(Encoding.ASCII.GetString(Bytes(stream, length)));
        if (!header.Success)
            throw new EngineException($"array '{name}': is no row-major array of floats (<f8, <f4), integers (<i8) or text (<U)");
        string type = header.Groups["type"].Value;
        int[] shape = [.. header.Groups["axis"].Captures.Select(axis => int.Parse(axis.ValueSpan, CultureInfo.InvariantCulture))];
        long size = type[1] == 'U' ? 4 * long.Parse(type.AsSpan(2), CultureInfo.InvariantCulture) : type[2] - '0';
        foreach (int axis in shape) size = size <= BytesMax ? size * axis : size;
        if (size > BytesMax) throw new EngineException($"array '{name}': {type} of [{string.Join(", ", shape)}] takes more than {BytesMax} bytes");
        return new NpzArray(name, type, shape, Bytes(stream, (int)size));
    }

    // In stretches, so that a short file with a large shape costs no more memory than it has bytes.
    private static byte[] Bytes(Stream stream, int count)
    {
        using var read = new MemoryStream();
        byte[] buffer = new byte[Math.Min(count, 1 << 16)];
        while (read.Length < count)
        {
            int got = stream.Read(buffer, 0, (int)Math.Min(buffer.Length, count - read.Length));
            if (got == 0) throw new EngineException($"ends after {read.Length} of {count} bytes");
            read.Write(buffer, 0, got);
        }
        return read.ToArray();
    }

    private EngineException Wrong(string needed) => new($"array '{Name}': {type} of [{string.Join(", ", Shape)}], {needed} needed");

    [GeneratedRegex(@"^\{\s*'descr':\s*'(?<type><f8|<f4|<i8|<U\d{1,4})',\s*'fortran_order':\s*False,\s*'shape':\s*\(\s*(?:(?<axis>\d{1,9})\s*,?\s*)*\),?\s*\}\s*$")]
    private static partial Regex Header();
}
