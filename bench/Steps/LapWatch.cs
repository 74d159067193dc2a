using System.Diagnostics;

namespace SeLoRA.Bench;

/// <summary>Milliseconds of the parts of a step.</summary>
internal static class LapWatch
{
    /// <summary>Runs a step, which calls its argument with the name of each part when it is done; parts of one name add up.</summary>
    public static Dictionary<string, double> Time(Action<Action<string>> step)
    {
        var laps = new Dictionary<string, double>(StringComparer.Ordinal);
        long last = Stopwatch.GetTimestamp();
        step(name =>
        {
            laps[name] = laps.GetValueOrDefault(name) + Stopwatch.GetElapsedTime(last).TotalMilliseconds;
            last = Stopwatch.GetTimestamp();
        });
        return laps;
    }
}
