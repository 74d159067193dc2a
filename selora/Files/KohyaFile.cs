using System.Runtime.InteropServices;
using System.Security.Cryptography;
using SeLoRA.Engine;

namespace SeLoRA.Adapters;

/// <summary>
/// Writes kohya's form: for each module <c>lora_unet_...lora_down.weight</c> (r, in), <c>.lora_up.weight</c> (out, r), with two axes of 1
/// more for a 1x1 convolution, and <c>.alpha</c> (a scalar), dW = alpha / r up down.
/// </summary>
internal static class KohyaFile
{
    /// <summary>
    /// The same updates with one and the same alpha, the largest rank R, the rest of the scale in up (up' = up alpha / R): some versions of
    /// diffusers give a layer another layer's alpha where they differ.
    /// </summary>
    public static AdapterFileModule[] WithOneAlpha(IReadOnlyList<AdapterFileModule> modules)
    {
        int rankMax = modules.Max(m => m.Rank);
        return [.. modules.Select(m => m with { Alpha = rankMax, Up = Scaled(m.Up, m.Alpha / rankMax) })];
    }

    /// <summary>A factor times a number.</summary>
    public static float[] Scaled(float[] values, float factor) => factor == 1 ? values : [.. values.Select(value => value * factor)];

    /// <summary>Writes the file.</summary>
    /// <returns>What other programs will not make use of, one line each.</returns>
    public static IReadOnlyList<string> Write(string path, IReadOnlyList<AdapterFileModule> modules, IEnumerable<KeyValuePair<string, string>> metadata)
    {
        var tensors = new List<(string Name, long[] Shape, float[] Values, SafetensorsDType StoredAs)>();
        foreach (AdapterFileModule module in modules)
        {
            string key = module.Slot.KohyaKey;
            tensors.Add((key + AdapterTensorNames.KohyaDown, module.Slot.DownShape(module.Rank), module.Down, module.StoredAs));
            tensors.Add((key + AdapterTensorNames.KohyaUp, module.Slot.UpShape(module.Rank), module.Up, module.StoredAs));
            tensors.Add((key + AdapterTensorNames.Alpha, [], [module.Alpha], SafetensorsDType.F32));
        }
        var writer = new SafetensorsWriter();
        foreach ((string name, long[] shape, float[] values, SafetensorsDType storedAs) in tensors)
            AdapterTensors.Add(writer, path, name, shape, values, storedAs);
        foreach ((string key, string value) in metadata) writer.Metadata[key] = value;
        // In the order in which the writer lays the tensors.
        writer.Metadata["sshs_model_hash"] = DataHash(tensors.OrderByDescending(t => t.StoredAs.Bits()).ThenBy(t => t.Name, StringComparer.Ordinal)
            .Select(t => (t.Values, t.StoredAs)));
        writer.Save(path);
        return Warnings(modules);
    }

    /// <summary>SHA-256 of the file's data section, by which tools of kohya know a file.</summary>
    private static string DataHash(IEnumerable<(float[] Values, SafetensorsDType StoredAs)> tensors)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach ((float[] values, SafetensorsDType storedAs) in tensors)
        {
            if (storedAs == SafetensorsDType.F32)
            {
                hash.AppendData(MemoryMarshal.AsBytes(values.AsSpan()));
                continue;
            }
            var bits = new ushort[values.Length];
            if (storedAs == SafetensorsDType.F16) HalfConversion.Float32ToFloat16(values, bits);
            else HalfConversion.Float32ToBFloat16(values, bits);
            hash.AppendData(MemoryMarshal.AsBytes(bits.AsSpan()));
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static string[] Warnings(IReadOnlyList<AdapterFileModule> modules)
    {
        int count = modules.Count(m => m.Slot.ModuleName.StartsWith("time_embedding.", StringComparison.Ordinal));
        return count == 0 ? [] :
            [$"{count} layers of time_embedding are in the file; diffusers before 0.40 ignores them (leave them out with targets all,!time_embedding.*)"];
    }
}
