using System.Text.Json.Nodes;

namespace SeLoRA.Adapters;

/// <summary>
/// Writes the form of diffusers: <c>unet.[module].lora_A.weight</c> and <c>lora_B</c>, <c>text_encoder.</c> alike. It has no alphas among its
/// tensors: a file whose modules all have one rank and scale 1 needs none, another has them in its metadata.
/// </summary>
internal static class DiffusersFile
{
    /// <summary>
    /// The same updates with one rank, the largest, and scale 1: what every version of diffusers reads right. Scales go into up, and both
    /// factors are filled up with zeros.
    /// </summary>
    public static AdapterFileModule[] Padded(IReadOnlyList<AdapterFileModule> modules)
    {
        int rank = modules.Max(m => m.Rank);
        return [.. modules.Select(m => m with
        {
            Rank = rank,
            Alpha = rank,
            Down = [.. m.Down, .. new float[(rank - m.Rank) * m.Slot.In]],
            Up = PadColumns(KohyaFile.Scaled(m.Up, m.Scale), m.Slot.Out, m.Rank, rank),
        })];
    }

    /// <summary>Writes the file.</summary>
    /// <returns>What other programs will not make use of, one line each.</returns>
    public static IReadOnlyList<string> Write(string path, IReadOnlyList<AdapterFileModule> modules, IReadOnlyDictionary<string, string> metadata)
    {
        var writer = AdapterTensors.PeftWriter(path, modules, slot => $"{slot.Root.Name}.", metadata);
        bool plain = modules.All(m => m.Rank == modules[0].Rank && m.Alpha == m.Rank);
        if (!plain)
        {
            var all = new JsonObject();
            foreach (IGrouping<string, AdapterFileModule> network in modules.GroupBy(m => m.Slot.Root.Name))
                foreach ((string key, JsonNode? value) in PeftFolder.Config([.. network]))
                    all[$"{network.Key}.{key}"] = value?.DeepClone();
            writer.Metadata[PeftConfig.MetadataKey] = all.ToJsonString();
        }
        writer.Save(path);
        return plain ? [] :
        [
            "ranks or alphas differ between modules or scales are not 1: diffusers before 0.34 scales such a file wrongly, without a word; " +
            "for those versions write it with --pad, or give them kohya's form",
        ];
    }

    private static float[] PadColumns(float[] up, int rows, int rank, int padded)
    {
        var result = new float[rows * padded];
        for (int i = 0; i < rows; i++) Array.Copy(up, i * rank, result, i * padded, rank);
        return result;
    }
}
