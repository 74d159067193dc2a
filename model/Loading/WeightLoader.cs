using System.Runtime.InteropServices;
using SeLoRA.Engine;

namespace SeLoRA.Model;

/// <summary>Fills a model from a file, tensor by tensor: beyond the model itself, memory for one tensor is needed.</summary>
public static class WeightLoader
{
    /// <summary>
    /// Loads every parameter in the type that it has on the device (<see cref="Parameter.TypeOn"/>): each is converted while it is read, so that a
    /// model whose precision was set before never takes more there than it takes in the end. Nothing is loaded unless every key fits.
    /// </summary>
    /// <param name="model">The model; its class name appears in messages.</param>
    /// <param name="source">Float32, float16 or bfloat16 tensors in PyTorch's layout.</param>
    /// <param name="device">Where the weights shall lie.</param>
    /// <param name="keys">From the file's names to the model's, null for a tensor to ignore; see <see cref="StateDictKeys"/>.</param>
    /// <exception cref="EngineException">
    /// Keys are missing, unexpected or misshapen: one line lists them all. A tensor's type cannot be converted, or it holds NaN, infinity or what is
    /// beyond the type that it gets.
    /// </exception>
    public static void Load(Module model, ITensorSource source, Device device, Func<string, string?> keys)
    {
        var parameters = model.NamedParameters().ToDictionary(p => p.Name, p => p.Parameter, StringComparer.Ordinal);
        Match(parameters, source, keys, out Dictionary<string, string> fileKeys).ThrowUnlessFits(source.Path, model.GetType().Name);

        float[] buffer = [];
        ushort[] halves = [];
        foreach ((string name, Parameter parameter) in parameters)
        {
            string key = fileKeys[name];
            int count = checked((int)parameter.FileShape.Count);
            DType given = HalfType(source, key) ?? DType.F32, type = parameter.TypeOn(device, given);
            if (type == given && type != DType.F32)
            {
                Span<ushort> bits = Room(ref halves, count);
                source.CopyBytes(key, 0, MemoryMarshal.AsBytes(bits));
                CheckFinite(source, key, FiniteCheck.FirstBad(bits, type));
                parameter.LoadHalves(bits, type, device);
                continue;
            }
            Span<float> values = Room(ref buffer, count);
            source.ReadFloat32(key, values);
            CheckFinite(source, key, FiniteCheck.FirstBad(values));
            if (type == DType.F32)
            {
                parameter.Load(values, device);
                continue;
            }
            Span<ushort> narrowed = Room(ref halves, count);
            Narrow(values, narrowed, type);
            CheckFits(source, key, values, FiniteCheck.FirstBad(narrowed, type), type);
            parameter.LoadHalves(narrowed, type, device);
        }
    }

    /// <summary>Compares a file with a model, reading no tensor.</summary>
    /// <inheritdoc cref="Load"/>
    public static KeyReport Compare(Module model, ITensorSource source, Func<string, string?> keys) => Match(
        model.NamedParameters().ToDictionary(p => p.Name, p => p.Parameter, StringComparer.Ordinal), source, keys, out _);

    // A model with such a weight gives nothing but NaN, many layers later.
    private static void CheckFinite(ITensorSource source, string key, int bad)
    {
        if (bad >= 0)
        {
            throw new EngineException($"{source.Path}: tensor '{key}' is not finite (NaN or infinity first at element {bad}); the file is damaged, or was " +
                "made 16-bit from values that are too large for it: get it again");
        }
    }

    private static void CheckFits(ITensorSource source, string key, ReadOnlySpan<float> values, int bad, DType type)
    {
        if (bad >= 0) throw new EngineException($"{source.Path}: tensor '{key}' has the value {values[bad]}, which is beyond {type}: compute in bfloat16 or float32");
    }

    private static Span<T> Room<T>(ref T[] buffer, int count)
    {
        if (buffer.Length < count) buffer = new T[count];
        return buffer.AsSpan(0, count);
    }

    private static void Narrow(ReadOnlySpan<float> values, Span<ushort> bits, DType type)
    {
        if (type == DType.F16) HalfConversion.Float32ToFloat16(values, bits);
        else HalfConversion.Float32ToBFloat16(values, bits);
    }

    /// <summary>The file's type, if that has 16 bits.</summary>
    private static DType? HalfType(ITensorSource source, string key) => source.Tensors[key].DType switch
    {
        SafetensorsDType.F16 => DType.F16,
        SafetensorsDType.BF16 => DType.BF16,
        _ => null,
    };

    private static KeyReport Match(Dictionary<string, Parameter> parameters, ITensorSource source, Func<string, string?> keys,
        out Dictionary<string, string> fileKeys)
    {
        fileKeys = new Dictionary<string, string>(StringComparer.Ordinal);
        List<string> unexpected = [], misshapen = [];
        foreach (string key in source.Names)
        {
            if (keys(key) is not { } name) continue;
            // A name that two keys lead to has one too many.
            if (!parameters.TryGetValue(name, out Parameter? parameter) || !fileKeys.TryAdd(name, key)) unexpected.Add(key);
            else if (!SameShape(source.Tensors[key].Shape, parameter.FileShape))
                misshapen.Add($"{key} ({string.Join('x', source.Tensors[key].Shape)} in the file, {parameter.FileShape} in the model)");
        }
        Dictionary<string, string> found = fileKeys;
        return new KeyReport([.. parameters.Keys.Where(name => !found.ContainsKey(name))], unexpected, misshapen);
    }

    // A linear layer and a 1x1 convolution hold the same numbers: LDM files have [C, C, 1, 1] where diffusers has [C, C].
    private static bool SameShape(ReadOnlySpan<long> file, Shape model)
    {
        if (file.Length is not (2 or 4) || model.Rank is not (2 or 4) || file.Length == model.Rank)
        {
            if (file.Length != model.Rank) return false;
            for (int i = 0; i < file.Length; i++)
                if (file[i] != model[i]) return false;
            return true;
        }
        return file[0] == model[0] && file[1] == model[1]
            && (file.Length == 4 ? file[2] == 1 && file[3] == 1 : model[2] == 1 && model[3] == 1);
    }
}
