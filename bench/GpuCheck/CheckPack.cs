using System.CommandLine;
using System.Runtime.InteropServices;
using SeLoRA.Engine;

namespace SeLoRA.Bench;

/// <summary>gpu-check pack: a folder with the check, the tests, the references they need and the .NET runtime, for machines without an SDK.</summary>
internal static class CheckPack
{
    private const string App = "app", Runtime = "dotnet", Script = "run.sh", Framework = "Microsoft.NETCore.App";

    /// <summary>
    /// What no part of the check calls: native libraries of drawing and profiling, the compiler and profilers that BenchmarkDotNet brings, the SDK's
    /// side of testing, references of other tests. The lists of dependencies go too: by them the runtime would miss what was left out.
    /// </summary>
    private static readonly string[] Needless =
    [
        "*.deps.json", "*.pdb", "*.xml", "runtimes/*", "amd64/*", "arm64/*", "x86/*", "Mini/*", "golden/*", "Microsoft.CodeAnalysis*", "Microsoft.Diagnostics.*",
        "Iced.dll", "Gee.External.Capstone.dll", "Dia2Lib.dll", "TraceReloggerLib.dll", "Microsoft.TestPlatform.*", "Microsoft.VisualStudio.*", "testhost.dll",
        "xunit.runner.visualstudio.*",
    ];

    private static readonly string[] Needed = ["golden/models/*"];

    /// <summary>The verb.</summary>
    public static Command Create()
    {
        var folder = new Argument<string>("DIR") { Description = "A new folder; copy it to the machine and start run.sh in it." };
        var command = new Command("pack", "Put the check, its tests, their references and the .NET runtime into a folder for a Linux machine without an SDK.") { folder };
        command.SetAction(result => Write(result.GetRequiredValue(folder)));
        return command;
    }

    private static void Write(string folder)
    {
        if (Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any()) throw new EngineException($"gpu-check pack: {folder} is not empty");
        string framework = RuntimeEnvironment.GetRuntimeDirectory().TrimEnd(Path.DirectorySeparatorChar);
        string version = Path.GetFileName(framework), root = Path.GetFullPath(Path.Combine(framework, "..", "..", ".."));
        if (!OperatingSystem.IsLinux() || RuntimeInformation.ProcessArchitecture != Architecture.X64 || !File.Exists(Path.Combine(root, "dotnet")))
            throw new EngineException("gpu-check pack: packs the runtime that runs it, which must be an installed .NET for Linux on x64");
        Copy(TestProgram.Folder(), Path.Combine(folder, App), file => !Matches(file, Needless) || Matches(file, Needed));
        Copy(framework, Path.Combine(folder, Runtime, "shared", Framework, version), _ => true);
        string resolver = Path.Combine("host", "fxr", version);
        Copy(Path.Combine(root, resolver), Path.Combine(folder, Runtime, resolver), _ => true);
        File.Copy(Path.Combine(root, "dotnet"), Path.Combine(folder, Runtime, "dotnet"));
        string script = Path.Combine(folder, Script);
        File.WriteAllText(script,
            $"""
            #!/bin/sh
            # The GPU check with the .NET runtime beside it; --help names the options.
            here=$(cd "${"{"}0%/*{"}"}" && pwd)
            exec "$here/{Runtime}/dotnet" exec "$here/{App}/SeLoRA.Bench.dll" gpu-check "$@"

            """);
        File.SetUnixFileMode(script, File.GetUnixFileMode(script) | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
        long bytes = new DirectoryInfo(folder).EnumerateFiles("*", SearchOption.AllDirectories).Sum(f => f.Length);
        Console.Error.WriteLine($"{folder}: {bytes / 1e6:F0} MB; tar cJf gpu-check.txz {folder}, and on the machine: {folder}/{Script} --device cuda:0");
    }

    private static void Copy(string from, string to, Func<string, bool> takes)
    {
        foreach (string file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            string relative = Path.GetRelativePath(from, file);
            if (!takes(relative)) continue;
            string target = Path.Combine(to, relative);
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
    }

    private static bool Matches(string file, string[] patterns) =>
        patterns.Any(pattern => System.IO.Enumeration.FileSystemName.MatchesSimpleExpression(pattern, file.Replace('\\', '/')));
}
