using System.Diagnostics;
using System.Globalization;
using SeLoRA.Engine;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>
/// Gives a reader thousands of mutated files. Each is read, or refused by an <see cref="EngineException"/> whose message is one short line
/// that names the file; anything else is a fault: another exception, a file outside the folder that was opened, more memory than the stated
/// factor of the input. What never ends, or ends the process, leaves seed and index behind.
/// </summary>
/// <param name="reader">Name of the reader.</param>
/// <param name="factor">Bytes that reading may allocate for each byte of the input.</param>
/// <param name="floor">Bytes that it may allocate besides.</param>
internal sealed class FuzzRun(string reader, int factor, long floor) : IDisposable
{
    private const int FaultsShown = 8, LongestMessage = 3000;
    private static readonly TimeSpan s_stuck = TimeSpan.FromSeconds(120);

    private static readonly string s_canaryHex = Convert.ToHexString(Hostile.Canary.AsSpan(0, 4));
    private static readonly string s_canaryLength = BitConverter.ToUInt64(Hostile.Canary).ToString(CultureInfo.InvariantCulture);

    private readonly string root = Root();
    private readonly SortedDictionary<string, string> faults = new(StringComparer.Ordinal);
    private long read, refused, mostAllocated, mostAllocatedOf, startedAt;
    private double mostFactor;
    private int current;

    /// <summary>Where the files go; what lies beside it must never be opened.</summary>
    public string Folder { get; private set; } = "";

    /// <summary>Which of several files is the mutated one; null while all are valid.</summary>
    public int? Changed { get; private set; }

    /// <summary>Reads the valid file, then mutated ones.</summary>
    /// <param name="file">Name of the file in the folder, which messages must have.</param>
    /// <param name="valid">Its valid contents, at least one.</param>
    /// <param name="mutate">Makes a hostile one.</param>
    /// <param name="readFile">Reads the file of a path.</param>
    public void Run(string file, IReadOnlyList<byte[]> valid, Func<FuzzRandom, byte[]> mutate, Action<string> readFile) =>
        Run([file], valid.Select(v => (0, v)), random => (0, mutate(random)), folder => readFile(Path.Combine(folder, file)));

