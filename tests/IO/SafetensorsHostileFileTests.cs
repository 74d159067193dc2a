using System.Buffers.Binary;
using System.Text;
using SeLoRA.Engine;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>Damaged and hostile files: an error that names the file and the fault, never a crash or a giant allocation.</summary>
public class SafetensorsHostileFileTests
{
    private const string X = "\"x\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}";

    /// <summary>What the message must hold, the header, bytes of data behind it.</summary>
    public static TheoryData<string, string, int> Headers => new()
    {
        { "does not begin with '{'", "[]", 0 },
        { "does not begin with '{'", "", 0 },
        { "not valid JSON", "{" + X, 8 },
        { "not valid JSON", "{" + X + "} x", 8 },
        { "not valid JSON", "{" + X + "}\0", 8 },
        { "not valid JSON", "{" + X + ",}", 8 },
        { "'x': not an object", "{\"x\":" + string.Concat(Enumerable.Repeat("[", 5000)), 0 },
        { "not valid JSON", "{\"x\":{\"extra\":" + string.Concat(Enumerable.Repeat("{\"a\":", 100)) + "1" + new string('}', 102), 0 },
        { "not Unicode text", "{\"\\ud800\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]}}", 4 },
        { "tensor 'x' twice", "{" + X + "," + X + "}", 8 },
        { "tensor 'x' twice", "{" + X + ",\"\\u0078\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[8,8]}}", 8 },
        { "'__metadata__' twice", "{\"__metadata__\":{},\"__metadata__\":{}}", 0 },
        { "'__metadata__' has 'a' twice", "{\"__metadata__\":{\"a\":\"1\",\"a\":\"2\"}}", 0 },
        { "'__metadata__' entry 'a' is not a string", "{\"__metadata__\":{\"a\":1}}", 0 },
        { "'__metadata__' entry 'a' is not a string", "{\"__metadata__\":{\"a\":{\"b\":\"c\"}}}", 0 },
        { "'__metadata__' is not an object", "{\"__metadata__\":\"pt\"}", 0 },
        { "'x': not an object", "{\"x\":3}", 0 },
        { "'x': 'dtype' is missing", "{\"x\":{\"shape\":[],\"data_offsets\":[0,0]}}", 0 },
        { "'x': 'shape' is missing", "{\"x\":{\"dtype\":\"F32\",\"data_offsets\":[0,4]}}", 4 },
        { "'x': 'data_offsets' is missing", "{\"x\":{\"dtype\":\"F32\",\"shape\":[]}}", 4 },
        { "'x': 'shape' occurs twice", "{\"x\":{\"dtype\":\"F32\",\"shape\":[2],\"shape\":[2],\"data_offsets\":[0,8]}}", 8 },
        { "unknown dtype 'f32'", "{\"x\":{\"dtype\":\"f32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 8 },
        { "dtype is not a string", "{\"x\":{\"dtype\":32,\"shape\":[2],\"data_offsets\":[0,8]}}", 8 },
        { "shape: item 1 is not an integer", "{\"x\":{\"dtype\":\"F32\",\"shape\":[2,-1],\"data_offsets\":[0,8]}}", 8 },
        { "shape: item 0 is not an integer", "{\"x\":{\"dtype\":\"F32\",\"shape\":[2.5],\"data_offsets\":[0,8]}}", 8 },
        { "shape: item 0 is not an integer", "{\"x\":{\"dtype\":\"F32\",\"shape\":[9223372036854775808],\"data_offsets\":[0,8]}}", 8 },
        { "shape: item 0 is not an integer", "{\"x\":{\"dtype\":\"F32\",\"shape\":[\"2\"],\"data_offsets\":[0,8]}}", 8 },
        { "shape is not a list", "{\"x\":{\"dtype\":\"F32\",\"shape\":2,\"data_offsets\":[0,8]}}", 8 },
        { "more than 64 items", "{\"x\":{\"dtype\":\"U8\",\"shape\":[1" + string.Concat(Enumerable.Repeat(",1", 64)) + "],\"data_offsets\":[0,1]}}", 1 },
        { "overflows 64 bits", "{\"x\":{\"dtype\":\"F32\",\"shape\":[4294967296,4294967296],\"data_offsets\":[0,0]}}", 0 },
        { "overflows 64 bits", "{\"x\":{\"dtype\":\"F32\",\"shape\":[0,4294967296,4294967296],\"data_offsets\":[0,0]}}", 0 },
        { "is too large", "{\"x\":{\"dtype\":\"F32\",\"shape\":[4611686018427387904],\"data_offsets\":[0,0]}}", 0 },
        { "does not fill whole bytes", "{\"x\":{\"dtype\":\"F4\",\"shape\":[3],\"data_offsets\":[0,1]}}", 1 },
        { "[2] takes 4 bytes, but data_offsets [0, 8] hold 8", "{\"x\":{\"dtype\":\"F16\",\"shape\":[2],\"data_offsets\":[0,8]}}", 8 },
        { "with begin <= end", "{\"x\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[8,0]}}", 8 },
        { "with begin <= end", "{\"x\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0]}}", 8 },
        { "with begin <= end", "{\"x\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8,8]}}", 8 },
        { "data_offsets: item 0 is not an integer", "{\"x\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[-8,0]}}", 8 },
        { "the file holds only 7", "{" + X + "}", 7 },
        { "1 bytes behind the last tensor", "{" + X + "}", 9 },
        { "4 bytes behind the last tensor", "{}", 4 },
        { "4 bytes between the header and tensor 'y'", "{\"y\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}", 8 },
        { "4 bytes between 'x' and tensor 'y'", "{" + X + ",\"y\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[12,16]}}", 16 },
        { "tensor 'y' begins at byte 4 of the data and overlaps 'x'", "{" + X + ",\"y\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}", 8 },
        { "tensor 'y' begins at byte 0 of the data and overlaps 'x'", "{" + X + ",\"y\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,12]}}", 12 },
    };

    [Theory]
    [MemberData(nameof(Headers))]
    public void Bad_header_is_refused_with_its_fault(string expected, string header, int dataBytes)
    {
        using var folder = new TemporaryFolder();
        string message = Refusal(folder, Assemble(Encoding.UTF8.GetBytes(header), new byte[dataBytes]));
        Assert.Contains(expected, message);
    }

    [Fact]
    public void Messages_are_one_line_without_control_characters() =>
        Assert.Equal("a b?[2J c?d", new EngineException("a\nb\u001b[2J\u2028c\0d").Message);

    [Fact]
    public void Pickle_where_only_safetensors_are_read_says_what_to_do()
    {
        using var folder = new TemporaryFolder();
        TorchFile.Of([("x", [1], [1])]).SaveZip(folder.File("x.ckpt"));
        Assert.Contains("weights-convert convert", Assert.Throws<EngineException>(() => SafetensorsReader.Open(folder.File("x.ckpt")).Dispose()).Message);
    }

    [Fact]
    public void Header_that_is_not_utf8_is_refused()
    {
        using var folder = new TemporaryFolder();
        byte[] header = Encoding.UTF8.GetBytes("{" + X + "}");
        header[2] = 0xFF;
        Assert.Contains("not valid UTF-8", Refusal(folder, Assemble(header, new byte[8])));
    }

    [Theory]
    [InlineData("has 0 bytes", "")]
    [InlineData("has 7 bytes", "1234567")]
    [InlineData("does not fit into the file of 8 bytes", "\x01\0\0\0\0\0\0\0")]
    [InlineData("limit of 100000000", "\x01\xe1\xf5\x05\0\0\0\0{}")]
    [InlineData("limit of 100000000", "\0\0\0\0\0\0\0\x80{}")]
    [InlineData("limit of 100000000", "\xff\xff\xff\xff\xff\xff\xff\xff{}")]
    [InlineData("Git LFS pointer", "version https://git-lfs.github.com/spec/v1\n")]
    [InlineData("pickle checkpoint", "PK\x03\x04\0\0\0\0\0\0\0\0")]
    [InlineData("HTML page", "<!DOCTYPE html>")]
    public void Bad_length_is_refused_with_its_fault(string expected, string latin1)
    {
        using var folder = new TemporaryFolder();
        Assert.Contains(expected, Refusal(folder, Encoding.Latin1.GetBytes(latin1)));
    }

    [Fact]
    public void Huge_claimed_header_allocates_nothing()
    {
        using var folder = new TemporaryFolder();
        string path = folder.File("a.safetensors");
        byte[] bytes = new byte[64];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, 99_999_999);
        File.WriteAllBytes(path, bytes);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<EngineException>(() => SafetensorsReader.Open(path));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
    }

