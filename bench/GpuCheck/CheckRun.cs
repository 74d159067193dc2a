using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using SeLoRA.Engine;

namespace SeLoRA.Bench;

/// <summary>Runs the parts one after the other. Results are in the folder as soon as they exist, whatever happens later.</summary>
internal sealed class CheckRun : IDisposable
{
    /// <summary>Results of the tests, of this engine, of PyTorch and of PyTorch compiled; how the parts ended; what programs said besides.</summary>
    public const string ParityFile = "parity.jsonl", EngineFile = "ours.jsonl", PeerFile = "peer.jsonl", CompiledFile = "peer-compiled.jsonl",
        PartsFile = "parts.jsonl", LogFile = "log.txt";

    private const string SanitizerProgram = "compute-sanitizer", Python = "python3";

    private readonly CheckOptions options;
    private readonly Dictionary<string, StreamWriter> files;
    private readonly long start = Stopwatch.GetTimestamp();
    private readonly Lazy<string?> peerProblem;

    public CheckRun(CheckOptions options)
    {
        this.options = options;
        Directory.CreateDirectory(options.Folder);
        files = new[] { ParityFile, EngineFile, PeerFile, CompiledFile, PartsFile, LogFile }
            .ToDictionary(name => name, name => new StreamWriter(Path.Combine(options.Folder, name)) { AutoFlush = true });
        peerProblem = new Lazy<string?>(FindPeerProblem);
    }

    /// <summary>Time since the beginning.</summary>
    public TimeSpan Elapsed => Stopwatch.GetElapsedTime(start);

    /// <summary>Runs them in order.</summary>
    public IReadOnlyList<CheckResult> Run(IEnumerable<CheckPart> parts)
    {
        var results = new List<CheckResult>();
        foreach (CheckPart part in parts)
        {
            CheckResult result = Run(part);
            results.Add(result);
            files[PartsFile].WriteLine(new JsonObject
            {
                ["part"] = part.Name, ["outcome"] = result.Outcome.ToString(), ["why"] = result.Why, ["seconds"] = Math.Round(result.Seconds, 2),
                ["passed"] = result.Passed, ["failed"] = result.Failed, ["skipped"] = result.Skipped,
            }.ToJsonString());
            Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"[{Elapsed.TotalSeconds,5:F0} s] {part.Name}: {Say(result)}"));
        }
        return results;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (StreamWriter file in files.Values) file.Dispose();
    }

    private static string Say(CheckResult result)
    {
        string counts = result.Part.Kind == CheckKind.Tests && result.Passed + result.Failed > 0 ? $" ({result.Passed} passed, {result.Failed} failed)" : "";
        string name = result.Outcome == CheckOutcome.LeftOut ? "left out" : result.Outcome.ToString().ToLowerInvariant();
        return name + counts + (result.Why.Length > 0 ? $": {result.Why}" : "");
    }

    private CheckResult Run(CheckPart part)
    {
        double left = options.Minutes * 60 - Elapsed.TotalSeconds, own = part.Seconds * options.Minutes / CheckPlan.FullMinutes;
        // What can get less than half of its time would only be cut off.
        if (left < own / 2) return new CheckResult(part, CheckOutcome.LeftOut, "no time was left");
        if (Problem(part) is { } problem) return new CheckResult(part, CheckOutcome.Skipped, problem);
        double limit = Math.Min(left, own);
        long began = Stopwatch.GetTimestamp();
        try
        {
            CheckResult result = part.Kind == CheckKind.Tests ? RunTests(part, limit) : RunOther(part, limit);
            return result with { Seconds = Stopwatch.GetElapsedTime(began).TotalSeconds };
        }
        catch (Exception e) when (e is IOException or System.ComponentModel.Win32Exception)
        {
            return new CheckResult(part, CheckOutcome.Failed, e.Message, Stopwatch.GetElapsedTime(began).TotalSeconds);
        }
    }

    private CheckResult RunTests(CheckPart part, double limit)
    {
        var tests = new TestProgram(part.Name, files[ParityFile].WriteLine);
        BoundedProcess process = BoundedProcess.Run(TestProgram.StartInfo(part.Arguments, options.Device), TimeSpan.FromSeconds(limit), tests.Read, Log);
        var result = new CheckResult(part, CheckOutcome.Passed, "", 0, tests.Passed, tests.Failed, tests.Skipped);
        if (tests.Failed > 0) return result with { Outcome = CheckOutcome.Failed, Why = tests.FirstFailure! };
        if (Wrong(process, limit) is { } wrong) return result with { Outcome = CheckOutcome.Failed, Why = wrong };
        return tests.Passed > 0 ? result : result with { Outcome = CheckOutcome.Skipped, Why = $"nothing in it is for {options.Device}" };
    }

    private CheckResult RunOther(CheckPart part, double limit)
    {
        (ProcessStartInfo info, string file) = part.Kind switch
        {
            CheckKind.Engine => (ProgramFile.StartInfo("SeLoRA.Bench", part.Arguments), EngineFile),
            CheckKind.Peer => (new ProcessStartInfo(Python, [options.Peer!, .. part.Arguments]), PeerFile),
            CheckKind.CompiledPeer => (new ProcessStartInfo(Python, [options.Peer!, .. part.Arguments]), CompiledFile),
            _ => (Sanitized(ProgramFile.StartInfo("SeLoRA.Bench", part.Arguments)), LogFile),
        };
        BoundedProcess process = BoundedProcess.Run(info, TimeSpan.FromSeconds(limit), files[file].WriteLine, Log);
        return Wrong(process, limit) is { } wrong ? new CheckResult(part, CheckOutcome.Failed, wrong) : new CheckResult(part, CheckOutcome.Passed, "");
    }

    private static string? Wrong(BoundedProcess process, double limit) => process.ExitCode switch
    {
        0 => null,
        null => string.Create(CultureInfo.InvariantCulture, $"took longer than its {limit:F1} s"),
        var code => $"exit code {code}" + (process.LastError is { } last ? $": {last}" : ""),
    };

    private string? Problem(CheckPart part) => part.Kind switch
    {
        CheckKind.Sanitizer => FindProgram(SanitizerProgram) is null ? $"{SanitizerProgram} is not on the PATH" : null,
        CheckKind.Peer or CheckKind.CompiledPeer => peerProblem.Value,
        _ => null,
    };

    private string? FindPeerProblem()
    {
        if (options.Peer is null) return "no --peer was named";
        if (options.Device.Kind == DeviceKind.OpenCl) return "PyTorch has no OpenCL";
        if (FindProgram(Python) is not { } python) return $"{Python} is not on the PATH";
        string ask = options.Device.Kind == DeviceKind.Cuda ? "import torch; torch.zeros(1).cuda()" : "import torch";
        BoundedProcess import = BoundedProcess.Run(new ProcessStartInfo(python, ["-c", ask]), TimeSpan.FromSeconds(60), Log, Log);
        return import.ExitCode == 0 ? null : $"{Python}: {import.LastError ?? "importing torch took longer than a minute"}";
    }

    private static ProcessStartInfo Sanitized(ProcessStartInfo info) =>
        new(FindProgram(SanitizerProgram)!, ["--tool", "memcheck", "--error-exitcode", "3", "--print-limit", "20", info.FileName, .. info.ArgumentList]);

    private static string? FindProgram(string name) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .Where(folder => folder.Length > 0).Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);

    private void Log(string line) => files[LogFile].WriteLine(line);
}
