using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using SeLoRA.Engine;

namespace SeLoRA.Train;

/// <summary>
/// PNG (W3C, second edition) of every colour type, bit depth and interlacing. Own reader because Skia would reduce
/// 16-bit grey to its high byte and multiply by alpha, where the exact stored values are wanted.
/// </summary>
internal static class PngReader
{
    private const int Grey = 0, Rgb = 2, Palette = 3, GreyAlpha = 4, Rgba = 6;

    private static ReadOnlySpan<byte> Signature => [0x89, (byte)'P', (byte)'N', (byte)'G', 13, 10, 26, 10];

    // Adam7: first column, first row, column step, row step of each pass.
    private static readonly (int X, int Y, int DX, int DY)[] s_passes =
        [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)];

    private static readonly (int X, int Y, int DX, int DY)[] s_onePass = [(0, 0, 1, 1)];

    public static bool IsPng(ReadOnlySpan<byte> bytes) => bytes.StartsWith(Signature);

    public static RgbImage Read(byte[] bytes, string name)
    {
        Chunks chunks = ReadChunks(bytes, name);
        Header header = chunks.Header;
        ImageLoader.CheckSize(name, header.Width, header.Height, ImageLoader.PngPixelsPerByte / header.BitsPerPixel * bytes.Length);
        if (header.ColorType == Palette && chunks.Palette.Length == 0)
            throw new EngineException($"{name}: palette PNG without a palette (PLTE chunk)");

        var image = new RgbImage(header.Width, header.Height);
        using var inflate = new ZLibStream(chunks.Data, CompressionMode.Decompress);
        try
        {
            foreach (var pass in header.Interlaced ? s_passes : s_onePass) ReadPass(inflate, header, chunks.Palette, pass, image, name);
        }
        catch (EndOfStreamException e)
        {
            throw new EngineException($"{name}: truncated PNG: the data ends before the last of {header.Height} rows", e);
        }
        // The second: data packed with a dictionary, which PNG does not allow.
        catch (Exception e) when (e is InvalidDataException or IOException)
        {
            throw new EngineException($"{name}: damaged PNG: the compressed data is invalid", e);
        }
        return ImageOrientation.Apply(image, chunks.Orientation);
    }

    private sealed record Header(int Width, int Height, int BitDepth, int ColorType, bool Interlaced)
    {
        public int Channels => ColorType switch { Rgb => 3, GreyAlpha => 2, Rgba => 4, _ => 1 };

        public int BitsPerPixel => Channels * BitDepth;
    }

    private sealed record Chunks(Header Header, byte[] Palette, int Orientation, MemoryStream Data);

    private static Chunks ReadChunks(byte[] bytes, string name)
    {
        Header? header = null;
        byte[] palette = [];
        int orientation = 1;
        var data = new MemoryStream();
        int at = Signature.Length;
        while (at < bytes.Length)
        {
            if (bytes.Length - at < 12) throw new EngineException($"{name}: truncated PNG: {bytes.Length} bytes end inside a chunk");
            uint length = BinaryPrimitives.ReadUInt32BigEndian(bytes.AsSpan(at));
            if (length > bytes.Length - at - 12)
                throw new EngineException($"{name}: truncated PNG: a chunk of {length} bytes at offset {at}, but the file has {bytes.Length} bytes");
            ReadOnlySpan<byte> typeAndBody = bytes.AsSpan(at + 4, 4 + (int)length);
            ReadOnlySpan<byte> body = typeAndBody[4..];
            uint crc = BinaryPrimitives.ReadUInt32BigEndian(bytes.AsSpan(at + 8 + (int)length));
            string type = Encoding.Latin1.GetString(typeAndBody[..4]);
            // An upper-case first letter marks a chunk that the image cannot be understood without.
            if (char.IsAsciiLetterUpper(type[0]) && Crc32.Of(typeAndBody) != crc)
                throw new EngineException($"{name}: damaged PNG: checksum of chunk {Printable(type)} at offset {at} is wrong");
            if (header is null && type != "IHDR") throw new EngineException($"{name}: damaged PNG: the first chunk is not IHDR");
            if (type == "IHDR") header = ReadHeader(body, name);
            else if (type == "PLTE") palette = body.ToArray();
            else if (type == "eXIf") orientation = ImageOrientation.Parse(body);
            else if (type == "IDAT") data.Write(body);
            else if (type == "IEND") break;
            else if (char.IsAsciiLetterUpper(type[0]))
                throw new EngineException($"{name}: damaged PNG: unknown critical chunk {Printable(type)} at offset {at}");
            at += 12 + (int)length;
        }
        if (header is null) throw new EngineException($"{name}: truncated PNG: no header after the signature");
        data.Position = 0;
        return new Chunks(header, palette, orientation, data);
    }

    private static string Printable(string type) => type.All(char.IsAsciiLetter) ? type : "with an invalid name";

    private static Header ReadHeader(ReadOnlySpan<byte> body, string name)
    {
        if (body.Length != 13) throw new EngineException($"{name}: damaged PNG: header of {body.Length} bytes, expected 13");
        uint width = BinaryPrimitives.ReadUInt32BigEndian(body), height = BinaryPrimitives.ReadUInt32BigEndian(body[4..]);
        if (width > int.MaxValue || height > int.MaxValue)
            throw new EngineException($"{name}: damaged PNG: image of {width}x{height} pixels");
        int depth = body[8], type = body[9];
        bool known = type switch
        {
            Grey => depth is 1 or 2 or 4 or 8 or 16,
            Palette => depth is 1 or 2 or 4 or 8,
            Rgb or GreyAlpha or Rgba => depth is 8 or 16,
            _ => false,
        };
        if (!known || body[10] != 0 || body[11] != 0 || body[12] > 1)
            throw new EngineException($"{name}: damaged PNG: colour type {type} with {depth} bits, compression {body[10]}, "
                + $"filter {body[11]}, interlacing {body[12]} is not defined");
        return new Header((int)width, (int)height, depth, type, body[12] == 1);
    }

    private static void ReadPass(
        Stream inflate, Header header, byte[] palette, (int X, int Y, int DX, int DY) pass, RgbImage image, string name)
    {
        int width = (header.Width - pass.X + pass.DX - 1) / pass.DX;
        if (width <= 0 || pass.Y >= header.Height) return;
        int rowBytes = (int)(((long)width * header.BitsPerPixel + 7) / 8);
        int pixelBytes = Math.Max(1, header.BitsPerPixel / 8);
        byte[] row = new byte[rowBytes], above = new byte[rowBytes];
        for (int y = pass.Y; y < header.Height; y += pass.DY)
        {
            int filter = inflate.ReadByte();
            if (filter < 0) throw new EndOfStreamException();
            inflate.ReadExactly(row);
            Unfilter(filter, row, above, pixelBytes, name, y);
            for (int i = 0, x = pass.X; i < width; i++, x += pass.DX)
                ToRgb(header, palette, row, i, image.Pixels.AsSpan(3 * (y * header.Width + x), 3), name);
            (row, above) = (above, row);
        }
    }

    // Section 9 of the standard: a = the byte one pixel to the left, b = above, c = above the left one.
    private static void Unfilter(int filter, byte[] row, byte[] above, int pixelBytes, string name, int y)
    {
        for (int i = 0; i < row.Length; i++)
        {
            int a = i >= pixelBytes ? row[i - pixelBytes] : 0;
            int b = above[i];
            int predicted = filter switch
            {
                0 => 0,
                1 => a,
                2 => b,
                3 => (a + b) / 2,
                4 => Paeth(a, b, i >= pixelBytes ? above[i - pixelBytes] : 0),
                _ => throw new EngineException($"{name}: damaged PNG: row {y} has filter {filter}, expected 0 to 4"),
            };
            row[i] = (byte)(row[i] + predicted);
        }
    }

    private static int Paeth(int a, int b, int c)
    {
        int p = a + b - c, pa = Math.Abs(p - a), pb = Math.Abs(p - b), pc = Math.Abs(p - c);
        return pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
    }

    private static void ToRgb(Header header, byte[] palette, byte[] row, int i, Span<byte> target, string name)
    {
        int sampleBytes = header.BitDepth == 16 ? 2 : 1;
        int at = i * header.Channels * sampleBytes;
        switch (header.ColorType)
        {
            case Rgb or Rgba:
                target[0] = row[at];
                target[1] = row[at + sampleBytes];
                target[2] = row[at + 2 * sampleBytes];
                break;
            case Palette:
                int index = SmallSample(row, i, header.BitDepth);
                if (3 * index + 3 > palette.Length)
                    throw new EngineException($"{name}: damaged PNG: palette index {index}, but the palette has {palette.Length / 3} colours");
                palette.AsSpan(3 * index, 3).CopyTo(target);
                break;
            case Grey when header.BitDepth == 16:
                // The nearest of 256 levels; the high byte alone would darken by half a level.
                target.Fill((byte)(((row[at] << 8 | row[at + 1]) + 128) / 257));
                break;
            case Grey when header.BitDepth < 8:
                target.Fill((byte)(SmallSample(row, i, header.BitDepth) * (255 / ((1 << header.BitDepth) - 1))));
                break;
            default:
                target.Fill(row[at]);
                break;
        }
    }

    private static int SmallSample(byte[] row, int i, int bits)
    {
        int bit = i * bits;
        return row[bit >> 3] >> (8 - bits - (bit & 7)) & ((1 << bits) - 1);
    }

    /// <summary>The checksum of PNG chunks (ISO 3309), bit-reversed polynomial 0xEDB88320.</summary>
    private static class Crc32
    {
        private static readonly uint[] s_table = [.. Enumerable.Range(0, 256).Select(Entry)];

        public static uint Of(ReadOnlySpan<byte> bytes)
        {
            uint crc = uint.MaxValue;
            foreach (byte b in bytes) crc = s_table[(byte)(crc ^ b)] ^ crc >> 8;
            return ~crc;
        }

        private static uint Entry(int n)
        {
            uint c = (uint)n;
            for (int k = 0; k < 8; k++) c = (c & 1) != 0 ? 0xEDB88320u ^ c >> 1 : c >> 1;
            return c;
        }
    }
}
