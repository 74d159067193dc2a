using System.Globalization;

namespace SeLoRA.Engine;

/// <summary>Families of devices a tensor can live on.</summary>
public enum DeviceKind
{
    /// <summary>The host processor: SIMD code on all cores.</summary>
    Cpu,

    /// <summary>An NVIDIA GPU through CUDA.</summary>
    Cuda,

    /// <summary>An OpenCL device.</summary>
    OpenCl,
}

/// <summary>A device by kind and index, written <c>cpu</c>, <c>cuda:0</c>, <c>opencl:1</c>.</summary>
public readonly record struct Device(DeviceKind Kind, int Index)
{
    /// <summary>The host.</summary>
    public static Device Cpu => default;

    /// <summary>CUDA device <paramref name="index"/>.</summary>
    public static Device Cuda(int index = 0) => new(DeviceKind.Cuda, index);

    /// <summary>OpenCL device <paramref name="index"/>.</summary>
    public static Device OpenCl(int index = 0) => new(DeviceKind.OpenCl, index);

    /// <summary>
    /// Reads <c>cpu</c>, <c>cuda</c>, <c>cuda:1</c>, <c>opencl</c>, <c>opencl:0</c>, or <c>auto</c>: the first CUDA device, else the
    /// first OpenCL GPU, else the host. Anything else is an error that lists what is accepted.
    /// </summary>
    public static Device Parse(string text)
    {
        string[] parts = text.Trim().ToLowerInvariant().Split(':');
        int index = 0;
        bool wellFormed = parts.Length == 1 || (parts.Length == 2
            && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out index));
        if (wellFormed)
        {
            switch (parts[0])
            {
                case "auto" when parts.Length == 1: return DeviceDiscovery.Auto();
                case "cpu" when index == 0: return Cpu;
                case "cuda": return Cuda(index);
                case "opencl": return OpenCl(index);
            }
        }
        return Check.Fail<Device>($"device '{text}' is not one of auto, cpu, cuda:<i>, opencl:<i>");
    }

    /// <inheritdoc/>
    public override string ToString() => Kind switch
    {
        DeviceKind.Cpu => "cpu",
        DeviceKind.Cuda => $"cuda:{Index}",
        _ => $"opencl:{Index}",
    };
}
