using System.CommandLine;
using SeLoRA.Engine;

namespace SeLoRA.Bench;

/// <summary>Types of floats under the names of the PyTorch script.</summary>
internal static class Dtypes
{
    /// <summary>fp32, bf16, fp16.</summary>
    public static IReadOnlyDictionary<string, DType> ByName { get; } =
        new Dictionary<string, DType> { ["fp32"] = DType.F32, ["bf16"] = DType.BF16, ["fp16"] = DType.F16 };

    /// <summary>The name of a type.</summary>
    public static string Name(DType type) => ByName.First(pair => pair.Value == type).Key;

    /// <summary>The option for what is computed in.</summary>
    public static Option<string> Option() => new("--dtype")
    { HelpName = "TYPE", Description = "fp32, bf16 or fp16; the host computes in fp32 only (fp32).", DefaultValueFactory = _ => "fp32" };

    /// <summary>Its value.</summary>
    /// <exception cref="EngineException">No such type, or the device does not compute in it.</exception>
    public static DType Of(ParseResult result, Option<string> option, Device device)
    {
        string name = result.GetValue(option)!;
        if (!ByName.TryGetValue(name, out DType type)) throw new EngineException($"--dtype {name}: one of {string.Join(", ", ByName.Keys)} is needed");
        if (type != DType.F32 && device.Kind == DeviceKind.Cpu) throw new EngineException($"--dtype {name}: the host computes in fp32 only; choose a GPU with --device");
        return type;
    }
}
