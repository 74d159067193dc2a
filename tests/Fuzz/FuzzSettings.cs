using System.Globalization;

namespace SeLoRA.Tests;

/// <summary>What the environment asks of the fuzz tests; <c>docs/reliability.md</c> says how to use it.</summary>
internal static class FuzzSettings
{
    /// <summary><c>SELORA_FUZZ_COUNT</c>: inputs of each reader.</summary>
    public static int Count { get; } = (int)(Number("SELORA_FUZZ_COUNT") ?? 10_000);

    /// <summary><c>SELORA_FUZZ_SEED</c>: other inputs.</summary>
    public static ulong Seed { get; } = Number("SELORA_FUZZ_SEED") ?? 42;

    /// <summary><c>SELORA_FUZZ_INDEX</c>: this input only, which is kept.</summary>
    public static int? Index { get; } = (int?)Number("SELORA_FUZZ_INDEX");

    private static ulong? Number(string name) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } text ? ulong.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture) : null;
}
