using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using SeLoRA.Engine;
using Xunit;

namespace SeLoRA.Tests;

public class SafetensorsRoundTripTests
{
    public static TheoryData<SafetensorsDType> AllDTypes => [.. Enum.GetValues<SafetensorsDType>()];

    [Theory]
    [MemberData(nameof(AllDTypes))]
    public void Bytes_of_every_dtype_come_back(SafetensorsDType dtype)
    {
        using var folder = new TemporaryFolder();
        string path = folder.File("a.safetensors");
        byte[] bytes = new byte[3 * 4 * dtype.Bits() / 8];
        new Random(1).NextBytes(bytes);
        var writer = new SafetensorsWriter();
        writer.AddBytes("x", dtype, [3, 4], bytes);
        writer.Save(path);

        using SafetensorsReader reader = SafetensorsReader.Open(path);
        SafetensorsEntry entry = reader.Tensors["x"];
        Assert.Equal(dtype, entry.DType);
        Assert.Equal([3, 4], entry.Shape);
        Assert.Equal(12, entry.ElementCount);
        Assert.Equal(bytes, reader.Bytes("x").ToArray());
    }

    [Fact]
    public void Scalars_empty_tensors_metadata_and_odd_names_come_back()
    {
        using var folder = new TemporaryFolder();
        string path = folder.File("a.safetensors");
        var writer = new SafetensorsWriter { Metadata = { ["format"] = "pt", ["text"] = "a \"quoted\"\nlung \u00e9 \U0001F600 <+>" } };
        writer.AddFloat32("scalar", [], new float[] { 2.5f });
        writer.AddFloat32("empty", [3, 0, 2], Array.Empty<float>());
        writer.AddFloat32("\u00fcml\u00e4ut.\"weight\"\\", [2], new float[] { 1, 2 });
        writer.Save(path);

        using SafetensorsReader reader = SafetensorsReader.Open(path);
        Assert.Equal(writer.Metadata, reader.Metadata.ToDictionary());
        Assert.Equal([2.5f], reader.ReadFloat32("scalar"));
        Assert.Empty(reader.Tensors["scalar"].Shape);
        Assert.Empty(reader.ReadFloat32("empty"));
        Assert.Equal([3, 0, 2], reader.Tensors["empty"].Shape);
        Assert.Equal([1f, 2f], reader.ReadFloat32("\u00fcml\u00e4ut.\"weight\"\\"));
    }

    [Fact]
    public void File_without_tensors_is_valid()
    {
        using var folder = new TemporaryFolder();
        string path = folder.File("a.safetensors");
        new SafetensorsWriter().Save(path);
        using SafetensorsReader reader = SafetensorsReader.Open(path);
        Assert.Empty(reader.Names);
    }

    [Theory]
    [InlineData(SafetensorsDType.F32, 0)]
    [InlineData(SafetensorsDType.F64, 0)]
    [InlineData(SafetensorsDType.F16, 1.0 / 2048)]
    [InlineData(SafetensorsDType.BF16, 1.0 / 256)]
    public void Floats_come_back_rounded_to_the_stored_type(SafetensorsDType storedAs, double relative)
    {
        using var folder = new TemporaryFolder();
        string path = folder.File("a.safetensors");
        // More than one of the writer's chunks, and no multiple of it.
        float[] values = new float[600_001];
        var random = new Random(3);
        for (int i = 0; i < values.Length; i++) values[i] = (float)(random.NextDouble() * 4 - 2);
        var writer = new SafetensorsWriter();
        writer.AddFloat32("x", [values.Length], values, storedAs);
        writer.Save(path);

        using SafetensorsReader reader = SafetensorsReader.Open(path);
        float[] back = reader.ReadFloat32("x");
        Assert.Equal(storedAs, reader.Tensors["x"].DType);
        for (int i = 0; i < values.Length; i++)
            Assert.True(Math.Abs(back[i] - values[i]) <= Math.Abs(values[i]) * relative + 1e-7 * Math.Sign(relative), $"{i}: {values[i]} {back[i]}");
    }

