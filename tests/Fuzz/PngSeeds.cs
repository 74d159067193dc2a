using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace SeLoRA.Tests;

/// <summary>Small PNG files of every kind, and changes that keep their checksums.</summary>
internal static class PngSeeds
{
    private const int Side = 9;

    private static readonly (int Depth, int Type, int Channels)[] s_kinds =
        [(8, 0, 1), (1, 0, 1), (4, 0, 1), (16, 0, 1), (8, 2, 3), (16, 2, 3), (8, 3, 1), (2, 3, 1), (8, 4, 2), (8, 6, 4), (16, 6, 4)];

    private static readonly uint[] s_table = [.. Enumerable.Range(0, 256).Select(n => Enumerable.Range(0, 8).Aggregate((uint)n, (c, _) => (c & 1) != 0 ? 0xEDB88320u ^ c >> 1 : c >> 1))];

    private static byte[] Signature => [0x89, (byte)'P', (byte)'N', (byte)'G', 13, 10, 26, 10];

    /// <summary>Plain 8-bit grey.</summary>
    public static byte[] Grey8 { get; } = Assemble(Chunks(s_kinds[0], interlaced: false));

    /// <summary>Kind, chunks in order; each colour type, depth and interlacing.</summary>
    public static IReadOnlyList<List<(string Type, byte[] Body)>> All { get; } =
        [.. s_kinds.Select(k => Chunks(k, interlaced: false)), .. s_kinds.Select(k => Chunks(k, interlaced: true))];

    public static byte[] Assemble(IEnumerable<(string Type, byte[] Body)> chunks) => [.. Signature, .. chunks.SelectMany(c => Chunk(c.Type, c.Body))];

    /// <summary>A change inside chunks, in their order, or in the rows before they are packed; sometimes to the whole file.</summary>
    public static byte[] Mutate(FuzzRandom random)
    {
        List<(string Type, byte[] Body)> chunks = [.. random.Pick(All)];
        for (int changes = 1 + random.Below(3); changes > 0; changes--)
        {
            int i = random.Below(chunks.Count);
            (string type, byte[] body) = chunks[i];
            switch (random.Below(8))
            {
                case 0: chunks.Insert(random.Below(chunks.Count + 1), chunks[i]); break;
                case 1 when chunks.Count > 1: chunks.RemoveAt(i); break;
                case 2: chunks[i] = (random.Pick((string[])["IHDR", "IDAT", "PLTE", "eXIf", "tEXt", "IEND", "ABCD", "\0\0\0\0", "acTL"]), body); break;
                case 3 or 4 when chunks.FindIndex(c => c.Type == "IDAT") is >= 0 and var at && Inflate(chunks[at].Body) is { } rows:
                    chunks[at] = ("IDAT", Deflate(ByteMutations.Apply(rows, [rows], random)));
                    break;
                default: chunks[i] = (type, body.Length == 0 ? [random.Byte()] : ByteMutations.Apply(body, [body], random)); break;
            }
        }
        byte[] file = Assemble(chunks);
        return random.OneIn(4) ? ByteMutations.Apply(file, [file], random) : file;
    }

    /// <summary>Rows packed as IDAT has them.</summary>
    public static byte[] Deflate(byte[] rows)
    {
        var packed = new MemoryStream();
        using (var zlib = new ZLibStream(packed, CompressionLevel.Fastest, leaveOpen: true)) zlib.Write(rows);
        return packed.ToArray();
    }

    /// <summary>A header chunk's body.</summary>
    public static byte[] Header(uint width, uint height, int depth, int type, bool interlaced = false)
    {
        var body = new byte[13];
        BinaryPrimitives.WriteUInt32BigEndian(body, width);
        BinaryPrimitives.WriteUInt32BigEndian(body.AsSpan(4), height);
        (body[8], body[9], body[12]) = ((byte)depth, (byte)type, (byte)(interlaced ? 1 : 0));
        return body;
    }

    private static byte[]? Inflate(byte[] packed)
    {
        try
        {
            var rows = new MemoryStream();
            using var zlib = new ZLibStream(new MemoryStream(packed), CompressionMode.Decompress);
            zlib.CopyTo(rows);
            return rows.Length == 0 ? null : rows.ToArray();
        }
        catch (Exception e) when (e is InvalidDataException or IOException)
        {
            return null;
        }
    }

    private static List<(string, byte[])> Chunks((int Depth, int Type, int Channels) kind, bool interlaced)
    {
        // Enough bytes for either order of rows: what is too much is not read.
        int rowBytes = (Side * kind.Channels * kind.Depth + 7) / 8 + 1;
        var rows = new byte[3 * Side * rowBytes];
        for (int i = 0; i < rows.Length && !interlaced; i++) rows[i] = i % rowBytes == 0 ? (byte)(i / rowBytes % 5) : (byte)(i * 7 & 0x33);
        var chunks = new List<(string, byte[])> { ("IHDR", Header(Side, Side, kind.Depth, kind.Type, interlaced)) };
        if (kind.Type == 3) chunks.Add(("PLTE", [.. Enumerable.Range(0, 3 * 256).Select(i => (byte)i)]));
        chunks.Add(("eXIf", [(byte)'M', (byte)'M', 0, 42, 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, (byte)(1 + kind.Depth % 8), 0, 0, 0, 0, 0, 0]));
        chunks.Add(("IDAT", Deflate(rows)));
        chunks.Add(("IEND", []));
        return chunks;
    }

    private static byte[] Chunk(string type, byte[] body)
    {
        var chunk = new byte[12 + body.Length];
        BinaryPrimitives.WriteUInt32BigEndian(chunk, (uint)body.Length);
        Encoding.Latin1.GetBytes(type).CopyTo(chunk, 4);
        body.CopyTo(chunk, 8);
        uint crc = uint.MaxValue;
        foreach (byte b in chunk.AsSpan(4, 4 + body.Length)) crc = s_table[(byte)(crc ^ b)] ^ crc >> 8;
        BinaryPrimitives.WriteUInt32BigEndian(chunk.AsSpan(8 + body.Length), ~crc);
        return chunk;
    }
}
