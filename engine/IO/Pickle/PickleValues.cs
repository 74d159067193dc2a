namespace SeLoRA.Engine;

/// <summary>A dictionary of any kind, its pairs in the order of the file. Nothing is hashed: keys may be anything.</summary>
internal sealed class PickleDict
{
    // Made when needed: an empty dictionary is one byte of the file.
    private List<(object? Key, object? Value)>? items;

    public IReadOnlyList<(object? Key, object? Value)> Items => items ?? (IReadOnlyList<(object?, object?)>)[];

    public void Add(object? key, object? value) => (items ??= []).Add((key, value));
}

/// <summary>A list.</summary>
internal sealed class PickleList
{
    private List<object?>? items;

    public IReadOnlyList<object?> Items => items ?? (IReadOnlyList<object?>)[];

    public void Add(object? item) => (items ??= []).Add(item);
}

/// <summary>A tuple.</summary>
internal sealed class PickleTuple(object?[] items)
{
    public object?[] Items => items;
}

/// <summary>A value that a state dict may contain and nobody needs: a set, a device, a number of numpy's.</summary>
internal sealed class PickleOpaque
{
    public static PickleOpaque Instance { get; } = new();
}

/// <summary>A block of numbers that the file holds outside its pickle.</summary>
/// <param name="Key">Its name in the file.</param>
/// <param name="DType">The elements' type; null for bytes, whose type each tensor says.</param>
/// <param name="Elements">How many.</param>
internal sealed record PickleStorage(string Key, SafetensorsDType? DType, long Elements)
{
    public long Bytes => Elements * (DType?.Bits() ?? 8) / 8;
}

/// <summary>A view into a storage; checked to lie within it.</summary>
/// <param name="Storage">Where its elements lie.</param>
/// <param name="DType">Their type.</param>
/// <param name="Offset">First element.</param>
/// <param name="Shape">The axes.</param>
/// <param name="Strides">Elements from one entry of an axis to the next.</param>
internal sealed record PickleTensor(PickleStorage Storage, SafetensorsDType DType, long Offset, long[] Shape, long[] Strides)
{
    private const int MostAxes = 64;

    /// <summary>Whether its elements lie one behind the other in row-major order.</summary>
    public bool IsContiguous { get; } = Contiguous(Shape, Strides);

    public long ElementCount { get; } = SafetensorsEntry.TryCountElements(Shape, out long count) ? count : 0;

    public int ElementBytes => DType.Bits() / 8;

    /// <summary>What is wrong with it, or null.</summary>
    public string? Fault()
    {
        if (Shape.Length != Strides.Length) return $"a tensor with {Shape.Length} axes and {Strides.Length} strides";
        if (Shape.Length > MostAxes) return $"a tensor with {Shape.Length} axes";
        string shape = SafetensorsText.Shape(Shape);
        if (!SafetensorsEntry.TryCountElements(Shape, out long count)) return $"a tensor of shape {shape}";
        if (Offset < 0 || Strides.Any(s => s < 0)) return $"a tensor with a negative offset or stride, shape {shape}";
        if (count == 0)
            return (Int128)Offset * ElementBytes > Storage.Bytes ? $"an empty tensor at element {Offset} of a storage of {Storage.Bytes / ElementBytes}" : null;
        Int128 last = Offset;
        for (int i = 0; i < Shape.Length; i++) last += (Int128)(Shape[i] - 1) * Strides[i];
        if ((last + 1) * ElementBytes > Storage.Bytes)
            return $"a tensor of shape {shape} that reaches element {last} of a storage of {Storage.Bytes / ElementBytes}";
        // One number shown as many: rare in files, and a few bytes could ask for any amount of memory.
        return count * (Int128)ElementBytes > Storage.Bytes
            ? $"a tensor of shape {shape} that repeats its storage of {Storage.Bytes / ElementBytes} elements"
            : null;
    }

    private static bool Contiguous(long[] shape, long[] strides)
    {
        if (shape.Length != strides.Length) return false;
        long expected = 1;
        for (int i = shape.Length - 1; i >= 0; i--)
        {
            // An axis of one entry takes no step.
            if (shape[i] != 1 && strides[i] != expected) return false;
            expected = unchecked(expected * shape[i]);
        }
        return true;
    }
}
