using System.Buffers.Binary;
using System.Text;
using SeLoRA.Engine;

namespace SeLoRA.Tests;

/// <summary>Safetensors files whose header's text, its length, or whose bytes are changed.</summary>
internal static class SafetensorsMutations
{
    public static byte[] Apply(byte[] file, FuzzRandom random)
    {
        if (random.OneIn(4)) return ByteMutations.Apply(file, [file], random);
        int length = (int)BinaryPrimitives.ReadUInt64LittleEndian(file);
        byte[] data = file[(8 + length)..];
        if (random.OneIn(10)) data = data[..random.Below(data.Length + 1)];
        byte[] changed = Assemble(TextMutations.Apply(Encoding.UTF8.GetString(file.AsSpan(8, length)), random), data);
        return random.OneIn(10) ? ByteMutations.WithWord(changed, 0, random) : changed;
    }

    public static byte[] Assemble(byte[] header, byte[] data) => [.. BitConverter.GetBytes((ulong)header.Length), .. header, .. data];

    /// <summary>A file of zeros, or of the values that are given.</summary>
    public static byte[] File(IEnumerable<(string Name, string Type, long[] Shape)> tensors, string metadata = "\"format\":\"pt\"")
    {
        var header = new StringBuilder($"{{\"__metadata__\":{{{metadata}}}");
        long at = 0;
        foreach ((string name, string type, long[] shape) in tensors)
        {
            if (!SafetensorsDTypes.TryParse(type, out SafetensorsDType dtype)) throw new ArgumentException(type);
            long end = at + shape.Aggregate(1L, (a, b) => a * b) * dtype.Bits() / 8;
            header.Append($",\"{name}\":{{\"dtype\":\"{type}\",\"shape\":[{string.Join(',', shape)}],\"data_offsets\":[{at},{end}]}}");
            at = end;
        }
        return Assemble(Encoding.UTF8.GetBytes(header.Append('}').ToString()), new byte[at]);
    }
}
