// Written by bench: tune. Regenerate it on the device that it shall serve, see bench/README.md.
namespace SeLoRA.Engine;

/// <summary>What <see cref="TensorCoreTuned"/> looks up.</summary>
internal static class TensorCoreTunedRows
{
    /// <summary>Where the rows were measured; empty as long as nothing was.</summary>
    public const string DeviceName = "";

    /// <summary>Multiprocessors of that device.</summary>
    public const int Multiprocessors = 0;

    /// <summary>All of them: convolution or not, log2 of M, N and K, tile, splits of K.</summary>
    public static TensorCoreTunedRow[] All { get; } =
    [
    ];
}