    [Fact]
    public void Absent_file_and_folder_are_named()
    {
        using var folder = new TemporaryFolder();
        Assert.Contains("no such file", Assert.Throws<EngineException>(() => SafetensorsReader.Open(folder.File("no"))).Message);
        Assert.Contains("is a folder", Assert.Throws<EngineException>(() => SafetensorsReader.Open(folder.Path)).Message);
    }

    [Fact]
    public void Hostile_name_stays_one_short_line()
    {
        using var folder = new TemporaryFolder();
        string name = "a\\n\\u001b[31m" + new string('b', 5000);
        string message = Refusal(folder, Assemble(Encoding.UTF8.GetBytes("{\"" + name + "\":1}"), []));
        Assert.DoesNotContain(message, char.IsControl);
        Assert.InRange(message.Length, 0, 1000);
    }

    [Fact]
    public void Every_truncation_is_refused()
    {
        using var folder = new TemporaryFolder();
        byte[] whole = ValidFile(folder);
        for (int length = 0; length < whole.Length; length++) Refusal(folder, whole[..length]);
    }

    [Fact]
    public void Mutated_files_are_read_or_refused_but_never_crash()
    {
        using var folder = new TemporaryFolder();
        byte[] whole = ValidFile(folder);
        string path = folder.File("m.safetensors");
        var random = new Random(20);
        string[] tokens = ["0", "-1", "9223372036854775807", "18446744073709551616", "1e3", "[", "]", "{", "}", "\"", ",", ":", "null",
            "\"F64\"", "\"BOOL\"", "\"F4\"", "\\u0000", "__metadata__", "\"shape\"", "\"dtype\""];
        int refused = 0;
        for (int round = 0; round < 4000; round++)
        {
            var bytes = new List<byte>(whole);
            for (int edit = random.Next(1, 5); edit > 0; edit--)
            {
                // Mostly within length and header: that is where damage can mislead.
                int at = random.Next(random.Next(4) == 0 ? bytes.Count : Math.Min(bytes.Count, 400));
                switch (random.Next(5))
                {
                    case 0: bytes[at] = (byte)random.Next(256); break;
                    case 1: bytes[at] ^= (byte)(1 << random.Next(8)); break;
                    case 2: bytes.RemoveRange(at, random.Next(1, Math.Min(20, bytes.Count - at) + 1)); break;
                    case 3: bytes.InsertRange(at, bytes.GetRange(at, Math.Min(random.Next(1, 60), bytes.Count - at))); break;
                    default: bytes.InsertRange(at, Encoding.UTF8.GetBytes(tokens[random.Next(tokens.Length)])); break;
                }
                if (bytes.Count == 0) break;
            }
            // Half of the rounds get a length that fits again, so that the edit reaches the parser.
            if (bytes.Count > 8 && random.Next(2) == 0)
            {
                byte[] length = new byte[8];
                BinaryPrimitives.WriteInt64LittleEndian(length, Math.Max(0, bytes.Count - 8 - (whole.Length - DataStart(whole))));
                for (int i = 0; i < 8; i++) bytes[i] = length[i];
            }
            File.WriteAllBytes(path, [.. bytes]);
            try
            {
                using SafetensorsReader reader = SafetensorsReader.Open(path);
                foreach (SafetensorsEntry tensor in reader.Tensors.Values)
                {
                    Assert.Equal(tensor.ByteLength, reader.Bytes(tensor.Name).ToArray().Length);
                    if (TensorBytes.IsConvertibleToFloat32(tensor.DType)) Assert.Equal(tensor.ElementCount, reader.ReadFloat32(tensor.Name).Length);
                }
            }
            catch (EngineException e)
            {
                Assert.StartsWith(path, e.Message);
                refused++;
            }
        }
        Assert.InRange(refused, 2000, 3999);
    }

