using System.Text;

namespace SeLoRA.Engine;

/// <summary>The bytes of one pickle, counted, so that every message says where.</summary>
/// <param name="stream">The bytes.</param>
/// <param name="length">How many there are.</param>
/// <param name="first">What the first is called in messages.</param>
/// <param name="where">File and part of it, for messages.</param>
internal sealed class PickleInput(Stream stream, long length, long first, string where)
{
    private const int LongestName = 256;

    private long opcode;

    /// <summary>Bytes read.</summary>
    public long Position { get; private set; }

    /// <summary>The next opcode; messages give its place until the next one.</summary>
    public byte Opcode()
    {
        opcode = Position;
        return Byte();
    }

    public byte Byte()
    {
        int value = Position < length ? stream.ReadByte() : -1;
        if (value < 0) throw Truncated();
        Position++;
        return (byte)value;
    }

    /// <summary>A little-endian number without sign, of at most 8 bytes.</summary>
    public ulong Number(int bytes)
    {
        ulong value = 0;
        for (int i = 0; i < bytes; i++) value |= (ulong)Byte() << (8 * i);
        return value;
    }

    /// <summary>Bytes whose number the file says: nothing is allocated unless they are there.</summary>
    public byte[] Bytes(ulong count)
    {
        if (count > (ulong)(length - Position) || count > int.MaxValue) throw Truncated();
        var bytes = new byte[count];
        if (stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false) < bytes.Length) throw Truncated();
        Position += bytes.Length;
        return bytes;
    }

    public string Text(ulong count) => Encoding.UTF8.GetString(Bytes(count));

    /// <summary>A line, as old opcodes have it.</summary>
    public string Line()
    {
        var text = new StringBuilder();
        for (byte next = Byte(); next != '\n'; next = Byte())
        {
            text.Append((char)next);
            if (text.Length > LongestName) throw Error("a name without an end");
        }
        return text.ToString();
    }

    public EngineException Error(string what) => new($"{where}, byte {first + opcode}: {what}");

    private EngineException Truncated() => Error("the pickle ends here, in the middle; is the file truncated?");
}
