using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using SeLoRA.Engine;

namespace SeLoRA.Bench;

/// <summary>The training program without arguments, as a newcomer starts it: when does it show life, and when does it train?</summary>
internal static partial class DefaultRunStartup
{
    private const string FirstOutput = "first_output", FirstProgress = "first_progress", FirstStep = "first_step";

    /// <summary>Measures in new processes, ended after their first training step.</summary>
    public static void Measure(int rounds)
    {
        for (int i = 0; i < rounds; i++)
        {
            DirectoryInfo folder = Directory.CreateTempSubdirectory("selora-startup-");
            try
            {
                Report(Time(folder.FullName));
            }
            finally
            {
                folder.Delete(recursive: true);
            }
        }
    }

    private static Dictionary<string, double> Time(string folder)
    {
        ProcessStartInfo info = ProgramFile.StartInfo("SeLoRA.Train", ["--out", Path.Combine(folder, "run")]);
        info.RedirectStandardOutput = true;
        var seen = new Dictionary<string, double>(StringComparer.Ordinal);
        long start = Stopwatch.GetTimestamp();
        using Process process = Process.Start(info)!;
        while (!seen.ContainsKey(FirstStep) && process.StandardOutput.ReadLine() is { } line)
        {
            double ms = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            seen.TryAdd(FirstOutput, ms);
            // Where output goes to a file every job's first state is a line: "encoding images 8/320 ...", "step 1/200 ...".
            if (Progress().IsMatch(line)) seen.TryAdd(FirstProgress, ms);
            if (line.StartsWith("step ", StringComparison.Ordinal)) seen.TryAdd(FirstStep, ms);
        }
        bool trained = seen.ContainsKey(FirstStep);
        if (trained) process.Kill();
        process.WaitForExit();
        return trained ? seen : throw new EngineException($"startup default-run: the program ended with exit code {process.ExitCode} before its first step");
    }

    [GeneratedRegex("^[a-z ]+ [0-9]+/[0-9]+ ")]
    private static partial Regex Progress();

    private static void Report(Dictionary<string, double> seen)
    {
        var record = new JsonObject { ["task"] = "startup-default-run", ["model"] = "mini", ["ms"] = Math.Round(seen[FirstStep], 2) };
        foreach ((string what, double ms) in seen) record[$"ms_{what}"] = Math.Round(ms, 2);
        Machine.Describe(record, Device.Cpu);
        record["load_after"] = Machine.Load();
        Console.WriteLine(record.ToJsonString());
        Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"startup default-run: first output {seen[FirstOutput]:F0} ms, first progress {seen[FirstProgress]:F0} ms, first training step {seen[FirstStep]:F0} ms"));
    }
}
