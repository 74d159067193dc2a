namespace SeLoRA.Engine;

/// <summary>
/// A state dict that PyTorch pickled (<c>.ckpt</c>, <c>.pt</c>, <c>.pth</c>, <c>.bin</c>): the zip form of PyTorch 1.6 and later, and
/// the stream before it. The tensors are found without running anything: the pickle is read by a machine that knows the few calls
/// state dicts need, and a file that asks for anything else is refused by an <see cref="EngineException"/> that says for what and
/// where. Opening reads the pickle only; tensors are read in place when asked for.
/// </summary>
public sealed class PickleReader : TensorSource
{
    private readonly InputFile file;
    private readonly PickleStorages storages;
    private readonly Dictionary<string, PickleTensor> tensors = new(StringComparer.Ordinal);
    private readonly Dictionary<string, SafetensorsEntry> entries = new(StringComparer.Ordinal);
    private readonly List<string> names = [];

    private PickleReader(InputFile file)
        : base(file.Path)
    {
        this.file = file;
        (object? root, storages) = file.Read(0, 2).SequenceEqual("PK"u8) ? PickleArchive.Read(file) : LegacyPickle.Read(file);
        foreach ((string name, PickleTensor tensor) in PickleStateDict.Find(root, Path))
        {
            if (!storages.Contains(tensor.Storage.Key))
                throw new EngineException($"{Path}: the numbers of tensor {SafetensorsText.Quote(name)} are not in the file");
            names.Add(name);
            tensors.Add(name, tensor);
            entries.Add(name, new SafetensorsEntry(name, tensor.DType, tensor.Shape, 0, tensor.ElementCount * tensor.ElementBytes));
        }
    }

    /// <summary>Empty: such files have none.</summary>
    public override IReadOnlyDictionary<string, string> Metadata { get; } = new Dictionary<string, string>();

    /// <inheritdoc/>
    public override IReadOnlyList<string> Names => names;

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, SafetensorsEntry> Tensors => entries;

    /// <summary>Opens a file and reads its pickle.</summary>
    /// <param name="path">Path of the file.</param>
    /// <exception cref="EngineException">The file is absent, unreadable, damaged, or asks for what a state dict does not need.</exception>
    public static PickleReader Open(string path)
    {
        InputFile file = InputFile.Open(path, "a pickled state dict", LegacyPickle.HeadBytes);
        try
        {
            return new PickleReader(file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing) => file.Dispose();

    private protected override void Copy(SafetensorsEntry entry, long offset, Span<byte> destination)
    {
        PickleTensor tensor = tensors[entry.Name];
        if (tensor.IsContiguous) storages.Copy(tensor.Storage.Key, tensor.Offset * tensor.ElementBytes + offset, destination);
        else Gather(tensor, offset, destination);
        // A complex number is two, each with its own order of bytes.
        int part = tensor.DType == SafetensorsDType.C64 ? tensor.ElementBytes / 2 : tensor.ElementBytes;
        for (int i = 0; storages.BigEndian && part > 1 && i < destination.Length; i += part) destination.Slice(i, part).Reverse();
    }

    // Walks the elements in row-major order, as an odometer.
    private void Gather(PickleTensor tensor, long offset, Span<byte> destination)
    {
        if (destination.IsEmpty) return;
        int size = tensor.ElementBytes;
        ReadOnlySpan<byte> storage = storages.Whole(tensor.Storage.Key);
        var index = new long[tensor.Shape.Length];
        long rest = offset / size, at = tensor.Offset;
        for (int axis = index.Length - 1; axis >= 0; axis--)
        {
            index[axis] = rest % tensor.Shape[axis];
            rest /= tensor.Shape[axis];
            at += index[axis] * tensor.Strides[axis];
        }
        for (int i = 0; i < destination.Length; i += size)
        {
            storage.Slice(checked((int)(at * size)), size).CopyTo(destination[i..]);
            for (int axis = index.Length - 1; axis >= 0; axis--)
            {
                at += tensor.Strides[axis];
                if (++index[axis] < tensor.Shape[axis]) break;
                at -= index[axis] * tensor.Strides[axis];
                index[axis] = 0;
            }
        }
    }
}
