using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace SeLoRA.Tests;

/// <summary>NVIDIA's assembler, where one is found: SELORA_PTXAS, else ptxas on the PATH.</summary>
internal static partial class PtxAssembler
{
    /// <summary>The target of every kernel: the least that has cp.async and bfloat16 products.</summary>
    public const string Target = "sm_80";

    // A multiprocessor of sm_80: 65,536 registers, given to warps in units of 256; 164 KB of shared memory, of which a group takes 1 KB more.
    private const int RegistersEach = 65536, SharedBytesEach = 164 * 1024, SharedReserved = 1024;

    /// <summary>Why tests skip without one.</summary>
    public const string Absent = "no ptxas: neither SELORA_PTXAS nor the PATH names NVIDIA's assembler";

    /// <summary>The assembler's path, or null.</summary>
    public static string? Find() => Environment.GetEnvironmentVariable("SELORA_PTXAS") ?? OnPath("ptxas");

    /// <summary>The disassembler, beside the assembler or on the PATH, or null.</summary>
    public static string? FindDisassembler(string ptxas)
    {
        string beside = Path.Combine(Path.GetDirectoryName(ptxas) ?? "", FileName("cuobjdump"));
        return File.Exists(beside) ? beside : OnPath("cuobjdump");
    }

    /// <summary>Assembles a kernel into a file; what the assembler said.</summary>
    public static async Task<(int Code, string Said)> Assemble(string ptxas, string ptx, string source, string binary)
    {
        await File.WriteAllTextAsync(source, ptx);
        return await Run(ptxas, ["-arch", Target, "-v", source, "-o", binary]);
    }

    /// <summary>A cubin's machine code.</summary>
    public static async Task<string> Disassemble(string cuobjdump, string binary) => (await Run(cuobjdump, ["-sass", binary])).Said;

    /// <summary>Bytes of stack, spill stores and spill loads; null where the assembler did not say.</summary>
    public static (int Stack, int Stores, int Loads)? Stack(string said) => StackUse().Match(said) is { Success: true } use
        ? (Number(use.Groups[1]), Number(use.Groups[2]), Number(use.Groups[3])) : null;

    /// <summary>Registers a thread, and bytes of static shared memory a group.</summary>
    public static (int Registers, int SharedBytes) Use(string said) =>
        (Number(Registers().Match(said).Groups[1]), Shared().Match(said) is { Success: true } shared ? Number(shared.Groups[1]) : 0);

    /// <summary>Groups that a multiprocessor has room for.</summary>
    public static int Groups(int registers, int sharedBytes, int threads) =>
        Math.Min(RegistersEach / ((registers + 7) / 8 * 8 * threads), SharedBytesEach / (sharedBytes + SharedReserved));

    private static string? OnPath(string program) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .Select(folder => Path.Combine(folder, FileName(program))).FirstOrDefault(File.Exists);

    private static string FileName(string program) => OperatingSystem.IsWindows() ? program + ".exe" : program;

    private static int Number(Group group) => int.Parse(group.Value, CultureInfo.InvariantCulture);

    private static async Task<(int Code, string Said)> Run(string program, string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        Task<string> said = process.StandardOutput.ReadToEndAsync(), complained = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, await said + await complained);
    }

    [GeneratedRegex(@"(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads")]
    private static partial Regex StackUse();

    [GeneratedRegex(@"Used (\d+) registers")]
    private static partial Regex Registers();

    [GeneratedRegex(@"(\d+) bytes smem")]
    private static partial Regex Shared();
}
