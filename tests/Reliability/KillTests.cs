using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using SeLoRA.Engine;
using SeLoRA.Train;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>
/// A training process is killed (SIGKILL) at seeded random moments and resumed, until it has made its steps. SELORA_KILLS sets the
/// number of kills, SELORA_KILL_SEED the moments.
/// </summary>
[Collection("command line")]
public class KillTests(ITestOutputHelper log)
{
    private const int KillsDefault = 6, CheckpointEvery = 4;

    // A bound for what comes at all, on a machine that is busy with other things too.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private static readonly EnumerationOptions Everything = new() { RecurseSubdirectories = true, AttributesToSkip = 0 };

    [Fact]
    public void A_run_that_is_killed_again_and_again_ends_with_the_same_bits()
    {
        int kills = Number("SELORA_KILLS", KillsDefault), steps = 12 * Math.Max(1, kills);
        var random = new Random(Number("SELORA_KILL_SEED", 1));
        using var folder = new TemporaryFolder();
        string whole = folder.File("whole"), killed = folder.File("killed");
        string[] arguments = [.. TrainingProcess.Short, "--steps", steps.ToString(CultureInfo.InvariantCulture), "--checkpoint-every", CheckpointEvery.ToString(CultureInfo.InvariantCulture)];
        int done = 0, whileWriting = 0, lost = 0, mostLost = 0;
        for (; done < kills; done++)
        {
            using Process process = Begin(killed, arguments);
            // Every other one is killed in the middle of writing a file: its temporary name is there.
            if (!(done % 2 == 1 ? KillWhileWriting(process, killed) : KillAtRandom(process, killed, random))) break;
            (int left, int rows) = CheckFiles(killed);
            whileWriting += left > 0 ? 1 : 0;
            if (rows < 0) continue;
            int behind = rows - LastCheckpoint(killed);
            lost += behind;
            mostLost = Math.Max(mostLost, behind);
            // A checkpoint's own row is written before it.
            Assert.InRange(behind, 0, CheckpointEvery);
        }
        using (Process process = Begin(killed, arguments)) Assert.Equal(0, Quiet(process));
        Assert.Equal(0, CommandLine.Run([.. arguments, "--out", whole]).Code);
        log.WriteLine($"{done} kills, {whileWriting} of them while a file was being written; {lost} steps made again, at most {mostLost} after a kill");
        Assert.Empty(Directory.GetFiles(killed, ".*.tmp", Everything));
        Assert.Equal(RunFiles.Tensors(Path.Combine(whole, "adapter.safetensors")), RunFiles.Tensors(Path.Combine(killed, "adapter.safetensors")));
        string last = $"checkpoints/step-{steps:D6}.safetensors";
        Assert.Equal(RunFiles.Tensors(Path.Combine(whole, last)), RunFiles.Tensors(Path.Combine(killed, last)));
        Assert.Equal(Enumerable.Range(0, steps + 1).Select(i => i.ToString(CultureInfo.InvariantCulture)), Steps(killed));
        Assert.Equal(RunFiles.Losses(whole), RunFiles.Losses(killed));
        Assert.Equal(File.ReadAllText(Path.Combine(whole, "ranks.csv")), File.ReadAllText(Path.Combine(killed, "ranks.csv")));
    }

    [Fact]
    public void Cells_on_several_devices_save_and_stop_when_their_comparison_is_killed()
    {
        using var folder = new TemporaryFolder();
        string all = folder.File("all");
        string[] cells = [Path.Combine(all, "lora", "seed42"), Path.Combine(all, "dylora", "seed42")];
        using Process comparison = TrainingProcess.Start("compare", "--methods", "lora,dylora", "--seeds", "1", "--count", "2", "--out", all, "--device", "cpu,cpu",
            "--phantoms", "8", "--batch", "2", "--steps", "1000000", "--checkpoint-every", "1000000", "--sample-steps", "1", "--prompt", "x");
        var clock = Stopwatch.StartNew();
        while (cells.Any(cell => Rows(cell) < 4) && clock.Elapsed < Patience) Assert.False(comparison.WaitForExit(50), "it ended by itself");
        Assert.True(Kill(comparison));
        // They are nobody's children now: that they ended shows in their locks.
        Assert.True(SpinWait.SpinUntil(() => cells.All(IsFree), Patience), "a cell goes on");
        Assert.All(cells, cell => Assert.InRange(LastCheckpoint(cell), 2, 999_999));
    }

