namespace SeLoRA.Engine;

/// <summary>What a safetensors header says of one tensor.</summary>
/// <param name="Name">The tensor's name (state-dict key).</param>
/// <param name="DType">Element type.</param>
/// <param name="Shape">Row-major shape; empty for a scalar.</param>
/// <param name="Begin">First byte, counted from the start of the data section.</param>
/// <param name="End">One past the last byte, counted likewise.</param>
public sealed record SafetensorsEntry(string Name, SafetensorsDType DType, long[] Shape, long Begin, long End)
{
    /// <summary>Size in bytes.</summary>
    public long ByteLength => End - Begin;

    /// <summary>Number of elements: the product of the shape, 1 for a scalar.</summary>
    public long ElementCount { get; } = TryCountElements(Shape, out long count)
        ? count
        : throw new EngineException($"{SafetensorsText.Quote(Name)}: shape {SafetensorsText.Shape(Shape)} has a negative " +
            "axis or more than 2^63-1 elements");

    /// <summary>The product of the axes, refusing negative ones and overflow.</summary>
    internal static bool TryCountElements(ReadOnlySpan<long> shape, out long count)
    {
        count = 1;
        bool empty = false;
        foreach (long axis in shape)
        {
            if (axis < 0) return false;
            if (axis == 0)
            {
                empty = true;
                continue;
            }
            // A zero axis elsewhere does not excuse an overflowing product: other readers multiply in order.
            if (count > long.MaxValue / axis) return false;
            count *= axis;
        }
        if (empty) count = 0;
        return true;
    }

    /// <summary>Bytes that <paramref name="elements"/> packed elements take; false where they do not end on a byte.</summary>
    internal static bool TryCountBytes(long elements, SafetensorsDType dtype, out long bytes)
    {
        Int128 bits = (Int128)elements * dtype.Bits();
        bytes = bits / 8 <= long.MaxValue ? (long)(bits / 8) : 0;
        return bits % 8 == 0 && bits / 8 <= long.MaxValue;
    }
}
