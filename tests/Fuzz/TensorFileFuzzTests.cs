using System.Text;
using SeLoRA.Engine;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>Files of tensors: safetensors, their index, and what PyTorch pickled.</summary>
public class TensorFileFuzzTests
{
    // Opcodes and names of which pickles are made.
    private static readonly byte[][] s_opcodes =
    [
        .. new[]
        {
            ".", "0", "1", "2", "(", ")", "]", "}", "a", "e", "s", "u", "t", "N", "R", "b", "Q", "q\0", "h\0", "q\u0001", "h\u0001", "j\0\0\0\0", "r\u0002\0\0\0", "K\u0001", "M\u0001\u0001",
            "\u0085", "\u0086", "\u0087", "\u0088", "\u0089", "\u008f", "\u0090", "\u0093", "\u0094", "\u0095\0\0\0\0\0\0\0\0", "\u0080\u0002", "J\u00ff\u00ff\u00ff\u007f",
            "J\u00ff\u00ff\u00ff\u00ff", "\u008a\u0008\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u007f", "\u008a\u0000", "\u008b\u0004\0\0\0abcd", "G\0\0\0\0\0\0\0\0", "B\u0001\0\0\0a", "C\u0001a",
            "X\u0001\0\0\0x", "X\u0005\0\0\0model", "X\u00ff\u00ff\u00ff\u007f", "\u008c\u0001x", "\u008d\u0001\0\0\0\0\0\0\0x", "cos\nsystem\n", "ccollections\nOrderedDict\n", "ctorch\nFloatStorage\n",
            "ctorch\nfloat16\n", "ctorch\nUntypedStorage\n", "ctorch\nComplexFloatStorage\n", "ctorch._utils\n_rebuild_tensor_v2\n", "ctorch._utils\n_rebuild_tensor_v3\n",
            "ctorch._utils\n_rebuild_parameter\n", "c_codecs\nencode\n", "K\0K\u0002\u0086", "(K\u0001K\u0001t", "(K\0K\u0003t", "]]]]]]]]", "((((((((", "}h\0h\0s",
        }.Select(Encoding.Latin1.GetBytes),
    ];

    private static readonly (string, string, long[])[] s_tensors =
        [("weight", "F32", [2, 3]), ("half", "F16", [3]), ("brain", "BF16", [2]), ("wide", "F64", [2]), ("ids", "I64", [2]), ("flags", "BOOL", [3]), ("big", "U64", [1]), ("none", "F32", [0, 5]), ("one", "F32", [])];

    [Fact]
    public void Safetensors_are_read_or_refused()
    {
        byte[] file = SafetensorsMutations.File(s_tensors, "\"format\":\"pt\",\"step\":\"12\"");
        using var run = new FuzzRun("safetensors", factor: 64, floor: 256 << 10);
        run.Run("x.safetensors", [file], random => SafetensorsMutations.Apply(file, random), path => ReadAll(() => TensorFile.Open(path)));
    }

    [Fact]
    public void Indices_of_safetensors_are_read_or_refused()
    {
        byte[] first = SafetensorsMutations.File(s_tensors[..4]), second = SafetensorsMutations.File(s_tensors[4..]);
        string map = string.Join(',', s_tensors.Select((t, i) => $"\"{t.Item1}\":\"{(i < 4 ? "a" : "b")}.safetensors\""));
        string index = "{\"metadata\":{\"total_size\":82},\"weight_map\":{" + map + "}}";
        using var run = new FuzzRun("index of safetensors", factor: 64, floor: 256 << 10);
        run.Run(["x.safetensors.index.json", "a.safetensors", "b.safetensors"], [(0, Encoding.UTF8.GetBytes(index)), (1, first), (2, second)],
            random => random.OneIn(8) ? (1, SafetensorsMutations.Apply(first, random)) : (0, TextMutations.Apply(index, random)),
            folder => ReadAll(() => TensorFile.Open(Path.Combine(folder, "x.safetensors.index.json"))));
    }

    [Fact]
    public void Zipped_pickles_are_read_or_refused()
    {
        byte[][] files = [.. Pickles().Select(p => Saved(path => p.SaveZip(path)))];
        List<(string, byte[])>[] archives = [.. files.Select(ZipMutations.Files)];
        using var run = new FuzzRun("pickle, zip", factor: 256, floor: 2 << 20);
        run.Run("x.ckpt", files, random => ZipMutations.Apply(random.Pick(archives), random, s_opcodes), path => ReadAll(() => TensorFile.Open(path)));
    }

    [Fact]
    public void Legacy_pickles_are_read_or_refused()
    {
        byte[][] files = [.. Pickles().Select(p => Saved(p.SaveLegacy))];
        using var run = new FuzzRun("pickle, legacy", factor: 256, floor: 2 << 20);
        run.Run("x.ckpt", files, random => ByteMutations.Apply(random.Pick(files), files, random, s_opcodes), path => ReadAll(() => TensorFile.Open(path)));
    }

    /// <summary>Every way that a source gives its tensors: as many bytes as it says, or a refusal, as of floats that are asked for as integers.</summary>
    internal static void ReadAll(Func<ITensorSource> open)
    {
        using ITensorSource source = open();
        foreach (string name in source.Names)
        {
            SafetensorsEntry entry = source.Tensors[name];
            Try(() => Assert.Equal(entry.ByteLength, source.Bytes(name).Length));
            Try(() => Assert.Equal(entry.ElementCount, source.ReadFloat32(name).Length));
            Try(() => Assert.Equal(entry.ElementCount, source.ReadInt64(name).Length));
            Try(() => source.CopyBytes(name, 0, new byte[entry.ByteLength]));
        }

        void Try(Action read)
        {
            try
            {
                read();
            }
            catch (EngineException e)
            {
                FuzzRun.CheckLine(e.Message);
                Assert.StartsWith(Path.GetDirectoryName(source.Path)!, e.Message, StringComparison.Ordinal);
            }
        }
    }

    private static IEnumerable<TorchFile> Pickles()
    {
        yield return TorchFile.Of([("x", [2, 2], [1, 2, 3, 4]), ("y", [3], [1, 2, 3])], "state_dict");
        yield return TorchFile.Of([("x", [1], [1])]);
        // A view with strides into a storage that another tensor shares, and an empty one.
        var views = new TorchFile();
        string key = views.Storage(TorchFile.Floats(1, 2, 3, 4, 5, 6));
        views.Text("}(").String("t").Tensor(key, "FloatStorage", 6, 0, [3, 2], [1, 3]).String("e").Tensor(key, "FloatStorage", 6, 0, [0, 2], [2, 1]).Text("u.");
        yield return views;
    }

    private static byte[] Saved(Action<string> save)
    {
        using var folder = new TemporaryFolder();
        save(folder.File("x"));
        return File.ReadAllBytes(folder.File("x"));
    }
}
