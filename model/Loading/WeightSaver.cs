using SeLoRA.Engine;

namespace SeLoRA.Model;

/// <summary>Writes a model's weights as one safetensors file in PyTorch's layout, under its own names.</summary>
public static class WeightSaver
{
    /// <summary>Writes or replaces the file.</summary>
    /// <param name="model">A model whose weights are loaded.</param>
    /// <param name="path">Where the file shall be.</param>
    /// <param name="storedAs">F32, F16 or BF16.</param>
    /// <exception cref="EngineException">A value does not fit into float16, or the system refuses the writing.</exception>
    public static void Save(Module model, string path, SafetensorsDType storedAs)
    {
        var writer = new SafetensorsWriter();
        // transformers refuses a file without it.
        writer.Metadata["format"] = "pt";
        foreach ((string name, Parameter parameter) in model.NamedParameters())
        {
            long[] shape = [.. parameter.FileShape.ToArray().Select(axis => (long)axis)];
            float[]? values = null;
            writer.AddFloat32(name, shape, (first, part) =>
            {
                // Stretches come in order: the tensor is fetched with the first and let go with the last.
                values ??= Fetch(path, name, parameter, storedAs);
                values.AsSpan(checked((int)first), part.Length).CopyTo(part);
                if (first + part.Length == values.Length) values = null;
            }, storedAs);
        }
        writer.Save(path);
    }

    private static float[] Fetch(string path, string name, Parameter parameter, SafetensorsDType storedAs)
    {
        float[] values = parameter.ToFileLayout();
        if (storedAs != SafetensorsDType.F16) return values;
        foreach (float value in values)
        {
            if (MathF.Abs(value) >= 65520f)
                throw new EngineException($"{path}: {name} has the value {value}, float16 ends at 65504; store it as F32 or BF16");
        }
        return values;
    }
}
