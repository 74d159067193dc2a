using SeLoRA.Engine;
using SeLoRA.Model;

namespace SeLoRA.WeightsConvert;

/// <summary>A file of named tensors to safetensors, under the same names.</summary>
internal static class FileConversion
{
    private const string EmaPrefix = "model_ema.", ModelPrefix = "model.";

    /// <summary>Writes the file.</summary>
    /// <param name="source">What is read.</param>
    /// <param name="isCheckpoint">Whether it is a single-file checkpoint: its averaged copy is then left out, or takes the U-Net's place.</param>
    /// <param name="path">The file to write.</param>
    /// <param name="options">What is wanted.</param>
    /// <param name="output">Told the result.</param>
    /// <param name="error">Told the progress.</param>
    /// <param name="cancel">Ends it; nothing is left then.</param>
    public static void Run(ITensorSource source, bool isCheckpoint, string path, ConvertOptions options, TextWriter output, TextWriter error,
        CancellationToken cancel)
    {
        if (options.Ema && !source.Names.Any(IsEma)) throw new EngineException($"{source.Path}: has no averaged copy (EMA) of the U-Net's weights");
        string[] names = [.. source.Names.Where(n => !(isCheckpoint && IsEma(n)))];
        // Names without a dot are tables of the noise schedule, which half precision would spoil.
        ConvertOptions For(string name) => isCheckpoint && !name.Contains('.') ? options with { StoredAs = null } : options;
        var progress = new ConvertProgress(error, names.Sum(n => For(n).Bytes(source.Tensors[n])), cancel);
        var writer = new SafetensorsWriter();
        foreach ((string key, string value) in source.Metadata) writer.Metadata[key] = value;
        writer.Metadata["format"] = "pt";
        foreach (string name in names)
        {
            string from = options.Ema && name.StartsWith(LdmNames.UNetPrefix, StringComparison.Ordinal)
                ? EmaPrefix + name[ModelPrefix.Length..].Replace(".", "", StringComparison.Ordinal) : name;
            if (!source.Tensors.TryGetValue(from, out SafetensorsEntry? entry)) throw new EngineException($"{source.Path}: its averaged copy lacks {Text.Clean(from)}");
            writer.AddCopy(name, source.Tensors[name].Shape, source, from, For(name).For(entry), progress.Add);
        }
        writer.Save(path);
        output.WriteLine($"{path}: {names.Length} tensors, {progress.Finish()}");
        if (isCheckpoint && names.Length < source.Names.Count && !options.Ema)
            output.WriteLine($"left out: {source.Names.Count - names.Length} tensors of the averaged copy (--ema takes them)");
    }

    private static bool IsEma(string name) => name.StartsWith(EmaPrefix, StringComparison.Ordinal);
}
