using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>The SDK's own commands, in processes that are all gone when a command ends.</summary>
internal static class DotnetSdk
{
    // The SDK names its host to the processes that it starts.
    private static readonly string Host = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? TrainingProcess.Host;

    /// <summary>Why there is none; null where one is found that builds the working copy.</summary>
    public static string? Missing { get; } = WhyMissing();

    /// <summary>Runs <c>dotnet</c>; an exit code other than 0 fails the test with what was printed.</summary>
    /// <param name="folder">Working folder.</param>
    /// <param name="arguments">Arguments.</param>
    /// <returns>What was printed.</returns>
    public static string Run(string folder, params string[] arguments) => RunProgram(Host, folder, arguments);

    /// <summary>Runs a program in the same way.</summary>
    /// <param name="file">The program.</param>
    /// <param name="folder">Working folder.</param>
    /// <param name="arguments">Arguments.</param>
    /// <returns>What was printed.</returns>
    public static string RunProgram(string file, string folder, params string[] arguments)
    {
        (int code, string output) = Start(file, folder, arguments);
        Assert.True(code == 0, $"{Path.GetFileName(file)} {string.Join(' ', arguments)}: exit code {code}\n{output}");
        return output;
    }

    private static string? WhyMissing()
    {
        if (Repository.Root is not { } root) return "no working copy around the test assembly";
        try
        {
            (int code, string output) = Start(Host, root, "--version");
            return code == 0 ? null : $"no .NET SDK: {output.Split('\n')[0]}";
        }
        catch (Win32Exception e)
        {
            return $"no .NET SDK: {e.Message}";
        }
    }

    private static (int Code, string Output) Start(string file, string folder, params string[] arguments)
    {
        var info = new ProcessStartInfo(file, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        // Servers would live on and keep the output open.
        info.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        info.Environment["UseSharedCompilation"] = "false";
        // It would win over the folder that PackageFeed names.
        info.Environment.Remove("NUGET_PACKAGES");
        // Installed tools look for a runtime there, before the places where systems have one.
        info.Environment["DOTNET_ROOT"] = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", ".."));
        info.Environment["DOTNET_NOLOGO"] = "1";
        info.Environment["DOTNET_CLI_UI_LANGUAGE"] = "en";
        using Process process = Process.Start(info)!;
        (int code, string output, string error) = TrainingProcess.End(process);
        return (code, output + error);
    }
}
