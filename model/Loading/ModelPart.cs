using SeLoRA.Engine;

namespace SeLoRA.Model;

/// <summary>One network of a model: its shape, and where its weights lie, not yet read.</summary>
public sealed class ModelPart : IDisposable
{
    private readonly Func<string, string> singleFileName;

    internal ModelPart(string folder, string stem, Module module, string config, ITensorSource source, Func<string, string?> keys,
        Func<string, string> singleFileName)
    {
        (Folder, Stem, Module, Config, Source, Keys) = (folder, stem, module, config, source, keys);
        this.singleFileName = singleFileName;
    }

    /// <summary>Its folder in diffusers' layout.</summary>
    public string Folder { get; }

    /// <summary>Its file there, without ending.</summary>
    public string Stem { get; }

    /// <summary>The network without weights.</summary>
    public Module Module { get; }

    /// <summary>Its <c>config.json</c>.</summary>
    public string Config { get; }

    /// <summary>The file that holds the weights.</summary>
    public ITensorSource Source { get; }

    /// <summary>From the file's names to the network's; null for what is not its.</summary>
    public Func<string, string?> Keys { get; }

    /// <summary>Every weight: its name in diffusers, its name in the file, and its shape in diffusers.</summary>
    /// <exception cref="EngineException">The file does not fit: one line lists every missing, unexpected or misshapen key.</exception>
    public IReadOnlyList<(string Name, string FileName, long[] Shape)> Weights()
    {
        WeightLoader.Compare(Module, Source, Keys).ThrowUnlessFits(Source.Path, Module.GetType().Name);
        var files = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (string file in Source.Names)
            if (Keys(file) is { } name) files.Add(name, file);
        return [.. Module.NamedParameters().Select(p => (p.Name, files[p.Name], Shape(p.Parameter)))];
    }

    /// <summary>A weight's name and shape in a single-file checkpoint.</summary>
    /// <param name="name">Name in diffusers.</param>
    /// <param name="shape">Shape in diffusers.</param>
    public (string Name, long[] Shape) InSingleFile(string name, long[] shape) =>
        (singleFileName(name), Module is AutoencoderKL && LdmNames.IsConvolution(name) && shape.Length == 2 ? [.. shape, 1, 1] : shape);

    /// <summary>Closes the file.</summary>
    public void Dispose() => Source.Dispose();

    private static long[] Shape(Parameter parameter) => [.. parameter.FileShape.ToArray().Select(axis => (long)axis)];
}
