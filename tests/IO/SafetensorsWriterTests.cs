using SeLoRA.Engine;
using Xunit;

namespace SeLoRA.Tests;

public class SafetensorsWriterTests
{
    [Fact]
    public void Callback_that_fails_leaves_the_old_file_and_nothing_else()
    {
        using var folder = new TemporaryFolder();
        string path = folder.File("a.safetensors");
        var good = new SafetensorsWriter();
        good.AddFloat32("x", [2], new float[] { 1, 2 });
        good.Save(path);
        byte[] before = File.ReadAllBytes(path);

        var failing = new SafetensorsWriter();
        failing.AddFloat32("a", [1_000_000], new float[1_000_000]);
        failing.Add("b", SafetensorsDType.F32, [4], stream =>
        {
            stream.Write(new byte[8]);
            throw new TimeoutException("the source failed");
        });
        Assert.Throws<TimeoutException>(() => failing.Save(path));
        AssertOnly(folder, path, before);
    }

    [Theory]
    [InlineData(12)]
    [InlineData(20)]
    public void Callback_that_writes_another_number_of_bytes_is_refused(int written)
    {
        using var folder = new TemporaryFolder();
        string path = folder.File("a.safetensors");
        File.WriteAllText(path, "old");
        var writer = new SafetensorsWriter();
        writer.Add("x", SafetensorsDType.F32, [4], stream => stream.Write(new byte[written]));
        string message = Assert.Throws<EngineException>(() => writer.Save(path)).Message;
        Assert.Contains("'x'", message);
        Assert.Contains("16", message);
        AssertOnly(folder, path, "old"u8.ToArray());
    }

    [Fact]
    public void Saving_again_replaces_the_file()
    {
        using var folder = new TemporaryFolder();
        string path = folder.File("a.safetensors");
        var writer = new SafetensorsWriter();
        writer.AddFloat32("x", [1], new float[] { 1 });
        writer.Save(path);
        writer.AddFloat32("y", [1], new float[] { 2 });
        writer.Save(path);
        using SafetensorsReader reader = SafetensorsReader.Open(path);
        Assert.Equal(["x", "y"], reader.Names);
        Assert.Single(Directory.EnumerateFileSystemEntries(folder.Path));
    }

    [Fact]
    public void Streamed_floats_are_asked_for_in_order_without_gap()
    {
        using var folder = new TemporaryFolder();
        string path = folder.File("a.safetensors");
        long next = 0;
        var writer = new SafetensorsWriter();
        writer.AddFloat32("x", [1000, 1000], (first, part) =>
        {
            Assert.Equal(next, first);
            for (int i = 0; i < part.Length; i++) part[i] = first + i;
            next = first + part.Length;
        });
        writer.Save(path);
        Assert.Equal(1_000_000, next);
        using SafetensorsReader reader = SafetensorsReader.Open(path);
        float[] values = reader.ReadFloat32("x");
        for (int i = 0; i < values.Length; i++) Assert.Equal(i, values[i]);
    }

    [Fact]
    public void Wrong_tensors_are_refused_with_their_name()
    {
        var writer = new SafetensorsWriter();
        writer.AddFloat32("x", [1], new float[1]);
        foreach ((string expected, Action act) in new (string, Action)[]
        {
            ("'x': added twice", () => writer.AddFloat32("x", [1], new float[1])),
            ("reserves this name", () => writer.AddFloat32("__metadata__", [1], new float[1])),
            ("'n': shape [-1]", () => writer.AddFloat32("n", [-1], (_, _) => { })),
            ("'o': shape [4611686018427387904, 4]", () => writer.AddFloat32("o", [1L << 62, 4], (_, _) => { })),
            ("'m': shape [2, 3] has 6 elements, 5 were given", () => writer.AddFloat32("m", [2, 3], new float[5])),
            ("'i': floats cannot be stored as I64", () => writer.AddFloat32("i", [1], new float[1], SafetensorsDType.I64)),
            ("'j': 256 does not fit into U8", () => writer.AddInt64("j", [1], new long[] { 256 }, SafetensorsDType.U8)),
            ("'k': integers cannot be stored as F32", () => writer.AddInt64("k", [1], new long[1], SafetensorsDType.F32)),
            ("does not fill whole bytes", () => writer.Add("f", SafetensorsDType.F4, [3], _ => { })),
            ("not Unicode text", () => writer.AddFloat32("s\ud800", [1], new float[1])),
        })
        {
            Assert.Contains(expected, Assert.Throws<EngineException>(act).Message);
        }
    }

    [Fact]
    public void Absent_folder_and_a_folder_in_the_way_are_named()
    {
        using var folder = new TemporaryFolder();
        string absent = folder.File(Path.Combine("no", "a.safetensors"));
        Assert.Contains("there is no folder", Assert.Throws<EngineException>(() => new SafetensorsWriter().Save(absent)).Message);
        Assert.Contains("a folder has this name", Assert.Throws<EngineException>(() => new SafetensorsWriter().Save(folder.Path)).Message);
    }

    private static void AssertOnly(TemporaryFolder folder, string path, byte[] content)
    {
        Assert.Equal([path], Directory.EnumerateFileSystemEntries(folder.Path));
        Assert.Equal(content, File.ReadAllBytes(path));
    }
}
