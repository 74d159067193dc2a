using SeLoRA.Engine;

namespace SeLoRA.Train;

/// <summary>
/// In which type U-Net and text encoder compute on a GPU: their frozen weights and activations. Adapters, their gradients and moments, sums,
/// norms and losses are float32 always; so is the VAE, whose latents are computed once. tf32 is float32 throughout whose large products and
/// convolutions, the VAE's and those of networks that score images among them, round their operands to TF32 (<see cref="GpuBackend.AllowsTF32"/>).
/// </summary>
internal static class Precision
{
    /// <summary>What <c>--precision</c> takes.</summary>
    public static readonly string[] Names = ["fp32", "tf32", "bf16", "fp16"];

    /// <summary>The name that holds on a device where none was chosen: bfloat16 on CUDA, else float32.</summary>
    public static string Default(Device device) => device.Kind == DeviceKind.Cuda ? "bf16" : "fp32";

    /// <summary>The type of tensors of a name.</summary>
    /// <exception cref="EngineException">The name is unknown, or the device does not compute in that type.</exception>
    public static DType Of(string name, Device device)
    {
        DType type = name switch
        {
            "fp32" or "tf32" => DType.F32,
            "bf16" => DType.BF16,
            "fp16" => DType.F16,
            _ => throw new EngineException($"--precision {name}: one of {string.Join(", ", Names)} is needed"),
        };
        if (type != DType.F32 && device.Kind == DeviceKind.Cpu)
            throw new EngineException($"--precision {name}: the host computes in float32; use fp32, or choose a GPU with --device");
        if (name == "tf32" && Backend.Get(device) is not GpuBackend { HasTensorCores: true })
            throw new EngineException($"--precision tf32: {device} has no tensor cores for it; use fp32, or a CUDA device of compute capability 8.0 and up");
        return type;
    }

    /// <summary>Makes a device compute as a name says.</summary>
    /// <returns>The type that models are to be loaded in.</returns>
    /// <inheritdoc cref="Of"/>
    public static DType Use(string name, Device device)
    {
        DType type = Of(name, device);
        if (Backend.Get(device) is GpuBackend gpu) gpu.AllowsTF32 = name == "tf32";
        return type;
    }
}
