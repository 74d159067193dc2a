using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using SeLoRA.Engine;
using SeLoRA.Train;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>The signal of Ctrl-C and of kill, sent to a training process of its own.</summary>
[Collection("command line")]
public partial class InterruptionTests
{
    private const int SignalInterrupt = 2, SignalTerminate = 15;

    [Theory]
    [InlineData(SignalInterrupt)]
    [InlineData(SignalTerminate)]
    public void A_stopped_run_saves_and_goes_on_to_the_same_bits(int signal)
    {
        if (OperatingSystem.IsWindows()) Assert.Skip("signals are sent with kill(2), which Windows does not have");
        using var folder = new TemporaryFolder();
        string stopped = folder.File("stopped"), whole = folder.File("whole");
        string[] common = ["--device", "cpu", "--phantoms", "20", "--batch", "4", "--test-every", "3", "--sample-steps", "0"];
        Assert.Equal(Program.Interrupted, Interrupt([.. common, "--steps", "100000", "--out", stopped], signal));
        int step = int.Parse(Last(stopped)[5..11], CultureInfo.InvariantCulture);
        string steps = (step + 2).ToString(CultureInfo.InvariantCulture);
        Assert.Equal(0, Program.Main(["--resume", stopped, "--steps", steps]));
        Assert.Equal(0, Program.Main([.. common, "--steps", steps, "--out", whole]));
        Assert.Equal(Last(whole), Last(stopped));
        Assert.Equal(State(whole), State(stopped));
    }

    /// <summary>Starts the command line, signals it after its first step, and gives its exit code.</summary>
    private static int Interrupt(string[] arguments, int signal)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath is { } path && Path.GetFileNameWithoutExtension(path) == "dotnet" ? path : "dotnet")
        {
            RedirectStandardOutput = true,
            UseShellExecute = false,
        };
        start.ArgumentList.Add(typeof(Program).Assembly.Location);
        foreach (string argument in arguments) start.ArgumentList.Add(argument);
        using Process process = Process.Start(start)!;
        bool sent = false;
        while (process.StandardOutput.ReadLine() is { } line)
        {
            if (sent || !line.StartsWith("step 1/", StringComparison.Ordinal)) continue;
            Assert.Equal(0, Kill(process.Id, signal));
            sent = true;
        }
        process.WaitForExit();
        Assert.True(sent, "the run ended before its first step");
        return process.ExitCode;
    }

    private static string Last(string run) => Path.GetFileName(Directory.GetFiles(Path.Combine(run, "checkpoints")).Order().Last());

    private static Dictionary<string, string> State(string run)
    {
        using SafetensorsReader reader = SafetensorsReader.Open(Path.Combine(run, "checkpoints", Last(run)));
        return reader.Names.ToDictionary(n => n, n => Convert.ToHexString(reader.Bytes(n)));
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);
}
