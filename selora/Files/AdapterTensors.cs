using SeLoRA.Engine;

namespace SeLoRA.Adapters;

/// <summary>Puts adapters' factors into a safetensors file.</summary>
internal static class AdapterTensors
{
    // Metadata that hold for one form or one file only.
    private static readonly string[] NotCarriedOver = [PeftConfig.MetadataKey, "sshs_model_hash", "sshs_legacy_hash", "format"];

    /// <summary>Adds a factor.</summary>
    /// <exception cref="EngineException">A value is not finite, or too large for float16.</exception>
    public static void Add(SafetensorsWriter writer, string path, string name, long[] shape, float[] values, SafetensorsDType storedAs)
    {
        foreach (float value in values)
        {
            if (!float.IsFinite(value)) throw new EngineException($"{path}: {name} holds {value}; the training diverged, nothing was written");
            if (storedAs == SafetensorsDType.F16 && !float.IsFinite((float)(Half)value))
                throw new EngineException($"{path}: {name} holds {value}, float16 ends at 65504; write float32 instead");
        }
        writer.AddFloat32(name, shape, values, storedAs);
    }

    /// <summary>A writer of both factors of each module under PEFT's endings, with the metadata that hold for any form.</summary>
    /// <param name="path">The file, for messages.</param>
    /// <param name="modules">What to write.</param>
    /// <param name="prefix">In front of a module's name.</param>
    /// <param name="metadata">Metadata of the file they come from.</param>
    public static SafetensorsWriter PeftWriter(string path, IEnumerable<AdapterFileModule> modules, Func<AdapterSlot, string> prefix,
        IReadOnlyDictionary<string, string> metadata)
    {
        var writer = new SafetensorsWriter();
        foreach (AdapterFileModule module in modules)
        {
            string name = prefix(module.Slot) + module.Slot.ModuleName;
            Add(writer, path, name + AdapterTensorNames.PeftDown, module.Slot.DownShape(module.Rank), module.Down, module.StoredAs);
            Add(writer, path, name + AdapterTensorNames.PeftUp, module.Slot.UpShape(module.Rank), module.Up, module.StoredAs);
        }
        foreach ((string key, string value) in CarriedOver(metadata)) writer.Metadata[key] = value;
        // transformers refuses a file without it.
        writer.Metadata["format"] = "pt";
        return writer;
    }

    /// <summary>Metadata that stay true when a file is written in another form.</summary>
    public static IEnumerable<KeyValuePair<string, string>> CarriedOver(IReadOnlyDictionary<string, string> metadata) =>
        metadata.Where(pair => !NotCarriedOver.Contains(pair.Key));
}
