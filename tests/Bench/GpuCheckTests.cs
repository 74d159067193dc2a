extern alias bench;

using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using SeLoRA.Engine;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>The GPU check, on devices that are at hand and networks with small numbers: all it does but what needs a card.</summary>
[Collection("command line")]
public sealed class GpuCheckTests : IDisposable
{
    private const string Launch = "^parity: launch$";

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("cpu", "^parity: networks$|^unet-forward 64 x1|^peer: unet-forward 64 x1|^micro|selora-overhead", "fp32", 4)]
    [InlineData("opencl", "^parity: launch$|^micro bf16", "bf16", 2)]
    public void Tests_and_times_are_gathered_and_summed_up(string kind, string only, string dtype, int parts)
    {
        string device = TestDevices.Require(kind).ToString();
        BenchRun run = Check(device, "--only", only);
        Assert.True(run.Code == 0, run.Output + run.Errors);
        Assert.Matches($@"^gpu-check on {device} \(.+\), tiny, \d+ s; results are in ", run.Output);
        Assert.Matches(@"\nparity: \w+ +[1-9]\d* passed +0 failed +\d+ skipped  ok\n", run.Output);
        Assert.EndsWith($"{parts} parts passed, 0 failed, {(kind == "cpu" ? 1 : 0)} skipped, 0 left out\n", run.Output, StringComparison.Ordinal);
        Assert.Equal(run.Output, File.ReadAllText(folder.File("table.txt")));
        Assert.All(Lines("parity.jsonl"), test => Assert.Equal("passed", test["outcome"]!.ToString()));
        Assert.All(Lines("ours.jsonl"), result => Assert.Equal((device, dtype), (result["device"]!.ToString(), result["dtype"]!.ToString())));
        Assert.Equal(parts, Lines("parts.jsonl").Count(part => part["outcome"]!.ToString() == "Passed"));
        Assert.NotEmpty(Lines("ours.jsonl"));
        Assert.NotEmpty(Lines("parity.jsonl"));
        if (kind != "cpu") return;
        Assert.Matches(@"\ngemm forward fp32 \(mean of 1\) +[\d.E+-]+ +- ", run.Output);
        Assert.Matches(@"\nselora-overhead 32 x2 fp32 +SeLoRA / LoRA \d\.\d{4}, by the test alone \d\.\d{4}, bar 1\.005", run.Output);
        Assert.Contains("skipped, no --peer was named: peer: unet-forward 64 x1 fp32", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_peer_runs_beside_and_one_that_fails_stops_nothing()
    {
        string torch = Directory.CreateDirectory(folder.File("modules")).FullName, peer = folder.File("peer.py");
        File.WriteAllText(Path.Combine(torch, "torch.py"), "");
        // Fails where it is to compile; else says that a step takes a nanosecond, which nothing beats.
        File.WriteAllText(peer,
            """
            import sys
            if "--compile" in sys.argv: sys.exit("no compiler is here")
            value = lambda name: sys.argv[sys.argv.index(name) + 1]
            print('{"task":"unet-forward","model":"tiny","size":%s,"batch":%s,"dtype":"%s","method":"none","ms_median":1e-6}'
                  % (value("--size"), value("--batch"), value("--dtype")))
            print('{"task":"unet-fo')
            """);
        string? before = Environment.GetEnvironmentVariable("PYTHONPATH");
        Environment.SetEnvironmentVariable("PYTHONPATH", torch);
        try
        {
            BenchRun run = Check("cpu", "--peer", peer, "--only", "^unet-forward 64 x2|^peer.*unet-forward 64 x2");
            if (run.Output.Contains("python3 is not on the PATH", StringComparison.Ordinal)) Assert.Skip("python3 is not on the PATH");
            Assert.Equal(1, run.Code);
            Assert.Matches(@"\nunet-forward tiny 64 2 fp32 +[\d.E+-]+ +1E-06 +\d+\.\d{3} 0\.80 +- +- +-  over\n", run.Output);
            Assert.Contains("\nFAILED peer, compiled: unet-forward 64 x2 fp32: exit code 1: no compiler is here\n", run.Output, StringComparison.Ordinal);
            Assert.EndsWith("2 parts passed, 1 failed, 0 skipped, 0 left out\n", run.Output, StringComparison.Ordinal);
        }
        finally
        {
            Environment.SetEnvironmentVariable("PYTHONPATH", before);
        }
    }

    [Theory]
    [InlineData("unet-forward", 0.80, 1.00, 9.0, null)]
    [InlineData("unet-forward", 0.81, 1.00, 9.0, "time")]
    [InlineData("unet-forward", 0.80, 1.01, 9.0, "time")]
    [InlineData("train-step", 0.67, 1.00, 0.7, null)]
    [InlineData("train-step", 0.68, 1.00, 0.7, "time")]
    [InlineData("train-step", 0.67, 1.01, 0.7, "time")]
    [InlineData("train-step", 0.67, 1.00, 0.71, "memory")]
    public void A_step_is_held_to_the_bars_of_its_task(string task, double eager, double compiled, double memory, string? over)
    {
        string[] table = Table(Step(100 * eager * compiled, 10 * memory), Step(100 * compiled, 10), Step(100 * eager, 10));
        Assert.Equal(over == "time", Assert.Single(table, l => l.StartsWith(task, StringComparison.Ordinal)).EndsWith("  over", StringComparison.Ordinal));
        // A forward pass holds little besides the weights, which are the same.
        string[] peaks = [.. table.Where(l => l.StartsWith("peak GiB of ", StringComparison.Ordinal))];
        Assert.Equal(task == "train-step" ? [over == "memory"] : [], peaks.Select(l => l.EndsWith("  over", StringComparison.Ordinal)));
        if (over == "memory") Assert.Matches(@"^peak GiB of train-step 224 8 bf16 +7\.10 +10 +0\.710 0\.70  over$", peaks[0]);

        string[] Step(double ms, double gib) =>
            [string.Create(CultureInfo.InvariantCulture, $$"""{"task":"{{task}}","size":224,"batch":8,"dtype":"bf16","ms_median":{{ms}},"peak_mem_gib":{{gib}},"peak_mem_of":"tensors"}""")];
    }

    [Theory]
    [InlineData("gemm", 1.42, false)]
    [InlineData("gemm", 1.44, true)]
    [InlineData("conv3x3", 1.42, false)]
    [InlineData("conv3x3", 1.44, true)]
    [InlineData("self_attention", 1.19, false)]
    [InlineData("cross_attention", 1.21, true)]
    public void Operators_are_held_to_their_bars_by_the_geometric_mean(string op, double ratio, bool isOver)
    {
        string[] table = Table([Time(1, ratio * 2), Time(2, ratio / 2), Time(3, 99)], [Time(1, 1), Time(2, 1)], []);
        Assert.Equal(isOver, Assert.Single(table, l => l.StartsWith(op, StringComparison.Ordinal)).EndsWith("  over", StringComparison.Ordinal));

        string Time(int shape, double ms) => string.Create(CultureInfo.InvariantCulture,
            $$"""{"task":"micro","op":"{{op}}","shape":"M={{shape}}","phase":"forward","dtype":"bf16","ms":{{ms}}}""");
    }

    [Fact]
    public void Memory_of_a_process_is_not_held_against_that_of_tensors()
    {
        const string Step = """{"task":"train-step","ms_median":1,"peak_mem_gib":9,"peak_mem_of":"process"}""";
        string tensors = Step.Replace("process", "tensors", StringComparison.Ordinal);
        Assert.DoesNotContain(Table([Step], [tensors], []), line => line.StartsWith("peak", StringComparison.Ordinal));
        Assert.Matches("^peak GiB of train-step +9.00 +- +- +-$", Assert.Single(Table([tensors], [Step], []), line => line.StartsWith("peak", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData(1.005, false)]
    [InlineData(1.0051, true)]
    public void SeLoRA_is_held_to_its_bar_over_LoRA(double ratio, bool isOver)
    {
        string[] table = Table([string.Create(CultureInfo.InvariantCulture,
            $$"""{"task":"selora-overhead","size":224,"batch":8,"dtype":"bf16","ms":1,"ratio":{{ratio}},"ratio_of_test_alone":1}""")], [], []);
        Assert.Equal(isOver, Assert.Single(table, l => l.StartsWith("selora-overhead", StringComparison.Ordinal)).EndsWith("  over", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(null, "Skipped", "compute-sanitizer is not on the PATH")]
    [InlineData("exit 0", "Passed", "")]
    [InlineData("echo an invalid read >&2; exit 3", "Failed", "exit code 3: an invalid read")]
    public void The_sanitizer_gets_a_step_to_run_where_it_is_found(string? ends, string outcome, string why)
    {
        if (OperatingSystem.IsWindows()) { Assert.Skip("the sanitizer of this test is a shell script"); return; }
        string bin = Directory.CreateDirectory(folder.File("bin")).FullName, program = Path.Combine(bin, "compute-sanitizer");
        if (ends is not null)
        {
            // Says what it is to run.
            File.WriteAllText(program, $"#!/bin/sh\nshift 6\necho \"$@\"\n{ends}\n");
            File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        }
        string? before = Environment.GetEnvironmentVariable("PATH");
        Environment.SetEnvironmentVariable("PATH", bin);
        try
        {
            using (var run = new bench::SeLoRA.Bench.CheckRun(new bench::SeLoRA.Bench.CheckOptions(Device.Cpu, "tiny", 9, folder.Path, null)))
            {
                var part = new bench::SeLoRA.Bench.CheckPart("sanitizer", bench::SeLoRA.Bench.CheckKind.Sanitizer, 30, "step", "--model", "tiny");
                var result = Assert.Single(run.Run([part]));
                Assert.Equal((outcome, why), (result.Outcome.ToString(), result.Why));
            }
            if (ends is not null) Assert.Contains("SeLoRA.Bench.dll step --model tiny", File.ReadAllText(folder.File("log.txt")), StringComparison.Ordinal);
        }
        finally
        {
            Environment.SetEnvironmentVariable("PATH", before);
        }
    }

    [Fact]
    public void A_process_that_one_left_behind_does_not_hold_up_the_check()
    {
        if (OperatingSystem.IsWindows()) Assert.Skip("the program of this test is a shell script");
        var lines = new List<string>();
        var process = bench::SeLoRA.Bench.BoundedProcess.Run(new ProcessStartInfo("/bin/sh", ["-c", "sleep 600 & echo $!; echo why >&2; exit 5"]),
            TimeSpan.FromSeconds(60), lines.Add, _ => { });
        Assert.Equal((5, "why"), (process.ExitCode, process.LastError));
        using Process left = Process.GetProcessById(int.Parse(Assert.Single(lines), CultureInfo.InvariantCulture));
        Assert.False(left.HasExited, "waited for the process that was left behind");
        left.Kill();
    }

    [Fact]
    public void The_pack_needs_no_installed_runtime()
    {
        if (!OperatingSystem.IsLinux() || RuntimeInformation.ProcessArchitecture != Architecture.X64) Assert.Skip("packs are for Linux on x64");
        string pack = folder.File("pack");
        Assert.Equal(0, BenchRun.Of("gpu-check", "pack", pack).Code);
        Assert.InRange(new DirectoryInfo(pack).EnumerateFiles("*", SearchOption.AllDirectories).Sum(f => f.Length), 1, 130_000_000);
        var info = new ProcessStartInfo(Path.Combine(pack, "run.sh"),
            ["--device", "cpu", "--model", "tiny", "--out", folder.Path, "--only", "^parity: (launch|networks)$|^micro"]) { RedirectStandardOutput = true };
        info.Environment.Clear();
        info.Environment["PATH"] = folder.Path;
        using Process process = Process.Start(info)!;
        string table = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.EndsWith("3 parts passed, 0 failed, 0 skipped, 0 left out\n", table, StringComparison.Ordinal);
        Assert.Equal(0, process.ExitCode);
        Assert.StartsWith("error: gpu-check pack: ", BenchRun.Of("gpu-check", "pack", pack).Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void A_part_whose_time_is_over_is_ended_and_one_that_cannot_end_is_left_out()
    {
        var options = new bench::SeLoRA.Bench.CheckOptions(Device.Cpu, "tiny", bench::SeLoRA.Bench.CheckPlan.FullMinutes, folder.Path, null);
        // A millisecond for minutes of work; and more than twice what all have.
        bench::SeLoRA.Bench.CheckPart[] parts =
        [
            new("short", bench::SeLoRA.Bench.CheckKind.Engine, 0.001, "micro", "--device", "cpu"),
            new("long", bench::SeLoRA.Bench.CheckKind.Engine, 3 * 60 * options.Minutes, "micro", "--device", "cpu"),
        ];
        using var run = new bench::SeLoRA.Bench.CheckRun(options);
        string[] table = [.. bench::SeLoRA.Bench.CheckTable.Lines(options, "the host", run.Run(parts), run.Elapsed)];
        Assert.Equal(
            ["left out, no time was left: long", "FAILED short: took longer than its 0.0 s", "0 parts passed, 1 failed, 0 skipped, 1 left out"], table[1..]);
    }

    [Fact]
    public void A_check_in_which_nothing_ran_is_no_success()
    {
        BenchRun run = Check("cpu", "--minutes", "1e-12", "--only", "^train-step");
        Assert.Equal(1, run.Code);
        Assert.Matches(@"\n0 parts passed, 0 failed, 0 skipped, [1-9] left out\n$", run.Output);
    }

    [Fact]
    public void Failing_tests_are_counted_and_the_first_is_named()
    {
        var lines = new List<string>();
        var tests = new bench::SeLoRA.Bench.TestProgram("part", lines.Add);
        tests.Read("""{"$type":"test-starting","TestUniqueID":"1","TestDisplayName":"SeLoRA.Tests.SomeTests.Sums(row: \"a\")"}""");
        tests.Read("""{"$type":"test-failed","TestUniqueID":"1","ExecutionTime":0.5,"Messages":["0.1 is above 0.01\nmore"],"Output":"sum 0.1"}""");
        tests.Read("""{"$type":"test-skipped","TestUniqueID":"1","Reason":"SELORA_TEST_DEVICE is cuda:0"}""");
        tests.Read("""{"$type":"test-skipped","TestUniqueID":"1","Reason":"no file"}""");
        tests.Read("""{"$type":"test-passed","TestUniqueID":"1","Execut""");
        Assert.Equal((0, 1, 1), (tests.Passed, tests.Failed, tests.Skipped));
        Assert.Equal("SomeTests.Sums(row: \"a\"): 0.1 is above 0.01", tests.FirstFailure);
        JsonNode failed = JsonNode.Parse(lines[0])!;
        Assert.Equal("0.1 is above 0.01\nmore\nsum 0.1", failed["text"]!.ToString());
        Assert.Equal(["failed", "skipped"], lines.Select(line => JsonNode.Parse(line)!["outcome"]!.ToString()));
    }

    [Fact]
    public void Every_class_that_a_part_names_exists_and_no_option_is_given_twice()
    {
        var options = new bench::SeLoRA.Bench.CheckOptions(Device.Cuda(), "sd15", 9, folder.Path, null);
        var parts = bench::SeLoRA.Bench.CheckPlan.Parts(options);
        Assert.All(parts, part => Assert.Distinct(part.Arguments.Where(a => a.StartsWith("--", StringComparison.Ordinal))));
        Assert.Distinct(parts.Select(part => part.Name));
        string[] filters = [.. parts.SelectMany(part => part.Arguments).Where(a => a.StartsWith("/*/*/", StringComparison.Ordinal))];
        Assert.NotEmpty(filters);
        foreach (string filter in filters)
            Assert.NotNull(typeof(GpuCheckTests).Assembly.GetType($"SeLoRA.Tests.{filter["/*/*/".Length..].Split('/')[0]}"));
    }

    [Theory]
    [InlineData("--minutes 0: more than 0 is needed", "--minutes", "0")]
    [InlineData("--model huge: one of sd15, tiny is needed", "--model", "huge")]
    [InlineData("--peer absent.py: no such file", "--peer", "absent.py")]
    [InlineData("--device opencl:99: no such device", "--device", "opencl:99")]
    [InlineData("--only nothing: matches no part", "--device", "cpu", "--only", "nothing")]
    [InlineData("--only (: is no regular expression", "--device", "cpu", "--only", "(")]
    public void A_wrong_option_is_one_line(string message, params string[] args)
    {
        BenchRun run = BenchRun.Of(["gpu-check", .. args]);
        Assert.Equal(1, run.Code);
        Assert.StartsWith($"error: {message}", run.Errors, StringComparison.Ordinal);
        Assert.Single(run.Errors.TrimEnd().Split('\n'));
        Assert.Empty(run.Output);
    }

    private BenchRun Check(string device, params string[] more) =>
        BenchRun.Of(["gpu-check", "--device", device, "--model", "tiny", "--out", folder.Path, .. more]);

    private string[] Table(string[] ours, string[] eager, string[] compiled)
    {
        foreach ((string file, string[] lines) in (ReadOnlySpan<(string, string[])>)[("ours.jsonl", ours), ("peer.jsonl", eager), ("peer-compiled.jsonl", compiled)])
            File.WriteAllLines(folder.File(file), lines);
        var options = new bench::SeLoRA.Bench.CheckOptions(Device.Cuda(), "sd15", 9, folder.Path, null);
        return [.. bench::SeLoRA.Bench.CheckTable.Lines(options, "a card", [], TimeSpan.FromSeconds(1))];
    }

    private JsonObject[] Lines(string file) => [.. File.ReadLines(folder.File(file)).Select(line => JsonNode.Parse(line)!.AsObject())];
}
