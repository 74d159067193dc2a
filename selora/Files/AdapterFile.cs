using System.Runtime.InteropServices;
using System.Security.Cryptography;
using SeLoRA.Engine;

namespace SeLoRA.Adapters;

/// <summary>What an adapter file holds for one layer: dW = alpha / rank * up down.</summary>
/// <param name="Target">The layer.</param>
/// <param name="Rank">Its rank.</param>
/// <param name="Alpha">Its alpha; the rank where the file has none.</param>
/// <param name="Down">A, (rank, in) row-major.</param>
/// <param name="Up">B, (out, rank) row-major.</param>
public sealed record AdapterFileLayer(AdapterTarget Target, int Rank, float Alpha, float[] Down, float[] Up);

/// <summary>
/// Adapters as one safetensors file in kohya's form, which A1111, ComfyUI and diffusers read: for each layer
/// <c>lora_unet_...lora_down.weight</c> (r, in), <c>.lora_up.weight</c> (out, r), with two axes of 1 more for a 1x1 convolution, and <c>.alpha</c> (a scalar), dW = alpha / r up down.
/// </summary>
/// <remarks>
/// Ranks differ between layers. All layers get one and the same alpha, the largest rank R, and the rest of the scale goes into up
/// (up' = up s r / R), because some versions of diffusers give a layer another layer's alpha where they differ. Layers of rank 0 are left
/// out: a tensor with an axis of size 0 breaks readers.
/// </remarks>
public static class AdapterFile
{
    /// <summary>Writes all adapters of a set.</summary>
    /// <param name="path">The file; an old one is replaced at once when the new one is complete.</param>
    /// <param name="set">Adapters of any method; each is written as plain LoRA of its own rank.</param>
    /// <param name="metadata">What the file says of its run.</param>
    /// <param name="half">Store float16 instead of float32.</param>
    /// <returns>What other programs will not make use of, one line each; usually empty.</returns>
    /// <exception cref="EngineException">
    /// Every adapter has rank 0, a value is not finite or too large for float16, or the system refuses.
    /// </exception>
    public static IReadOnlyList<string> Write(string path, AdapterSet set, AdapterMetadata metadata, bool half = false)
    {
        (AdapterTarget Target, LoRAFactors LoRA)[] layers = [.. set.Adapters.Select(a => (a.Target, a.ToLoRA())).Where(layer => layer.Item2.Rank > 0)];
        if (layers.Length == 0) throw new EngineException($"{path}: every adapter has rank 0, nothing to write");
        int rankMax = layers.Max(layer => layer.LoRA.Rank);
        SafetensorsDType dtype = half ? SafetensorsDType.F16 : SafetensorsDType.F32;

        var tensors = new SortedDictionary<string, (long[] Shape, float[] Values)>(StringComparer.Ordinal);
        foreach ((AdapterTarget target, LoRAFactors lora) in layers)
        {
            string key = AdapterKeys.Of(target);
            float fold = lora.Scale * lora.Rank / rankMax;
            long[] kernel = target.Linear.IsPointwise ? [1, 1] : [];
            tensors[key + AdapterKeys.Down] = ([lora.Rank, target.Linear.InFeatures, .. kernel], lora.Down);
            tensors[key + AdapterKeys.Up] = ([target.Linear.OutFeatures, lora.Rank, .. kernel], [.. lora.Up.Select(value => value * fold)]);
            tensors[key + AdapterKeys.Alpha] = ([], [rankMax]);
        }

        var writer = new SafetensorsWriter();
        foreach ((string name, (long[] shape, float[] values)) in tensors)
        {
            CheckRange(path, name, values, half);
            writer.AddFloat32(name, shape, values, dtype);
        }
        foreach ((string key, string value) in metadata.ToKeys(rankMax, layers.Any(layer => layer.LoRA.Rank != rankMax))) writer.Metadata[key] = value;
        writer.Metadata["sshs_model_hash"] = DataHash(tensors.Values.Select(t => t.Values), half);
        writer.Save(path);
        return Warnings(layers.Select(layer => layer.Target));
    }

    /// <summary>Reads a file for the given networks.</summary>
    /// <param name="path">A file in kohya's form, of any trainer.</param>
    /// <param name="roots">The networks, as <c>unet</c> and <c>text_encoder</c>.</param>
    /// <param name="unmatched">
    /// Null if every tensor found its layer; else one line: how many of how many did, the first that did not, and the likely reason.
    /// </param>
    /// <returns>The layers in the order of the networks.</returns>
    /// <exception cref="EngineException">
    /// No tensor matches, a layer's tensors are incomplete or do not fit the model, or the file is a LoHa, LoKr, DoRA or Tucker adapter.
    /// </exception>
    public static IReadOnlyList<AdapterFileLayer> Read(string path, IReadOnlyList<AdapterRoot> roots, out string? unmatched)
    {
        using SafetensorsReader file = SafetensorsReader.Open(path);
        AdapterFileDiagnosis.RefuseOtherKinds(file);
        Dictionary<string, AdapterTarget> table = AdapterKeys.Table(roots);
        var layers = new List<AdapterFileLayer>();
        var strange = new List<string>();
        foreach (string name in file.Names)
        {
            string? key = LayerKey(name);
            if (key is null || !table.ContainsKey(key)) strange.Add(name);
        }
        unmatched = strange.Count == 0 ? null : AdapterFileDiagnosis.Describe(file, strange, AdapterKeys.Convolutions(roots));
        if (strange.Count == file.Names.Count) throw new EngineException(unmatched ?? $"{path}: holds no tensors");
        foreach ((string key, AdapterTarget target) in table)
        {
            bool down = file.Tensors.ContainsKey(key + AdapterKeys.Down), up = file.Tensors.ContainsKey(key + AdapterKeys.Up);
            if (down && up) layers.Add(ReadLayer(file, key, target));
            else if (down || up || file.Tensors.ContainsKey(key + AdapterKeys.Alpha))
                throw new EngineException($"{path}: {key} is incomplete, both {AdapterKeys.Down[1..]} and {AdapterKeys.Up[1..]} are needed");
        }
        return layers;
    }