    [Fact]
    public void A_second_run_in_a_folder_is_refused_until_the_first_one_is_dead()
    {
        using var folder = new TemporaryFolder();
        string run = folder.File("run");
        string[] arguments = [.. TrainingProcess.Short, "--steps", "100000", "--out", run];
        using Process first = TrainingProcess.Start(arguments);
        WaitForStep(first);
        (int code, _, string error) = CommandLine.Run("--resume", run, "--device", "cpu");
        Assert.Equal(1, code);
        Assert.Equal($"error: {run}: another process is writing here; wait until it has ended, or choose another folder", error.Trim());
        (code, _, error) = CommandLine.Run(arguments);
        Assert.Equal(1, code);
        Assert.Contains("holds a run already", error);
        first.Kill();
        first.WaitForExit();
        int step = LastCheckpoint(run) + 1;
        (code, _, error) = CommandLine.Run("--resume", run, "--device", "cpu", "--steps", step.ToString(CultureInfo.InvariantCulture));
        Assert.True(code == 0, error);
    }

    private static Process Begin(string run, string[] arguments) => File.Exists(Path.Combine(run, "config.json"))
        ? TrainingProcess.Start("--resume", run, "--device", "cpu")
        : TrainingProcess.Start([.. arguments, "--out", run]);

    private static int Quiet(Process process)
    {
        (int code, _, string error) = TrainingProcess.End(process);
        Assert.True(code == 0, error);
        return code;
    }

    // From before the first file is written to some steps after the start.
    private static bool KillAtRandom(Process process, string run, Random random)
    {
        int rows = Rows(run);
        var clock = Stopwatch.StartNew();
        while (random.Next(8) > 0 && !process.HasExited && Rows(run) == rows && clock.Elapsed < Patience) process.WaitForExit(50);
        return !process.WaitForExit(random.Next(300)) && Kill(process);
    }

    private static bool KillWhileWriting(Process process, string run)
    {
        var clock = Stopwatch.StartNew();
        string checkpoints = Path.Combine(run, "checkpoints");
        while (!process.HasExited && clock.Elapsed < Patience)
            if (Directory.Exists(checkpoints) && Directory.EnumerateFiles(checkpoints, ".*.tmp", Everything).Any()) break;
        return Kill(process);
    }

    private static bool IsFree(string run)
    {
        try
        {
            FolderLock.Take(run).Dispose();
            return true;
        }
        catch (EngineException)
        {
            return false;
        }
    }

    private static bool Kill(Process process)
    {
        if (process.HasExited) return false;
        process.Kill();
        process.WaitForExit();
        return true;
    }

    /// <summary>Reads every file that has its final name; gives the number of temporary ones and the last step of the table, -1 before it.</summary>
    private static (int Left, int Last) CheckFiles(string run)
    {
        if (!File.Exists(Path.Combine(run, "config.json"))) return (0, -1);
        RunConfig.Read(Path.Combine(run, "config.json"));
        RunTables.Metrics(run);
        RunTables.Ranks(run);
        string[] files = Directory.GetFiles(run, "*", Everything);
        foreach (string file in files.Where(f => !Path.GetFileName(f).StartsWith('.')))
        {
            if (file.EndsWith(".safetensors", StringComparison.Ordinal)) Assert.NotEmpty(RunFiles.Tensors(file));
            else if (file.EndsWith(".json", StringComparison.Ordinal)) JsonDocument.Parse(File.ReadAllText(file)).Dispose();
            else if (file.EndsWith(".selora", StringComparison.Ordinal)) EventReader.Events(file);
        }
        return (files.Count(f => f.EndsWith(".tmp", StringComparison.Ordinal)), RunTables.Metrics(run) is [.., var last] ? last.Step : 0);
    }

    private static void WaitForStep(Process process)
    {
        while (process.StandardOutput.ReadLine() is { } line)
            if (line.StartsWith("step 1/", StringComparison.Ordinal)) return;
        Assert.Fail("the run ended before its first step");
    }

    private static int Rows(string run)
    {
        string path = Path.Combine(run, "metrics.csv");
        return File.Exists(path) ? File.ReadAllText(path).Count(c => c == '\n') : 0;
    }

    private static int LastCheckpoint(string run)
    {
        string[] names = [.. Directory.GetFiles(Path.Combine(run, "checkpoints"), "step-*").Select(f => Path.GetFileName(f)).Order(StringComparer.Ordinal)];
        return names.Length == 0 ? 0 : int.Parse(names[^1][5..11], CultureInfo.InvariantCulture);
    }

    private static int Number(string variable, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out int value) ? value : otherwise;

    private static IEnumerable<string> Steps(string run) => File.ReadAllLines(Path.Combine(run, "metrics.csv")).Skip(1).Select(line => line.Split(',')[0]);
}
