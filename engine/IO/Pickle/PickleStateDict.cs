namespace SeLoRA.Engine;

/// <summary>Finds the named tensors in what a pickle holds.</summary>
internal static class PickleStateDict
{
    // Where trainers put it, in the order of preference: a plain state dict before an average of it.
    private static readonly string[] Wrappers =
        ["state_dict", "model_state_dict", "model", "module", "params", "generator", "weights", "ema_state_dict", "state_dict_ema", "model_ema", "ema", "params_ema"];

    private const int DeepestWrapper = 4;

    /// <summary>The tensors in the order of the file.</summary>
    /// <exception cref="EngineException">There is no dictionary of tensors, or it has a name twice.</exception>
    public static List<(string Name, PickleTensor Tensor)> Find(object? root, string path)
    {
        PickleDict? dict = Search(root, DeepestWrapper, []);
        if (dict is null)
        {
            string[] keys = root is PickleDict top ? [.. top.Items.Select(i => i.Key as string ?? "?")] : [];
            throw new EngineException($"{path}: holds no dictionary of tensors" + (keys.Length > 0 ? $"; its top level has {SafetensorsText.List(keys)}" : ""));
        }
        var tensors = new List<(string, PickleTensor)>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach ((object? key, object? value) in dict.Items)
        {
            if (key is not string name || value is not PickleTensor tensor) continue;
            if (!names.Add(name)) throw new EngineException($"{path}: has tensor {SafetensorsText.Quote(name)} twice");
            tensors.Add((name, tensor));
        }
        return tensors;
    }

    // Only through known names, and only down: what a file nests or shares elsewhere is never walked. A dictionary that led to nothing at
    // some depth is not walked again at that depth: a few thousand bytes can name one so often that the ways to it have no end.
    private static PickleDict? Search(object? value, int deepest, HashSet<(PickleDict, int)> inVain)
    {
        if (value is not PickleDict dict || inVain.Contains((dict, deepest))) return null;
        if (deepest > 0)
        {
            foreach (string wrapper in Wrappers)
                foreach ((object? key, object? inner) in dict.Items)
                    if (key is string name && name == wrapper && Search(inner, deepest - 1, inVain) is { } found) return found;
        }
        if (dict.Items.Any(item => item is { Key: string, Value: PickleTensor })) return dict;
        inVain.Add((dict, deepest));
        return null;
    }
}
