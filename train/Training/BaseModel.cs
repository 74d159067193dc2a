using SeLoRA.Adapters;
using SeLoRA.Engine;
using SeLoRA.Model;

namespace SeLoRA.Train;

/// <summary>The model that a config trains on top of.</summary>
internal static class BaseModel
{
    /// <summary>Loads it, and adds the adapters that the config names to its weights.</summary>
    /// <param name="config">Resolved.</param>
    /// <param name="device">Where it shall lie.</param>
    /// <param name="precision">What U-Net and text encoder compute in; see <see cref="Precision.Use"/>.</param>
    /// <exception cref="EngineException">A file is missing, damaged, or fits no layer of the model.</exception>
    public static StableDiffusionModel Load(RunConfig config, Device device, DType precision)
    {
        StableDiffusionModel model = ModelFolder.Open(config.IsMini ? MiniModel.Folder : config.Model, config.Tokenizer).Load(device, precision);
        if (config.Adapters.Count == 0) return model;
        using AdapterSet set = AdapterFile.Load([.. config.Adapters.Select(AdapterSource.Parse)], Methods.Roots(model), out IReadOnlyList<string> warnings);
        foreach (string warning in warnings) Console.Error.WriteLine($"warning: {warning}");
        set.Merge();
        Console.WriteLine($"merged    {string.Join(", ", config.Adapters)}: {set.Adapters.Count} layers of the model");
        return model;
    }
}