    /// <summary>The same for several files that are read together; the others than the mutated one stay as the last valid ones.</summary>
    /// <param name="files">Names of the files in the folder.</param>
    /// <param name="valid">Their valid contents, each file at least once.</param>
    /// <param name="mutate">Makes a hostile one of one of them.</param>
    /// <param name="readFolder">Reads the folder.</param>
    public void Run(IReadOnlyList<string> files, IEnumerable<(int File, byte[] Bytes)> valid, Func<FuzzRandom, (int File, byte[] Bytes)> mutate, Action<string> readFolder)
    {
        Folder = Path.Combine(root, "inside");
        foreach (string file in files) Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(Folder, file))!);
        foreach (string canary in (string[])["canary", "canary.safetensors", "canary.png"]) File.WriteAllBytes(Path.Combine(root, canary), Hostile.Canary);
        var originals = new byte[files.Count][];
        (int File, byte[] Bytes)[] all = [.. valid];
        foreach ((int file, byte[] bytes) in all) File.WriteAllBytes(Path.Combine(Folder, files[file]), originals[file] = bytes);
        // Static tables are made, and what is changed below must be valid.
        foreach ((int file, byte[] bytes) in all)
        {
            File.WriteAllBytes(Path.Combine(Folder, files[file]), bytes);
            readFolder(Folder);
            File.WriteAllBytes(Path.Combine(Folder, files[file]), originals[file]);
        }

        using var watch = new Timer(_ => Watch(), null, s_stuck, TimeSpan.FromSeconds(10));
        (int first, int end) = FuzzSettings.Index is { } index ? (index, index + 1) : (0, FuzzSettings.Count);
        using FileStream last = File.Create(Path.Combine(root, "last"));
        for (int i = first; i < end && faults.Count < FaultsShown; i++)
        {
            var random = new FuzzRandom(FuzzSettings.Seed * 0x100000001B3 + (ulong)i * 0x9E3779B97F4A7C15);
            (int changed, byte[] bytes) = mutate(random);
            File.WriteAllBytes(Path.Combine(Folder, files[changed]), bytes);
            RandomAccess.Write(last.SafeFileHandle, BitConverter.GetBytes(i), 0);
            (current, Changed) = (i, changed);
            Volatile.Write(ref startedAt, Stopwatch.GetTimestamp());
            One(i, files[changed], bytes, readFolder);
            Volatile.Write(ref startedAt, 0);
            if (files.Count > 1) File.WriteAllBytes(Path.Combine(Folder, files[changed]), originals[changed]);
        }
        TestContext.Current.TestOutputHelper?.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"fuzz {reader}: seed {FuzzSettings.Seed}, {read + refused} inputs, {read} read, {refused} refused; at most {mostAllocated} bytes allocated (for {mostAllocatedOf}), {mostFactor:F1} bytes a byte beyond {floor}"));
        if (faults.Count > 0) Assert.Fail(string.Join("\n\n", faults.Values));
    }

    /// <summary>Holds a message that need not name a file to the rest of what holds for messages.</summary>
    public static void CheckLine(string message)
    {
        if (LineFault(message) is { } fault) throw new InvalidOperationException($"{fault}: {message}");
    }

    public void Dispose()
    {
        if (FuzzSettings.Index is null && faults.Count == 0) Directory.Delete(root, recursive: true);
    }

    // Memory, where the system has such a folder: ten thousand files need no disk.
    private static string Root() => Directory.Exists("/dev/shm")
        ? Directory.CreateDirectory($"/dev/shm/selora-fuzz-{Guid.NewGuid():N}").FullName
        : Directory.CreateTempSubdirectory("selora-fuzz-").FullName;

    private void One(int index, string file, byte[] bytes, Action<string> readFolder)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        string? fault = null;
        try
        {
            readFolder(Folder);
            read++;
        }
        catch (EngineException e)
        {
            refused++;
            fault = LineFault(e.Message) ?? (NamesFile(e.Message, file) ? null : "a message that does not name the file");
            if (fault is not null) fault += $": {Shown(e.Message)}";
        }
        catch (Exception e)
        {
            fault = $"{e.GetType().Name}: {Shown(e.Message)}{e.StackTrace?.Split('\n').FirstOrDefault(l => l.Contains("SeLoRA.", StringComparison.Ordinal) && !l.Contains("SeLoRA.Tests", StringComparison.Ordinal))}";
        }
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        if (allocated > mostAllocated) (mostAllocated, mostAllocatedOf) = (allocated, bytes.Length);
        mostFactor = Math.Max(mostFactor, (allocated - floor) / (double)Math.Max(1, bytes.Length));
        if (allocated > floor + (long)factor * bytes.Length) fault ??= $"allocated {allocated} bytes for {bytes.Length}; allowed are {factor} for each and {floor}";
        if (fault is null) return;
        // One of each kind: the same fault has thousands of inputs.
        string kind = fault.Split(':')[0] + fault.Split(" at ").ElementAtOrDefault(1)?.Split('(')[0];
        if (!faults.TryAdd(kind, $"fuzz {reader}: {fault}\n{Replay(index)}")) return;
        File.WriteAllBytes(Path.Combine(root, $"fault-{index}"), bytes);
    }

    // A file that another one names, as an index does, counts: its message begins with its own path.
    private bool NamesFile(string message, string file) =>
        message.Contains(Folder, StringComparison.Ordinal) || message.Contains(Path.GetFileName(file), StringComparison.Ordinal);

    private static string? LineFault(string message)
    {
        if (message.Contains(s_canaryHex, StringComparison.Ordinal) || message.Contains(s_canaryLength, StringComparison.Ordinal)) return "opened a file outside the folder";
        if (message.Any(c => char.IsControl(c) || c is '\u2028' or '\u2029')) return "a message with control characters or of several lines";
        return message.Length > LongestMessage ? "a message of more than a line's length" : null;
    }

    private static string Shown(string text) => text.Length > 400 ? text[..400] + "..." : text;

    private string Replay(int index) =>
        $"seed {FuzzSettings.Seed}, index {index}; again: SELORA_FUZZ_SEED={FuzzSettings.Seed} SELORA_FUZZ_INDEX={index} dotnet test -c Release tests --filter FullyQualifiedName~{TestContext.Current.TestMethod?.MethodName} (files are kept in {root})";

    // The suite's guard: an input that is read for minutes ends the run and says which it was.
    private void Watch()
    {
        long started = Volatile.Read(ref startedAt);
        if (started != 0 && Stopwatch.GetElapsedTime(started) > s_stuck && !Debugger.IsAttached)
            Environment.FailFast($"fuzz {reader}: reading does not end; seed {FuzzSettings.Seed}, index {current}, file in {root}");
    }
}
