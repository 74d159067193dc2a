using SeLoRA.Engine;

namespace SeLoRA.Bench;

/// <summary>What a GPU check shall be.</summary>
/// <param name="Device">What is checked.</param>
/// <param name="Model">sd15, or tiny to try the check itself out.</param>
/// <param name="Minutes">Time for everything.</param>
/// <param name="Folder">Where results go.</param>
/// <param name="Peer">PyTorch's script, or null.</param>
internal sealed record CheckOptions(Device Device, string Model, double Minutes, string Folder, string? Peer);
