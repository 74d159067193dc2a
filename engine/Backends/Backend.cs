using System.Collections.Concurrent;

namespace SeLoRA.Engine;

/// <summary>
/// Finds the one backend of each device; it is opened at first use and lives as long as the process, hence cannot be disposed. Any thread may
/// ask, and several threads may use one backend, or several, at once: on the host side by side, on a GPU one primitive at a time.
/// </summary>
public static class Backend
{
    private static readonly ConcurrentDictionary<Device, Lazy<IBackend>> Opened = new();

    /// <summary>The backend of <paramref name="device"/>. A device that cannot be opened is an error that says which step failed.</summary>
    public static IBackend Get(Device device) => Opened.GetOrAdd(device, d => new Lazy<IBackend>(() => Open(d))).Value;

    private static IBackend Open(Device device) =>
        device.Kind == DeviceKind.Cpu ? new HostBackend() : DeviceDiscovery.Open(device);
}
