using System.Buffers.Binary;
using SeLoRA.Engine;
using SeLoRA.Train;
using SkiaSharp;
using Xunit;

namespace SeLoRA.Tests;

public sealed class ImageLoaderTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("selora-images-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Saved_png_reads_back_the_same_pixels()
    {
        RgbImage image = Gradient(37, 23);
        string path = Path.Combine(_folder, "deep", "er", "a.png");
        ImageFile.SavePng(path, image);
        Assert.Equal(image.Pixels, ImageLoader.Decode(path).Pixels);
        Assert.Equal(["a.png"], Directory.GetFiles(Path.GetDirectoryName(path)!).Select(Path.GetFileName));
    }

    [Fact]
    public void Every_truncation_of_a_png_is_an_error_that_names_the_file()
    {
        byte[] whole = Png(Gradient(9, 7));
        // The last 12 bytes are the end marker, 4 more the data's checksum: all pixels are there without them.
        for (int length = 0; length < whole.Length - 16; length++)
        {
            var e = Assert.Throws<EngineException>(() => ImageLoader.Decode(whole[..length], "cut.png"));
            Assert.StartsWith("cut.png: ", e.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Every_flipped_byte_of_a_png_is_an_error_or_leaves_an_image()
    {
        byte[] whole = Png(Gradient(9, 7));
        for (int i = 0; i < whole.Length; i++)
        {
            byte[] broken = [.. whole];
            broken[i] ^= 0x41;
            try
            {
                ImageLoader.Decode(broken, "broken.png");
            }
            catch (EngineException e)
            {
                Assert.StartsWith("broken.png: ", e.Message, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public void Truncated_jpeg_is_an_error_that_names_the_file()
    {
        byte[] whole = Jpeg(Gradient(64, 48));
        foreach (int length in new[] { 3, 20, whole.Length / 2, whole.Length - 40 })
        {
            var e = Assert.Throws<EngineException>(() => ImageLoader.Decode(whole[..length], "cut.jpg"));
            Assert.StartsWith("cut.jpg: ", e.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(60000, 60000, "at most")]
    [InlineData(16000, 16000, "more than")]
    [InlineData(0, 5, "at least 1")]
    public void Png_header_that_claims_a_size_the_file_cannot_hold_is_refused_without_allocating(int width, int height, string says)
    {
        byte[] png = Png(Gradient(4, 4));
        Patch(png, width, height);
        long before = GC.GetAllocatedBytesForCurrentThread();
        var e = Assert.Throws<EngineException>(() => ImageLoader.Decode(png, "huge.png"));
        Assert.Contains(says, e.Message, StringComparison.Ordinal);
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 1 << 20);
    }

    [Fact]
    public void Jpeg_header_that_claims_a_size_the_file_cannot_hold_is_refused()
    {
        byte[] jpeg = Jpeg(Gradient(16, 16));
        int sof = jpeg.AsSpan().IndexOf([(byte)0xFF, (byte)0xC0]);
        BinaryPrimitives.WriteUInt16BigEndian(jpeg.AsSpan(sof + 5), 60000);
        BinaryPrimitives.WriteUInt16BigEndian(jpeg.AsSpan(sof + 7), 60000);
        var e = Assert.Throws<EngineException>(() => ImageLoader.Decode(jpeg, "huge.jpg"));
        Assert.Contains("huge.jpg: 60000x60000 pixels", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "empty")]
    [InlineData("GIF89a______", "GIF")]
    [InlineData("hello, I am text", "neither PNG nor JPEG")]
    public void File_of_another_kind_is_named_as_such(string content, string says)
    {
        string path = Path.Combine(_folder, "x.png");
        File.WriteAllText(path, content);
        var e = Assert.Throws<EngineException>(() => ImageLoader.Decode(path));
        Assert.StartsWith(path, e.Message, StringComparison.Ordinal);
        Assert.Contains(says, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Missing_file_and_folder_are_named()
    {
        Assert.Contains("no such file", Assert.Throws<EngineException>(() => ImageLoader.Decode(Path.Combine(_folder, "no.png"))).Message, StringComparison.Ordinal);
        Assert.Contains("folder", Assert.Throws<EngineException>(() => ImageLoader.Decode(_folder)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Extremely_elongated_image_is_refused_not_blown_up()
    {
        string path = Path.Combine(_folder, "strip.png");
        ImageFile.SavePng(path, Gradient(30000, 1));
        Assert.Contains("elongated", Assert.Throws<EngineException>(() => ImageLoader.LoadSquare(path, 512)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1, "abcdef", 3)]
    [InlineData(2, "cbafed", 3)]
    [InlineData(3, "fedcba", 3)]
    [InlineData(4, "defabc", 3)]
    [InlineData(5, "adbecf", 2)]
    [InlineData(6, "daebfc", 2)]
    [InlineData(7, "fcebda", 2)]
    [InlineData(8, "cfbead", 2)]
    public void Exif_orientation_turns_the_image_upright(int orientation, string upright, int width)
    {
        var stored = new RgbImage(3, 2);
        for (int i = 0; i < 6; i++) stored.Pixels.AsSpan(3 * i, 3).Fill((byte)('a' + i));
        byte[] tiff = [(byte)'M', (byte)'M', 0, 42, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, (byte)orientation, 0, 0, 0, 0, 0, 0];
        RgbImage image = ImageLoader.Decode(WithChunk(Png(stored), "eXIf", tiff), "turned.png");
        Assert.Equal(width, image.Width);
        Assert.Equal(upright, new string([.. image.Pixels.Where((_, i) => i % 3 == 0).Select(v => (char)v)]));
    }

    [Fact]
    public void Exif_orientation_of_a_jpeg_is_applied()
    {
        // Orientation 6: the stored top row is the upright right column.
        byte[] app1 = [0xFF, 0xE1, 0, 34, .. "Exif\0\0"u8, (byte)'I', (byte)'I', 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 0x01, 3, 0, 1, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0];
        byte[] plain = Jpeg(Gradient(48, 32));
        RgbImage stored = ImageLoader.Decode(plain, "plain.jpg");
        RgbImage upright = ImageLoader.Decode([.. plain[..2], .. app1, .. plain[2..]], "turned.jpg");
        Assert.Equal((32, 48), (upright.Width, upright.Height));
        for (int y = 0; y < 48; y++)
            for (int x = 0; x < 32; x++)
                Assert.Equal(stored.Pixels[3 * ((31 - x) * 48 + y)], upright.Pixels[3 * (y * 32 + x)]);
    }

    [Fact]
    public void Floats_outside_the_range_and_NaN_are_clamped()
    {
        RgbImage image = RgbImage.FromSignedUnit(2, 1, [-5f, float.NaN, 0f, 1f, 9f, -1f]);
        Assert.Equal([0, 0, 128, 255, 255, 0], image.Pixels);
    }

    [Fact]
    public void Png_packed_with_a_dictionary_or_with_rows_that_no_array_holds_is_an_error()
    {
        byte[] packed = PngSeeds.Deflate(new byte[100]);
        // The bit that says so, and the header's checksum.
        packed[1] = (byte)(packed[1] | 0x20);
        packed[1] = (byte)(packed[1] & 0xE0 | 31 - (packed[0] * 256 + (packed[1] & 0xE0)) % 31);
        byte[] file = PngSeeds.Assemble([("IHDR", PngSeeds.Header(9, 9, 8, 0)), ("IDAT", packed), ("IEND", [])]);
        Assert.StartsWith("x.png: damaged PNG", Assert.Throws<EngineException>(() => ImageLoader.Decode(file, "x.png")).Message, StringComparison.Ordinal);

        byte[] wide = PngSeeds.Assemble([("IHDR", PngSeeds.Header(1 << 28, 1, 16, 6)), ("tEXt", new byte[3 << 20]), ("IEND", [])]);
        Assert.Contains("(16384x16384) are read", Assert.Throws<EngineException>(() => ImageLoader.Decode(wide, "x.png")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Jpeg_of_thousands_of_scans_is_an_error()
    {
        byte[] file = [.. ImageFuzzTests.Jpeg(1), .. Enumerable.Repeat((byte[])[0xFF, 0xDA], 300).SelectMany(m => m)];
        Assert.Contains("more than 200 scans", Assert.Throws<EngineException>(() => ImageLoader.Decode(file, "x.jpg")).Message, StringComparison.Ordinal);
    }

    private static RgbImage Gradient(int width, int height)
    {
        var image = new RgbImage(width, height);
        for (int i = 0; i < width * height; i++)
        {
            image.Pixels[3 * i] = (byte)(i * 7);
            image.Pixels[3 * i + 1] = (byte)(i % width * 5);
            image.Pixels[3 * i + 2] = (byte)(i / width * 11);
        }
        return image;
    }

    private byte[] Png(RgbImage image)
    {
        string path = Path.Combine(_folder, "encoded.png");
        ImageFile.SavePng(path, image);
        return File.ReadAllBytes(path);
    }

    private byte[] Jpeg(RgbImage image)
    {
        using SKBitmap bitmap = SKBitmap.Decode(Png(image));
        using SKData data = bitmap.Encode(SKEncodedImageFormat.Jpeg, 90);
        return data.ToArray();
    }

    // Width and height of the header, with the checksum that a hostile writer would also get right.
    private static void Patch(byte[] png, int width, int height)
    {
        BinaryPrimitives.WriteInt32BigEndian(png.AsSpan(16), width);
        BinaryPrimitives.WriteInt32BigEndian(png.AsSpan(20), height);
        BinaryPrimitives.WriteUInt32BigEndian(png.AsSpan(29), Checksum(png.AsSpan(12, 17)));
    }

    private static byte[] WithChunk(byte[] png, string type, byte[] body)
    {
        byte[] typeAndBody = [.. System.Text.Encoding.ASCII.GetBytes(type), .. body];
        byte[] length = new byte[4], crc = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(length, body.Length);
        BinaryPrimitives.WriteUInt32BigEndian(crc, Checksum(typeAndBody));
        return [.. png[..33], .. length, .. typeAndBody, .. crc, .. png[33..]];
    }

    private static uint Checksum(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        foreach (byte b in bytes)
        {
            crc ^= b;
            for (int k = 0; k < 8; k++) crc = (crc & 1) != 0 ? crc >> 1 ^ 0xEDB88320u : crc >> 1;
        }
        return ~crc;
    }
}