    [Theory]
    [InlineData(SafetensorsDType.I64)]
    [InlineData(SafetensorsDType.I32)]
    [InlineData(SafetensorsDType.U8)]
    public void Integers_come_back(SafetensorsDType storedAs)
    {
        using var folder = new TemporaryFolder();
        string path = folder.File("a.safetensors");
        long[] values = storedAs == SafetensorsDType.U8 ? [0, 255, 7] : storedAs == SafetensorsDType.I32 ? [int.MinValue, -1, int.MaxValue]
            : [long.MinValue, -1, long.MaxValue];
        var writer = new SafetensorsWriter();
        writer.AddInt64("x", [3], values, storedAs);
        writer.Save(path);
        using SafetensorsReader reader = SafetensorsReader.Open(path);
        Assert.Equal(values, reader.ReadInt64("x"));
        Assert.Equal([.. values.Select(v => (float)v)], reader.ReadFloat32("x"));
    }

    [Fact]
    public void Other_integer_types_are_read_with_their_sign()
    {
        using var folder = new TemporaryFolder();
        string path = folder.File("a.safetensors");
        var writer = new SafetensorsWriter();
        writer.AddBytes("bool", SafetensorsDType.Bool, [2], new byte[] { 1, 0 });
        writer.AddBytes("i8", SafetensorsDType.I8, [2], new byte[] { 0xFF, 0x7F });
        writer.AddBytes("i16", SafetensorsDType.I16, [1], new byte[] { 0xFE, 0xFF });
        writer.AddBytes("u16", SafetensorsDType.U16, [1], new byte[] { 0xFE, 0xFF });
        writer.AddBytes("u32", SafetensorsDType.U32, [1], new byte[] { 0xFF, 0xFF, 0xFF, 0xFF });
        writer.AddBytes("u64", SafetensorsDType.U64, [1], new byte[] { 5, 0, 0, 0, 0, 0, 0, 0 });
        writer.AddBytes("large", SafetensorsDType.U64, [1], new byte[] { 0, 0, 0, 0, 0, 0, 0, 0x80 });
        writer.Save(path);
        using SafetensorsReader reader = SafetensorsReader.Open(path);
        Assert.Equal([1, 0], reader.ReadInt64("bool"));
        Assert.Equal([-1, 127], reader.ReadInt64("i8"));
        Assert.Equal([-2], reader.ReadInt64("i16"));
        Assert.Equal([65534], reader.ReadInt64("u16"));
        Assert.Equal([4294967295], reader.ReadInt64("u32"));
        Assert.Equal([5], reader.ReadInt64("u64"));
        Assert.Equal([9.223372e18f], reader.ReadFloat32("large"));
        Assert.Contains("2^63-1", Assert.Throws<EngineException>(() => reader.ReadInt64("large")).Message);
    }

    [Fact]
    public void Order_of_adding_does_not_change_the_file_and_tensors_are_aligned()
    {
        using var folder = new TemporaryFolder();
        string[] names = ["b", "a", "c", "d", "e"];
        SafetensorsDType[] dtypes = [SafetensorsDType.U8, SafetensorsDType.F16, SafetensorsDType.F32, SafetensorsDType.I64, SafetensorsDType.F32];
        foreach ((string file, IEnumerable<int> order) in new[] { ("1", Enumerable.Range(0, 5)), ("2", Enumerable.Range(0, 5).Reverse()) })
        {
            var writer = new SafetensorsWriter();
            foreach (int i in order)
            {
                writer.Metadata[names[i]] = "x";
                writer.AddBytes(names[i], dtypes[i], [3], new byte[3 * dtypes[i].Bits() / 8]);
            }
            writer.Save(folder.File(file));
        }
        byte[] bytes = File.ReadAllBytes(folder.File("1"));
        Assert.Equal(bytes, File.ReadAllBytes(folder.File("2")));

        Assert.Equal(0ul, BinaryPrimitives.ReadUInt64LittleEndian(bytes) % 8);
        using SafetensorsReader reader = SafetensorsReader.Open(folder.File("1"));
        Assert.Equal(["d", "c", "e", "a", "b"], reader.Names);
        Assert.All(reader.Tensors.Values, t => Assert.Equal(0, t.Begin % (t.DType.Bits() / 8)));
    }

