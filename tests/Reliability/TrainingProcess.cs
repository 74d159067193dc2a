using System.Diagnostics;
using System.Runtime.InteropServices;
using SeLoRA.Train;

namespace SeLoRA.Tests;

/// <summary>The training program in a process of its own, which may be killed, starved and robbed of its disk.</summary>
internal static partial class TrainingProcess
{
    /// <summary>A run of a few quick steps of the mini model.</summary>
    public static readonly string[] Short = ["--device", "cpu", "--phantoms", "20", "--batch", "2", "--test-every", "3", "--sample-steps", "0"];

    /// <summary>The host that runs .NET programs here.</summary>
    public static string Host => Environment.ProcessPath is { } path && Path.GetFileNameWithoutExtension(path) == "dotnet" ? path : "dotnet";

    /// <summary>The program's assembly.</summary>
    public static string Assembly => typeof(Program).Assembly.Location;

    /// <summary>Starts it.</summary>
    public static Process Start(params string[] arguments) => StartAny(Host, [Assembly, .. arguments]);

    /// <summary>Starts it with a variable of its environment set.</summary>
    public static Process StartWith(string variable, string value, params string[] arguments)
    {
        ProcessStartInfo start = Caught(Host, [Assembly, .. arguments]);
        start.Environment[variable] = value;
        return Process.Start(start)!;
    }

    /// <summary>Starts any program with its output caught.</summary>
    public static Process StartAny(string file, params string[] arguments) => Process.Start(Caught(file, arguments))!;

    /// <summary>Waits for its end.</summary>
    public static (int Code, string Output, string Error) End(Process process)
    {
        Task<string> output = process.StandardOutput.ReadToEndAsync(), error = process.StandardError.ReadToEndAsync();
        process.WaitForExit();
        return (process.ExitCode, output.Result, error.Result);
    }

    /// <summary>Runs a shell script with arguments.</summary>
    public static (int Code, string Output, string Error) Shell(string script, params string[] arguments)
    {
        using Process process = StartAny("/bin/sh", ["-c", script, "sh", .. arguments]);
        return End(process);
    }

    private static ProcessStartInfo Caught(string file, string[] arguments) => new(file, arguments)
    {
        RedirectStandardOutput = true,
        RedirectStandardError = true,
        UseShellExecute = false,
    };

    [LibraryImport("libc", EntryPoint = "kill")]
    public static partial int Signal(int process, int signal);
}
