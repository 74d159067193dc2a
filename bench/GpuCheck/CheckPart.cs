namespace SeLoRA.Bench;

/// <summary>What a part of the check runs.</summary>
internal enum CheckKind
{
    /// <summary>The test program, with filters.</summary>
    Tests,

    /// <summary>A verb of this program.</summary>
    Engine,

    /// <summary>A verb of this program under NVIDIA's compute-sanitizer.</summary>
    Sanitizer,

    /// <summary>PyTorch's script, eager.</summary>
    Peer,

    /// <summary>PyTorch's script, compiled.</summary>
    CompiledPeer,
}

/// <summary>One part of the check: a process of its own, so that what goes wrong in one ends no other.</summary>
/// <param name="Name">For people, and for <c>--only</c>.</param>
/// <param name="Kind">What runs.</param>
/// <param name="Seconds">The most it may take where the whole has <see cref="CheckPlan.FullMinutes"/>.</param>
/// <param name="Arguments">Of the program.</param>
internal sealed record CheckPart(string Name, CheckKind Kind, double Seconds, params string[] Arguments);

/// <summary>How a part ended.</summary>
internal enum CheckOutcome
{
    /// <summary>All of it ran and nothing was wrong.</summary>
    Passed,

    /// <summary>Something was wrong, or its time was over.</summary>
    Failed,

    /// <summary>It could not be run here.</summary>
    Skipped,

    /// <summary>The time of the whole did not suffice to begin it.</summary>
    LeftOut,
}

/// <summary>A part that ended.</summary>
/// <param name="Part">The part.</param>
/// <param name="Outcome">How.</param>
/// <param name="Why">In one line; empty where it passed.</param>
/// <param name="Seconds">What it took.</param>
/// <param name="Passed">Tests that passed.</param>
/// <param name="Failed">Tests that failed.</param>
/// <param name="Skipped">Tests of this device that were skipped.</param>
internal sealed record CheckResult(CheckPart Part, CheckOutcome Outcome, string Why, double Seconds = 0, int Passed = 0, int Failed = 0, int Skipped = 0);