    /// <summary>
    /// Reads a file into adapters that are ready to be attached, each with its own rank and scale alpha / rank.
    /// </summary>
    /// <param name="path">A file in kohya's form.</param>
    /// <param name="roots">The networks, whose weights must be loaded.</param>
    /// <param name="unmatched">As for <see cref="Read"/>.</param>
    public static AdapterSet Load(string path, IReadOnlyList<AdapterRoot> roots, out string? unmatched)
    {
        var adapters = new List<IAdapter>();
        foreach (AdapterFileLayer layer in Read(path, roots, out unmatched))
        {
            var adapter = new LowRankAdapter(layer.Target, layer.Alpha / layer.Rank, grows: false);
            adapter.Buffer.Load(layer.Down, layer.Up);
            adapters.Add(adapter);
        }
        return new AdapterSet(roots, adapters);
    }

    private static AdapterFileLayer ReadLayer(SafetensorsReader file, string key, AdapterTarget target)
    {
        long[] down = file.Tensors[key + AdapterKeys.Down].Shape, up = file.Tensors[key + AdapterKeys.Up].Shape;
        int ins = target.Linear.InFeatures, outs = target.Linear.OutFeatures;
        // Some trainers store linear layers as 1x1 convolutions: (r, in, 1, 1).
        if (!IsMatrix(down) || !IsMatrix(up) || down[1] != ins || up[0] != outs || down[0] != up[1] || down[0] < 1)
        {
            string reason = target.ModuleName.Contains("attn2", StringComparison.Ordinal) && down.Length > 1 && down[1] is 1024 or 2048
                ? $"; text of width {down[1]}: made for {(down[1] == 1024 ? "Stable Diffusion 2" : "SDXL")}" : "";
            throw new EngineException($"{file.Path}: {key} has down [{string.Join(", ", down)}] and up [{string.Join(", ", up)}], the model " +
                $"needs [r, {ins}] and [{outs}, r]{reason}");
        }
        int rank = checked((int)down[0]);
        float alpha = rank;
        if (file.Tensors.TryGetValue(key + AdapterKeys.Alpha, out SafetensorsEntry? entry))
        {
            if (entry.ElementCount != 1) throw new EngineException($"{file.Path}: {key}{AdapterKeys.Alpha} has {entry.ElementCount} values, 1 is needed");
            alpha = file.ReadFloat32(entry.Name)[0];
        }
        return new AdapterFileLayer(target, rank, alpha, file.ReadFloat32(key + AdapterKeys.Down), file.ReadFloat32(key + AdapterKeys.Up));
    }

    private static bool IsMatrix(long[] shape) => shape.Length == 2 || (shape.Length == 4 && shape[2] == 1 && shape[3] == 1);

    private static string? LayerKey(string name)
    {
        foreach (string suffix in (ReadOnlySpan<string>)[AdapterKeys.Down, AdapterKeys.Up, AdapterKeys.Alpha])
            if (name.EndsWith(suffix, StringComparison.Ordinal)) return name[..^suffix.Length];
        return null;
    }

    private static void CheckRange(string path, string name, float[] values, bool half)
    {
        foreach (float value in values)
        {
            if (!float.IsFinite(value)) throw new EngineException($"{path}: {name} holds {value}; the training diverged, nothing was written");
            if (half && (float)(Half)value is var stored && !float.IsFinite(stored))
                throw new EngineException($"{path}: {name} holds {value}, float16 ends at 65504; write float32 instead");
        }
    }

    /// <summary>SHA-256 of the file's data section: the tensors in order of their names, as <see cref="SafetensorsWriter"/> lays them.</summary>
    private static string DataHash(IEnumerable<float[]> tensors, bool half)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (float[] values in tensors)
        {
            if (half)
            {
                var bits = new ushort[values.Length];
                HalfConversion.Float32ToFloat16(values, bits);
                hash.AppendData(MemoryMarshal.AsBytes(bits.AsSpan()));
            }
            else
            {
                hash.AppendData(MemoryMarshal.AsBytes(values.AsSpan()));
            }
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static string[] Warnings(IEnumerable<AdapterTarget> targets)
    {
        int count = targets.Count(target => target.ModuleName.StartsWith("time_embedding.", StringComparison.Ordinal));
        return count == 0 ? [] :
            [$"{count} layers of time_embedding are in the file; diffusers before 0.40 ignores them (leave them out with targets all,!time_embedding.*)"];
    }
}
