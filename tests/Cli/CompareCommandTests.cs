using System.Text.Json;
using SeLoRA.Engine;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>The compare verb end to end: two methods, two seeds, few steps.</summary>
[Collection("command line")]
public class CompareCommandTests
{
    private static readonly string[] Options =
        ["--device", "cpu", "--phantoms", "8", "--batch", "4", "--steps", "4", "--checkpoint-every", "2", "--test-every", "2", "--sample-steps", "1", "--prompt", "x"];

    private static readonly string[] Cells = ["lora/seed42", "lora/seed43", "selora-1.3/seed42", "selora-1.3/seed43"];

    [Fact]
    public void Cells_are_run_once_stopped_ones_go_on_and_numbers_are_those_of_single_runs()
    {
        using var folder = new TemporaryFolder();
        string all = folder.File("all"), single = folder.File("single");
        string[] arguments = ["compare", "--methods", "lora,selora", "--lambdas", "1.3", "--seeds", "2", "--count", "4", "--out", all, .. Options];
        (int code, string output, string error) = CommandLine.Run(arguments);
        Assert.True(code == 0, error);
        Assert.All(Cells, cell => Assert.True(File.Exists(Path.Combine(all, cell, "evaluation.json")), cell));
        Assert.Contains("cell 4 of 4: selora-1.3, seed 43", output);
        string report = File.ReadAllText(Path.Combine(all, "report.html"));
        Assert.Equal(4, report.Split("alt=\"Real image: ").Length - 1);
        string table = File.ReadAllText(Path.Combine(all, "comparison.md")), json = File.ReadAllText(Path.Combine(all, "comparison.json"));
        Assert.Contains("| lora | ", table);
        Assert.Contains("| selora-1.3 | ", table);

        // Again: nothing is run.
        Dictionary<string, DateTime> before = Cells.ToDictionary(c => c, c => File.GetLastWriteTimeUtc(Path.Combine(all, c, "evaluation.json")));
        (code, output, _) = CommandLine.Run(arguments);
        Assert.Equal(0, code);
        Assert.Equal(4, output.Split(": done already").Length - 1);
        Assert.All(Cells, cell => Assert.Equal(before[cell], File.GetLastWriteTimeUtc(Path.Combine(all, cell, "evaluation.json"))));
        Assert.Equal(json, File.ReadAllText(Path.Combine(all, "comparison.json")));

        // Other options have no place in this folder, more rows have.
        (code, _, error) = CommandLine.Run([.. arguments, "--lr", "1e-3"]);
        Assert.Equal(1, code);
        Assert.Contains("holds a comparison under other options (learningRate 0.002, now 0.001)", error);

        // As after a kill: one cell without its second half, one without its evaluation, one before its first checkpoint.
        foreach (string file in (string[])["evaluation.json", "loss.png", "checkpoints/step-000004.safetensors"]) File.Delete(Path.Combine(all, Cells[3], file));
        File.Delete(Path.Combine(all, Cells[1], "evaluation.json"));
        foreach (string file in (string[])["evaluation.json", "loss.png"]) File.Delete(Path.Combine(all, Cells[0], file));
        Directory.Delete(Path.Combine(all, Cells[0], "checkpoints"), recursive: true);
        (code, output, error) = CommandLine.Run(arguments);
        Assert.True(code == 0, error);
        Assert.Contains("resuming after step 2", output);
        Assert.Single(output.Split(": done already").Skip(1));
        Assert.Equal(Means(json), Means(File.ReadAllText(Path.Combine(all, "comparison.json"))));

        // The same by hand.
        Assert.Equal(0, CommandLine.Run(["--method", "selora", "--lambda", "1.3", "--seed", "43", "--out", single, .. Options]).Code);
        Assert.Equal(0, CommandLine.Run("evaluate", single, "--count", "4").Code);
        Assert.Equal(Metrics(single), Metrics(Path.Combine(all, Cells[3])));
        using SafetensorsReader one = SafetensorsReader.Open(Path.Combine(single, "adapter.safetensors"));
        using SafetensorsReader cell = SafetensorsReader.Open(Path.Combine(all, Cells[3], "adapter.safetensors"));
        Assert.All(one.Names, name => Assert.Equal(one.Bytes(name), cell.Bytes(name)));
    }

    [Fact]
    public void Cells_run_beside_each_other_on_several_devices_and_each_has_its_log()
    {
        using var folder = new TemporaryFolder();
        string apart = folder.File("apart"), one = folder.File("one");
        string[] rows = ["compare", "--methods", "lora,dylora", "--seeds", "1", "--count", "2"], options = [.. Options.Skip(2)];
        (int code, string output, string error) = CommandLine.Run([.. rows, "--out", apart, "--device", "cpu,cpu", .. options]);
        Assert.True(code == 0, output + error);
        Assert.Equal(2, output.Split(": done in ").Length - 1);
        Assert.Contains("| dylora | ", File.ReadAllText(Path.Combine(apart, "comparison.md")));
        Assert.Contains("step 4", File.ReadAllText(Path.Combine(apart, "lora", "seed42.log")));
        Assert.Equal(0, CommandLine.Run([.. rows, "--out", one, "--device", "cpu", .. options]).Code);
        Assert.Equal(Means(File.ReadAllText(Path.Combine(one, "comparison.json"))), Means(File.ReadAllText(Path.Combine(apart, "comparison.json"))));

        // A cell that cannot run says why, and what ran beside it is kept.
        string broken = folder.File("broken");
        (code, output, _) = CommandLine.Run([.. rows, "--out", broken, "--device", "cpu,cpu", "--data", folder.File("nowhere"), .. options.Skip(2)]);
        Assert.Equal(1, code);
        Assert.Contains("on cpu: error: ", output);
        Assert.Contains("nowhere", output);
        Assert.Contains("device 'cpx' is not one of", CommandLine.Run([.. rows, "--out", folder.File("x"), "--device", "cpu,cpx"]).Error);
    }

    [Theory]
    [InlineData("--device", ",")]
    [InlineData("--methods", "lora,dora")]
    [InlineData("--methods", ",")]
    [InlineData("--lambdas", "high")]
    [InlineData("--lambdas", "0.9")]
    [InlineData("--seeds", "0")]
    public void Bad_use_is_one_line_before_anything_runs(string option, string value)
    {
        using var folder = new TemporaryFolder();
        string all = folder.File("all");
        (int code, _, string error) = CommandLine.Run("compare", option, value, "--out", all);
        Assert.Equal(1, code);
        Assert.StartsWith("error: --", error);
        Assert.Single(error.TrimEnd().Split('\n'));
        Assert.False(Directory.Exists(all));
        Assert.Contains("--out", CommandLine.Run("compare").Error);
    }

    /// <summary>All but time and memory.</summary>
    private static string[] Means(string comparison)
    {
        using JsonDocument document = JsonDocument.Parse(comparison);
        return
        [
            .. from method in document.RootElement.GetProperty("methods").EnumerateArray()
               from statistic in (string[])["mean", "deviation"]
               from value in method.GetProperty(statistic).EnumerateObject()
               where value.Name is not ("ms/step" or "peak memory MB")
               select $"{method.GetProperty("name")} {statistic} {value.Name} {value.Value}",
        ];
    }

    private static string Metrics(string run)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(Path.Combine(run, "evaluation.json")));
        return document.RootElement.GetProperty("metrics").ToString() + document.RootElement.GetProperty("networks");
    }
}
