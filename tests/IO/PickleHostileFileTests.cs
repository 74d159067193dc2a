using System.IO.Compression;
using SeLoRA.Engine;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>Damaged and hostile pickles: one line that names the file and the fault, nothing run, no giant allocation.</summary>
public class PickleHostileFileTests
{
    /// <summary>What the message must hold, and a pickle behind its protocol byte.</summary>
    public static TheoryData<string, string> Pickles => new()
    {
        { "data.pkl, byte 2: asks for 'os.system'", "cos\nsystem\n(X\u0002\0\0\0idtR." },
        { "asks for 'builtins.eval'", "cbuiltins\neval\n." },
        { "byte 23: calls torch.FloatStorage", "ctorch\nFloatStorage\n)R." },
        { "opcode 0x69 'i'", "(ios\nsystem\n." },
        { "opcode 0x6f 'o'", "(o." },
        { "opcode 0x82", "\u0082a." },
        { "ends here", "X\u00ff\u00ff\u00ff\u007fabc" },
        { "ends here", "\u008b\u00ff\u00ff\u00ff\u00ffabc" },
        { "ends here", "}" },
        { "takes more values than there are", "." },
        { "takes more values than there are", "s." },
        { "takes more values than there are", "}(Nu." },
        { "takes more values than there are", "N(0." },
        { "a mark is missing", "}u." },
        { "recalls value 3", "h\u0003." },
        { "sets items of what is no dictionary", "NNNs." },
        { "appends to what is no list", "NNa." },
        { "outside the pickle", "NQ." },
        { "sets attributes", "NNb." },
        { "a name without an end", "c" + new string('a', 1000) },
        { "no dictionary of tensors", "N." },
        { "no dictionary of tensors; its top level has 'a'", "}X\u0001\0\0\0aNs." },
    };

    [Theory]
    [MemberData(nameof(Pickles))]
    public void Bad_pickle_is_refused_with_its_fault(string expected, string pickle) =>
        Assert.Contains(expected, Refusal(new TorchFile().Raw([.. pickle.Select(c => (byte)c)])));

    [Theory]
    [InlineData("reaches element 2 of a storage of 2", 0, 3, 1)]
    [InlineData("reaches element 2 of a storage of 2", 1, 2, 1)]
    [InlineData("reaches element 10 of a storage of 2", 0, 2, 10)]
    [InlineData("repeats its storage", 0, 1000000, 0)]
    [InlineData("negative offset or stride", -1, 1, 1)]
    [InlineData("negative offset or stride", 1, 2, -1)]
    [InlineData("a tensor of shape [-2]", 0, -2, 1)]
    public void Tensor_outside_its_storage_is_refused(string expected, long offset, long size, long stride)
    {
        var file = new TorchFile();
        Assert.Contains(expected, Refusal(file.Text("}").String("x").Tensor(file.Storage(new byte[8]), "FloatStorage", 2, offset, [size], [stride]).Text("s.")));
    }

    [Fact]
    public void Storage_larger_than_its_bytes_is_refused_in_both_forms()
    {
        var file = new TorchFile();
        file.Text("}").String("x").Tensor(file.Storage(new byte[8]), "FloatStorage", 1 << 30, 0, [1 << 30], [1]).Text("s.");
        Assert.Contains("has 8 bytes, its storage takes 4294967296", Refusal(file));
        Assert.Contains("has 2 elements, the pickle says 1073741824", Refusal(file.SaveLegacy));
    }

    [Fact]
    public void Deep_and_shared_nesting_ends_at_once()
    {
        var deep = new TorchFile();
        for (int i = 0; i < 100_000; i++) deep.Text("]");
        Assert.Contains("no dictionary", Refusal(deep.Text(new string('a', 99_999) + ".")));

        // Each dictionary has the one before twice, under names that lead on: 2^200 paths.
        var bomb = new TorchFile().Text("}q\0");
        for (int i = 0; i < 200; i++) bomb.Text("0}(").String("model").Text("h\0").String("ema").Text("h\0uq\0");
        Assert.Contains("no dictionary", Refusal(bomb.Text(".")));
    }

