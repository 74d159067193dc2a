using System.CommandLine;
using SeLoRA.Engine;

namespace SeLoRA.Bench;

/// <summary>
/// Measuring everything several times over: one line of results a round, of which <c>compare</c> takes the median. Noise on a shared
/// machine comes in stretches, and rounds lie further apart than chunks of calls.
/// </summary>
internal static class Rounds
{
    /// <summary>The option.</summary>
    public static Option<int> Option() => new("--rounds")
    { HelpName = "N", Description = "Measure everything N times over, a line each; compare takes the median (1).", DefaultValueFactory = _ => 1 };

    /// <summary>Its value.</summary>
    public static int Of(ParseResult result, Option<int> option) =>
        result.GetValue(option) is var n && n >= 1 ? n : throw new EngineException($"--rounds {n}: at least 1 is needed");
}
