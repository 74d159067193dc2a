using SeLoRA.Engine;

namespace SeLoRA.Adapters;

/// <summary>Writes adapters that were read from a file, in the form of one's choice.</summary>
public static class AdapterWriter
{
    /// <summary>Writes a file, or for PEFT a folder. Ranks, alphas and factors are kept bit for bit, except where the form or
    /// <paramref name="padded"/> folds scales into the up factors.</summary>
    /// <param name="path">The file (an old one is replaced at once) or folder (which must not exist).</param>
    /// <param name="format">The form.</param>
    /// <param name="modules">What to write.</param>
    /// <param name="metadata">Metadata of the file they come from; those that stay true are kept.</param>
    /// <param name="padded">For <see cref="AdapterFormat.Diffusers"/>: one rank and scale 1 for all modules, for versions before 0.34.</param>
    /// <returns>What other programs will not make use of, one line each; usually empty.</returns>
    /// <exception cref="EngineException">Nothing to write, a value that float16 cannot hold, or the system refuses the writing.</exception>
    public static IReadOnlyList<string> Write(string path, AdapterFormat format, IReadOnlyList<AdapterFileModule> modules,
        IReadOnlyDictionary<string, string> metadata, bool padded = false)
    {
        if (modules.Count == 0) throw new EngineException($"{path}: no module is left, nothing to write");
        switch (format)
        {
            case AdapterFormat.Peft:
                PeftFolder.Write(path, modules, metadata);
                return [];
            case AdapterFormat.Diffusers:
                return DiffusersFile.Write(path, padded ? DiffusersFile.Padded(modules) : modules, metadata);
            default:
                AdapterFileModule[] written = format == AdapterFormat.SeLoRA ? KohyaFile.WithOneAlpha(modules) : [.. modules];
                return KohyaFile.Write(path, written, Metadata(written, metadata));
        }
    }

    private static SortedDictionary<string, string> Metadata(AdapterFileModule[] modules, IReadOnlyDictionary<string, string> source)
    {
        SortedDictionary<string, string> keys = AdapterMetadata.Basics(modules);
        string dim = keys["ss_network_dim"], alpha = keys["ss_network_alpha"];
        foreach ((string key, string value) in AdapterTensors.CarriedOver(source)) keys[key] = value;
        // These two are facts about this file, not about its training.
        (keys["ss_network_dim"], keys["ss_network_alpha"]) = (dim, alpha);
        return keys;
    }
}
