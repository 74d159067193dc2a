using SeLoRA.Engine;

namespace SeLoRA.Adapters;

/// <summary>
/// Names of layers in kohya's form: <c>lora_unet_</c> or <c>lora_te_</c> and the module's name with every dot an underscore. That cannot
/// be undone by parsing, so names are looked up in a table made from the model.
/// </summary>
internal static class AdapterKeys
{
    public const string Down = ".lora_down.weight";
    public const string Up = ".lora_up.weight";
    public const string Alpha = ".alpha";

    /// <summary>Key of a layer without the tensor's own part.</summary>
    public static string Of(AdapterTarget target) => Of(target.Root, target.ModuleName);

    /// <summary>All layers of the networks that can have an adapter, by their keys.</summary>
    public static Dictionary<string, AdapterTarget> Table(IReadOnlyList<AdapterRoot> roots)
    {
        var table = new Dictionary<string, AdapterTarget>(StringComparer.Ordinal);
        foreach (AdapterTarget target in AdapterTargets.Layers(roots))
        {
            if (!table.TryAdd(Of(target), target))
                throw new EngineException($"{target.FullName}: shares the key {Of(target)} with {table[Of(target)].FullName}");
        }
        return table;
    }

    /// <summary>Keys of the convolutions, which files may have adapters for and this program has none.</summary>
    public static HashSet<string> Convolutions(IReadOnlyList<AdapterRoot> roots) =>
        (from root in roots
         from named in root.Module.NamedModules()
         where named.Module is Conv2d
         select Of(root, named.Name)).ToHashSet(StringComparer.Ordinal);

    private static string Of(AdapterRoot root, string module)
    {
        string prefix = root.Name == "text_encoder" ? "te" : root.Name;
        return $"lora_{prefix}_{module.Replace('.', '_')}";
    }
}
