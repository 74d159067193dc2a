using System.IO.Compression;
using System.Text;

namespace SeLoRA.Tests;

/// <summary>Writes files as torch.save does: the zip form, and the stream before PyTorch 1.6.</summary>
internal sealed class TorchFile
{
    private readonly MemoryStream pickle = new();
    private readonly List<(string Key, int ElementBytes, byte[] Bytes)> storages = [];

    public TorchFile() => Raw(0x80, 2);

    /// <summary>A state dict of float32 tensors, with the dictionaries of the given names round it.</summary>
    public static TorchFile Of(IEnumerable<(string Name, long[] Shape, float[] Values)> tensors, params string[] wrappers)
    {
        var file = new TorchFile();
        foreach (string wrapper in wrappers) file.Text("}(").String("epoch").Int(3).String(wrapper);
        file.Global("collections", "OrderedDict").Text(")R(");
        foreach ((string name, long[] shape, float[] values) in tensors)
        {
            var strides = new long[shape.Length];
            for (int i = shape.Length - 1, step = 1; i >= 0; step *= (int)shape[i--]) strides[i] = step;
            file.String(name).Tensor(file.Storage(Floats(values)), "FloatStorage", values.Length, 0, shape, strides);
        }
        file.Text("u").Text("}").String("_metadata").Global("collections", "OrderedDict").Text(")Rsb");
        foreach (string _ in wrappers) file.Text("u");
        return file.Text(".");
    }

    public static byte[] Floats(params float[] values)
    {
        var bytes = new byte[values.Length * sizeof(float)];
        Buffer.BlockCopy(values, 0, bytes, 0, bytes.Length);
        return bytes;
    }

    public TorchFile Raw(params byte[] bytes)
    {
        pickle.Write(bytes);
        return this;
    }

    public TorchFile Text(string ascii) => Raw(Encoding.ASCII.GetBytes(ascii));

    public TorchFile String(string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        return Raw((byte)'X').Raw(BitConverter.GetBytes(bytes.Length)).Raw(bytes);
    }

    public TorchFile Int(long value) => Raw((byte)'J').Raw(BitConverter.GetBytes((int)value));

    public TorchFile Global(string module, string name) => Text($"c{module}\n{name}\n");

    /// <summary>Adds a storage and gives its key.</summary>
    public string Storage(byte[] bytes, int elementBytes = 4)
    {
        string key = $"{storages.Count}";
        storages.Add((key, elementBytes, bytes));
        return key;
    }

    public TorchFile Tensor(string key, string type, long elements, long offset, long[] shape, long[] strides)
    {
        Global("torch._utils", "_rebuild_tensor_v2").Text("((").String("storage").Global("torch", type).String(key).String("cpu").Int(elements).Text("tQ");
        Int(offset).Tuple(shape).Tuple(strides).Raw(0x89);
        return Global("collections", "OrderedDict").Text(")RtR");
    }

    public TorchFile Tuple(long[] numbers)
    {
        Text("(");
        foreach (long number in numbers) Int(number);
        return Text("t");
    }

    public void SaveZip(string path, CompressionLevel level = CompressionLevel.NoCompression, string byteOrder = "little", params string[] extra)
    {
        using var zip = new ZipArchive(File.Create(path), ZipArchiveMode.Create);
        Add("archive/data.pkl", pickle.ToArray());
        Add("archive/byteorder", Encoding.ASCII.GetBytes(byteOrder));
        foreach ((string key, _, byte[] bytes) in storages) Add($"archive/data/{key}", bytes);
        foreach (string name in extra) Add(name, [1]);
        Add("archive/version", "3\n"u8.ToArray());

        void Add(string name, byte[] bytes)
        {
            using Stream stream = zip.CreateEntry(name, level).Open();
            stream.Write(bytes);
        }
    }

    public void SaveLegacy(string path)
    {
        using FileStream stream = File.Create(path);
        stream.Write([0x80, 2, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, (byte)'.']);
        stream.Write([0x80, 2, (byte)'M', 0xe9, 3, (byte)'.']);
        stream.Write([0x80, 2, (byte)'}', (byte)'.']);
        stream.Write(pickle.ToArray());
        var keys = new TorchFile().Text("](");
        foreach ((string key, _, _) in storages) keys.String(key);
        stream.Write(keys.Text("e.").pickle.ToArray());
        foreach ((_, int elementBytes, byte[] bytes) in storages)
        {
            stream.Write(BitConverter.GetBytes((long)bytes.Length / elementBytes));
            stream.Write(bytes);
        }
    }
}
