using Xunit;

namespace SeLoRA.Tests;

/// <summary>compare joins two files of results.</summary>
[Collection("command line")]
public class BenchCompareTests
{
    [Fact]
    public void Of_repeated_lines_the_median_counts()
    {
        string[] lines = Compare([Gemm("M=1 K=2 N=3", 9), Gemm("M=1 K=2 N=3", 2), Gemm("M=1 K=2 N=3", 4)], [Gemm("M=1 K=2 N=3", 1), Gemm("M=1 K=2 N=3", 3)]);
        Assert.Contains("| gemm M=1 K=2 N=3 forward fp32 | 4 | 2 | 2.00 | 10.0 GFLOP/s | 0.50 |", lines);
    }

    [Fact]
    public void With_min_the_least_time_of_any_line_counts()
    {
        const string Quiet = """{"task":"clip-text","gflop":1,"ms_median":8,"ms_min":4}""", Noisy = """{"task":"clip-text","gflop":1,"ms_median":6,"ms_min":5}""";
        string[] lines = Compare([Noisy, Quiet], [Noisy], "--min");
        Assert.Contains("| clip-text | 4 | 5 | 0.80 | 250.0 GFLOP/s |  |", lines);
    }

    [Fact]
    public void The_worst_ratio_comes_first_and_families_have_geometric_means()
    {
        string[] lines = Compare([Gemm("good", 1), Gemm("bad", 8), Gemm("middle", 3)], [Gemm("good", 2), Gemm("bad", 2), Gemm("middle", 3)]);
        // (1/2 * 4 * 1)^(1/3)
        Assert.Contains("| gemm forward | 3 | 1.26 | 0.50 | 4.00 |", lines);
        Assert.Equal(["bad", "middle", "good"], lines.Where(l => l.StartsWith("| gemm ", StringComparison.Ordinal) && l.Contains(" fp32 ", StringComparison.Ordinal))
            .Select(l => l.Split(' ')[2]));
    }

    [Fact]
    public void Steps_are_joined_by_what_makes_them_what_they_are()
    {
        const string Ours = """{"task":"train-step","model":"sd15","size":224,"batch":1,"dtype":"fp32","method":"lora","rank":4,"gflop":300,"ms_median":2000,"extra":1}""";
        const string Theirs = """{"task":"train-step","model":"sd15","size":224,"batch":1,"dtype":"fp32","method":"lora","rank":4,"ms_median":1000}""";
        string[] lines = Compare([Ours], [Theirs, Theirs.Replace("224", "512")]);
        Assert.Contains("| train-step 224 1 fp32 lora 4 | 2000 | 1000 | 2.00 | 150.0 GFLOP/s |  |", lines);
    }

    [Theory]
    [InlineData("no JSON")]
    [InlineData("""{"task":"micro"}""")]
    [InlineData("""{"ms":1}""")]
    [InlineData("""{"task":"micro","ms":"long"}""")]
    public void A_line_that_is_no_result_is_named(string line)
    {
        using var folder = new TemporaryFolder();
        string file = folder.File("a.jsonl");
        File.WriteAllLines(file, [Gemm("M=1", 1), line]);
        BenchRun run = BenchRun.Of("compare", file, file);
        Assert.Equal(1, run.Code);
        Assert.Equal($"error: {file}: line 2 is no result (a JSON object with task and ms or ms_median)", run.Errors.TrimEnd());
    }

    private static string Gemm(string shape, double ms) =>
        $$"""{"task":"micro","op":"gemm","shape":"{{shape}}","phase":"forward","dtype":"fp32","ms":{{ms}},"gflop_s":10,"of_ceiling":0.5}""";

    private static string[] Compare(string[] a, string[] b, params string[] options)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllLines(folder.File("a.jsonl"), a);
        File.WriteAllLines(folder.File("b.jsonl"), b);
        BenchRun run = BenchRun.Of(["compare", folder.File("a.jsonl"), folder.File("b.jsonl"), .. options]);
        Assert.Equal(0, run.Code);
        return run.Output.Split('\n');
    }
}