    [Fact]
    public void Dictionary_that_names_another_a_thousand_times_ends_at_once()
    {
        // Four dictionaries below each other, each with the next a thousand times: 10^12 ways.
        var bomb = new TorchFile().Text("}q\0").String("model").Text("q\u0001");
        for (int i = 0; i < 4; i++) bomb.Text("}(" + string.Concat(Enumerable.Repeat("h\u0001h\0", 1000)) + "uq\0");
        Assert.Contains("no dictionary", Refusal(bomb.Text(".")));
    }

    [Fact]
    public void Empty_tensors_have_no_bytes_whatever_their_strides()
    {
        using var folder = new TemporaryFolder();
        var file = new TorchFile();
        string key = file.Storage(new byte[8]);
        file.Text("}(").String("x").Tensor(key, "FloatStorage", 2, 0, [3, 0], [1, 7]).String("y").Tensor(key, "FloatStorage", 2, 0, [0], [1]).Text("u.");
        file.SaveZip(folder.File("x.pt"));
        using (ITensorSource source = TensorFile.Open(folder.File("x.pt")))
        {
            Assert.Empty(source.Bytes("x").ToArray());
            Assert.Empty(source.ReadFloat32("y"));
        }
        var outside = new TorchFile();
        Assert.Contains("an empty tensor at element 1000", Refusal(outside.Text("}").String("x").Tensor(outside.Storage(new byte[8]), "FloatStorage", 2, 1000, [0], [1]).Text("s.")));
    }

    [Fact]
    public void Truncated_files_are_refused_at_every_length()
    {
        using var folder = new TemporaryFolder();
        TorchFile file = TorchFile.Of([("x", [2], [1, 2])], "state_dict");
        foreach (Action<string> save in (Action<string>[])[path => file.SaveZip(path), file.SaveLegacy])
        {
            string path = folder.File("x.pt");
            save(path);
            byte[] whole = File.ReadAllBytes(path);
            for (int length = 2; length < whole.Length; length += 7)
            {
                File.WriteAllBytes(path, whole[..length]);
                string message = Assert.Throws<EngineException>(() => TensorFile.Open(path).Dispose()).Message;
                Assert.StartsWith(path, message);
            }
        }
    }

    [Fact]
    public void Archives_with_tricks_are_refused()
    {
        TorchFile file = TorchFile.Of([("x", [2], [1, 2])]);
        Assert.Contains("'../x' leads out of it", Refusal(path => file.SaveZip(path, extra: "../x")));
        Assert.Contains("has 'archive/data/0' twice", Refusal(path => file.SaveZip(path, extra: "archive/data/0")));
        Assert.Contains("TorchScript", Refusal(path => file.SaveZip(path, extra: "archive/constants.pkl")));
        Assert.Contains("more than one data.pkl", Refusal(path => file.SaveZip(path, extra: "b/data.pkl")));
        Assert.Contains("neither little nor big", Refusal(path => file.SaveZip(path, byteOrder: "middle")));
        var bomb = new TorchFile();
        bomb.Text("}").String("x").Tensor(bomb.Storage(new byte[64 << 20]), "FloatStorage", 1, 0, [1], [1]).Text("s.");
        Assert.Contains("unpacks to 67108864 bytes, too many", Refusal(path => bomb.SaveZip(path, CompressionLevel.SmallestSize)));
    }

    private static string Refusal(TorchFile file) => Refusal(path => file.SaveZip(path));

    private static string Refusal(Action<string> save)
    {
        using var folder = new TemporaryFolder();
        string path = folder.File("x.ckpt");
        save(path);
        string message = Assert.Throws<EngineException>(() => TensorFile.Open(path).Dispose()).Message;
        Assert.StartsWith(path, message);
        Assert.DoesNotContain('\n', message);
        return message;
    }
}
