using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.InteropServices;
using SeLoRA.Engine;

namespace SeLoRA.Train;

/// <summary>
/// Runs the cells of a comparison on several devices at once, each cell in a process of its own: the same command with <c>--cell</c>. What a cell
/// prints goes to a file beside its folder.
/// </summary>
/// <param name="arguments">The command line of the comparison.</param>
/// <param name="cells">All cells in their order; finished ones are left as they are.</param>
internal sealed class CellProcesses(IReadOnlyList<string> arguments, IReadOnlyList<ComparisonCell> cells)
{
    private readonly ConcurrentQueue<int> waiting = new();
    private int failed;

    /// <summary>Runs what is not finished; a device takes the next cell when it is done with one.</summary>
    /// <param name="devices">Devices; one that stands twice runs two cells at a time.</param>
    /// <param name="cancel">Asks the running cells to save and stop, and starts no more.</param>
    /// <returns>0, or the exit code of the first cell that failed; those that ran beside it are finished first.</returns>
    public int Run(IReadOnlyList<string> devices, CancellationToken cancel)
    {
        for (int i = 0; i < cells.Count; i++)
        {
            if (cells[i].IsFinished) Console.WriteLine($"{Title(i)}: done already");
            else waiting.Enqueue(i);
        }
        // The first error of a worker as it is, not wrapped.
        Task.WhenAll(devices.Select(device => Task.Run(() => Work(device, cancel), CancellationToken.None))).GetAwaiter().GetResult();
        cancel.ThrowIfCancellationRequested();
        return failed;
    }

    /// <summary>In a cell's process: cancelled when the one that started it asks for it, or is no more.</summary>
    /// <param name="cancel">Cancels as well.</param>
    public static CancellationTokenSource Asked(CancellationToken cancel)
    {
        var source = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        // Nothing is ever written to this pipe: it ends with its other side.
        Task.Run(() =>
        {
            Console.In.ReadToEnd();
            source.Cancel();
        }, CancellationToken.None);
        return source;
    }

    private string Title(int i) => $"cell {i + 1} of {cells.Count}: {cells[i].Name}, seed {cells[i].Config.Seed}";

    private async Task Work(string device, CancellationToken cancel)
    {
        while (!cancel.IsCancellationRequested && Volatile.Read(ref failed) == 0 && waiting.TryDequeue(out int i))
        {
            string title = $"{Title(i)}, on {device}", log = cells[i].Config.Out + ".log";
            Console.WriteLine($"{title}: started, output in {log}");
            var clock = Stopwatch.StartNew();
            (int code, string last) = await RunOne(cells[i], device, log, cancel).ConfigureAwait(false);
            if (code != 0) Interlocked.CompareExchange(ref failed, code, 0);
            Console.WriteLine($"{title}: {(code == 0 ? $"done in {ProgressLine.Span(clock.Elapsed)}" : last)}");
        }
    }

    private async Task<(int Code, string Last)> RunOne(ComparisonCell cell, string device, string log, CancellationToken cancel)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(log)!);
        await using var file = new FileStream(log, FileMode.Create, FileAccess.Write, FileShare.Read);
        using Process process = Start([.. arguments, "--cell", $"{cell.Key}@{device}"]);
        using CancellationTokenRegistration stop = cancel.Register(process.StandardInput.Close);
        Task output = process.StandardOutput.BaseStream.CopyToAsync(file, CancellationToken.None);
        string error = await process.StandardError.ReadToEndAsync(CancellationToken.None).ConfigureAwait(false);
        await output.ConfigureAwait(false);
        await process.WaitForExitAsync(CancellationToken.None).ConfigureAwait(false);
        string last = error.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).LastOrDefault() ?? $"exit code {process.ExitCode}";
        return (process.ExitCode, last);
    }

    private static Process Start(IReadOnlyList<string> arguments)
    {
        // Published as one file, the program is its own host; else the runtime's host starts the assembly, however this process was started.
        string assembly = typeof(Program).Assembly.Location;
        string host = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet"));
        bool hosted = assembly.Length > 0 && File.Exists(host);
        return Process.Start(new ProcessStartInfo(hosted ? host : Environment.ProcessPath!, hosted ? [assembly, .. arguments] : arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        }) ?? throw new EngineException("compare: the process of a cell did not start");
    }
}