    private static int DataStart(byte[] file) => 8 + (int)BinaryPrimitives.ReadInt64LittleEndian(file);

    private static byte[] ValidFile(TemporaryFolder folder)
    {
        var writer = new SafetensorsWriter { Metadata = { ["format"] = "pt", ["seed"] = "1" } };
        writer.AddFloat32("down.weight", [2, 3], new float[] { 1, 2, 3, 4, 5, 6 });
        writer.AddFloat32("down.bias", [3], new float[] { 1, 2, 3 }, SafetensorsDType.F16);
        writer.AddInt64("ids", [1, 2], new long[] { 1, 2 });
        writer.AddFloat32("alpha", [], new float[] { 1 }, SafetensorsDType.BF16);
        string path = folder.File("valid.safetensors");
        writer.Save(path);
        return File.ReadAllBytes(path);
    }

    private static byte[] Assemble(byte[] header, byte[] data)
    {
        byte[] length = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, header.Length);
        return [.. length, .. header, .. data];
    }

    private static string Refusal(TemporaryFolder folder, byte[] content)
    {
        string path = folder.File("bad.safetensors");
        File.WriteAllBytes(path, content);
        string message = Assert.Throws<EngineException>(() => SafetensorsReader.Open(path).Dispose()).Message;
        Assert.StartsWith(path, message);
        Assert.DoesNotContain('\n', message);
        return message;
    }
}
