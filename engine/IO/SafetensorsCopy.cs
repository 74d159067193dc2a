using System.Buffers;
using System.Runtime.InteropServices;

namespace SeLoRA.Engine;

/// <summary>Passes tensors of one file into another, a stretch at a time: memory for one stretch is needed, not for a tensor.</summary>
public static class SafetensorsCopy
{
    private const int ChunkElements = 1 << 18;

    /// <summary>Adds a tensor of another file, which must stay open until this one is written.</summary>
    /// <param name="writer">The file to write.</param>
    /// <param name="name">Name in the new file.</param>
    /// <param name="shape">Shape in the new file: as many elements as the source has.</param>
    /// <param name="source">Where the numbers lie.</param>
    /// <param name="sourceName">Name there.</param>
    /// <param name="storedAs">The type there, which copies every bit, or F32, F16 or BF16 (rounded to nearest even).</param>
    /// <param name="written">Told how many bytes each stretch had.</param>
    /// <exception cref="EngineException">No such tensor, or its type cannot be converted. When written: a value beyond float16.</exception>
    public static void AddCopy(this SafetensorsWriter writer, string name, ReadOnlySpan<long> shape, ITensorSource source, string sourceName,
        SafetensorsDType storedAs, Action<long>? written = null)
    {
        if (!source.Tensors.TryGetValue(sourceName, out SafetensorsEntry? entry))
            throw new EngineException($"{source.Path}: no tensor {SafetensorsText.Quote(sourceName)}");
        if (!SafetensorsEntry.TryCountElements(shape, out long count) || count != entry.ElementCount)
        {
            throw new EngineException($"{source.Path}: tensor {SafetensorsText.Quote(sourceName)} of shape {SafetensorsText.Shape(entry.Shape)} " +
                $"cannot become {SafetensorsText.Shape(shape)}");
        }
        bool convertible = TensorBytes.IsConvertibleToFloat32(entry.DType)
            && storedAs is SafetensorsDType.F32 or SafetensorsDType.F16 or SafetensorsDType.BF16;
        if (storedAs == entry.DType) writer.Add(name, storedAs, shape, stream => CopyBits(stream, source, entry, written));
        else if (convertible) writer.Add(name, storedAs, shape, stream => Convert(stream, source, entry, storedAs, written));
        else throw new EngineException($"{source.Path}: tensor {SafetensorsText.Quote(sourceName)} cannot be made {storedAs.HeaderName()} of {entry.DType.HeaderName()}");
    }

    private static void CopyBits(Stream stream, ITensorSource source, SafetensorsEntry entry, Action<long>? written)
    {
        const int ChunkBytes = ChunkElements * sizeof(float);
        byte[] buffer = ArrayPool<byte>.Shared.Rent(ChunkBytes);
        for (long first = 0; first < entry.ByteLength; first += ChunkBytes)
        {
            Span<byte> part = buffer.AsSpan(0, (int)Math.Min(ChunkBytes, entry.ByteLength - first));
            source.CopyBytes(entry.Name, first, part);
            stream.Write(part);
            written?.Invoke(part.Length);
        }
        ArrayPool<byte>.Shared.Return(buffer);
    }

    private static void Convert(Stream stream, ITensorSource source, SafetensorsEntry entry, SafetensorsDType storedAs, Action<long>? written)
    {
        int size = entry.DType.Bits() / 8;
        byte[] buffer = ArrayPool<byte>.Shared.Rent(ChunkElements * size);
        float[] values = ArrayPool<float>.Shared.Rent(ChunkElements);
        ushort[] halves = ArrayPool<ushort>.Shared.Rent(ChunkElements);
        for (long first = 0; first < entry.ElementCount; first += ChunkElements)
        {
            int count = (int)Math.Min(ChunkElements, entry.ElementCount - first);
            source.CopyBytes(entry.Name, first * size, buffer.AsSpan(0, count * size));
            Span<float> part = values.AsSpan(0, count);
            TensorBytes.ToFloat32(buffer.AsSpan(0, count * size), entry.DType, part);
            ReadOnlySpan<byte> result = MemoryMarshal.AsBytes(part);
            if (storedAs == SafetensorsDType.F16)
            {
                CheckFitsFloat16(part, source, entry);
                HalfConversion.Float32ToFloat16(part, halves);
                result = MemoryMarshal.AsBytes(halves.AsSpan(0, count));
            }
            else if (storedAs == SafetensorsDType.BF16)
            {
                HalfConversion.Float32ToBFloat16(part, halves);
                result = MemoryMarshal.AsBytes(halves.AsSpan(0, count));
            }
            stream.Write(result);
            written?.Invoke(result.Length);
        }
        ArrayPool<byte>.Shared.Return(buffer);
        ArrayPool<float>.Shared.Return(values);
        ArrayPool<ushort>.Shared.Return(halves);
    }

    private static void CheckFitsFloat16(ReadOnlySpan<float> values, ITensorSource source, SafetensorsEntry entry)
    {
        foreach (float value in values)
        {
            if (MathF.Abs(value) >= 65520f && float.IsFinite(value))
            {
                throw new EngineException($"{source.Path}: {SafetensorsText.Quote(entry.Name)} has the value {value}, float16 ends at 65504; " +
                    "store it as fp32 or bf16");
            }
        }
    }
}
