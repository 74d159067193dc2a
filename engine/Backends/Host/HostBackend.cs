namespace SeLoRA.Engine;

/// <summary>The host processor: SIMD code at the widest vector the machine has, on all cores.</summary>
public sealed partial class HostBackend : IBackend
{
    /// <inheritdoc/>
    public Device Device => Device.Cpu;

    /// <inheritdoc/>
    public string Name => "host";

    /// <inheritdoc/>
    public MemoryStats Memory => default;
}