    [Fact]
    public void Data_at_an_odd_address_is_read()
    {
        using var folder = new TemporaryFolder();
        string path = folder.File("a.safetensors");
        byte[] header = Encoding.UTF8.GetBytes("""{"u":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"x":{"dtype":"F16","shape":[2],"data_offsets":[1,5]}}""");
        byte[] data = [9, .. MemoryMarshal.AsBytes<Half>(new[] { (Half)1.5f, (Half)(-2f) }.AsSpan())];
        byte[] length = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, header.Length);
        File.WriteAllBytes(path, [.. length, .. header, .. data]);
        using SafetensorsReader reader = SafetensorsReader.Open(path);
        Assert.Equal([1.5f, -2f], reader.ReadFloat32("x"));
    }

    [Fact]
    public void File_above_two_gibibytes_is_read_at_its_end()
    {
        using var folder = new TemporaryFolder();
        string path = folder.File("large.safetensors");
        const long elements = 560_000_000;
        const long bytes = elements * 4;
        if (new DriveInfo(folder.Path).AvailableFreeSpace < 2 * bytes) Assert.Skip("less than 5 GB free for temporary files");
        byte[] header = Encoding.UTF8.GetBytes($$"""
            {"big": {"dtype": "F32", "shape": [{{elements}}], "data_offsets": [0, {{bytes}}] },
             "tail": {"dtype": "F32", "shape": [2], "data_offsets": [{{bytes}}, {{bytes + 8}}] } }
            """);
        using (FileStream stream = File.Create(path))
        {
            Span<byte> length = stackalloc byte[8];
            BinaryPrimitives.WriteInt64LittleEndian(length, header.Length);
            stream.Write(length);
            stream.Write(header);
            // A hole: where files can be sparse it takes neither time nor disk.
            stream.Seek(bytes, SeekOrigin.Current);
            stream.Write(MemoryMarshal.AsBytes([3f, -4f]));
        }
        using SafetensorsReader reader = SafetensorsReader.Open(path);
        Assert.Equal([3f, -4f], reader.ReadFloat32("tail"));
        Assert.Contains("more than one span holds", Assert.Throws<EngineException>(() => reader.Bytes("big").Length).Message);
    }

    [Fact]
    public void Wrong_use_of_a_reader_names_file_and_tensor()
    {
        using var folder = new TemporaryFolder();
        string path = folder.File("a.safetensors");
        var writer = new SafetensorsWriter();
        writer.AddFloat32("x", [2, 2], new float[4]);
        writer.AddBytes("c", SafetensorsDType.C64, [1], new byte[8]);
        writer.Save(path);
        SafetensorsReader reader = SafetensorsReader.Open(path);
        foreach ((string expected, Action act) in new (string, Action)[]
        {
            ("no tensor 'y' among 2", () => reader.ReadFloat32("y")),
            ("C64, which cannot be read as float32", () => reader.ReadFloat32("c")),
            ("F32, not integers", () => reader.ReadInt64("x")),
            ("has 4 elements, the destination 3", () => reader.ReadFloat32("x", new float[3])),
        })
        {
            string message = Assert.Throws<EngineException>(act).Message;
            Assert.Contains(expected, message);
            Assert.StartsWith(path, message);
        }
        reader.Dispose();
        reader.Dispose();
        Assert.Throws<ObjectDisposedException>(() => reader.ReadFloat32("x"));
    }
}
