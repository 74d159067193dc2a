using System.Globalization;
using SeLoRA.Engine;
using SeLoRA.Train;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>The command line end to end, on the built-in model: what a user types and what is left behind.</summary>
[Collection("command line")]
public class TrainCommandTests
{
    private static readonly string[] Short =
        ["--device", "cpu", "--phantoms", "20", "--batch", "4", "--test-every", "3"];

    [Fact]
    public void A_run_leaves_a_whole_folder()
    {
        using var folder = new TemporaryFolder();
        string run = Path.Combine(folder.Path, "run");
        Assert.Equal(0, Run([.. Short, "--sample-steps", "2", "--steps", "6", "--out", run]).Code);
        foreach (string file in (string[])["config.json", "adapter.safetensors", "loss.png", "ranks-unet.png", "ranks-text-encoder.png",
            "samples/before-after.png", "checkpoints/step-000006.safetensors"])
            Assert.True(new FileInfo(Path.Combine(run, file)).Length > 100, file);

        string[] metrics = File.ReadAllLines(Path.Combine(run, "metrics.csv"));
        Assert.Equal(1 + 1 + 6, metrics.Length);
        Assert.All(metrics.Skip(2), line => Assert.True(double.Parse(line.Split(',')[2], CultureInfo.InvariantCulture) > 0));
        string[] ranks = File.ReadAllLines(Path.Combine(run, "ranks.csv"));
        Assert.Equal("step,module,rank,fi_original,fi_expanded,ratio,grown", ranks[0]);
        using SafetensorsReader adapter = SafetensorsReader.Open(Path.Combine(run, "adapter.safetensors"));
        int layers = adapter.Names.Count(n => n.EndsWith(".alpha", StringComparison.Ordinal));
        Assert.Equal(1 + 2 * layers, ranks.Length);
        Assert.All(ranks.Skip(1), line => Assert.True(double.Parse(line.Split(',')[5], CultureInfo.InvariantCulture) >= 1));
    }

    [Theory]
    [InlineData("selora", "1")]
    [InlineData("lora", "2")]
    public void A_resumed_run_equals_an_uninterrupted_one_to_the_bit(string method, string accumulation)
    {
        using var folder = new TemporaryFolder();
        string whole = Path.Combine(folder.Path, "whole"), parts = Path.Combine(folder.Path, "parts");
        string[] common = [.. Short, "--sample-steps", "0", "--method", method, "--grad-accumulation", accumulation];
        Assert.Equal(0, Run([.. common, "--steps", "8", "--out", whole]).Code);
        Assert.Equal(0, Run([.. common, "--steps", "4", "--out", parts]).Code);
        Assert.Equal(0, Run(["--resume", parts, "--steps", "8", "--device", "cpu"]).Code);
        string last = "checkpoints/step-000008.safetensors";
        Assert.Equal(Tensors(Path.Combine(whole, last)), Tensors(Path.Combine(parts, last)));
        Assert.Equal(Tensors(Path.Combine(whole, "adapter.safetensors")), Tensors(Path.Combine(parts, "adapter.safetensors")));
        Assert.Equal(Losses(whole), Losses(parts));
        Assert.Equal(File.ReadAllText(Path.Combine(whole, "ranks.csv")), File.ReadAllText(Path.Combine(parts, "ranks.csv")));
    }

    [Fact]
    public void A_cancelled_run_saves_and_can_be_resumed()
    {
        using var folder = new TemporaryFolder();
        string run = Path.Combine(folder.Path, "run");
        using var cancel = new CancellationTokenSource();
        cancel.Cancel();
        RunConfig config = new RunConfig
        {
            Device = "cpu", Phantoms = 20, Batch = 4, SampleSteps = 0, Steps = 4, Out = run,
        }.Resolve();
        Assert.Equal(130, TrainingRun.Start(config, cancel.Token));
        Assert.True(File.Exists(Path.Combine(run, "checkpoints/step-000001.safetensors")));
        Assert.Equal(0, Run(["--resume", run, "--device", "cpu"]).Code);
        Assert.Equal(1 + 1 + 4, File.ReadAllLines(Path.Combine(run, "metrics.csv")).Length);
    }

    [Theory]
    [InlineData(2, "--steps", "many")]
    [InlineData(2, "--stepz", "4")]
    [InlineData(1, "--data", "no-such-folder")]
    [InlineData(1, "--model", "no-such-folder")]
    [InlineData(1, "--device", "tpu:0")]
    [InlineData(1, "--lambda", "0.5")]
    [InlineData(1, "--config", "no-such-file.json")]
    [InlineData(1, "--resume", "no-such-folder")]
    public void Bad_input_is_one_line_and_an_exit_code(int code, string option, string value)
    {
        (int exit, string error) = Run([option, value]);
        Assert.Equal(code, exit);
        Assert.StartsWith("error: ", error);
        Assert.Contains(value, error);
        Assert.DoesNotContain("   at ", error);
    }

    [Fact]
    public void A_folder_that_holds_a_run_is_never_overwritten()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(Path.Combine(folder.Path, "config.json"), "{}");
        (int exit, string error) = Run([.. Short, "--steps", "1", "--out", folder.Path]);
        Assert.Equal(1, exit);
        Assert.Contains("--resume", error);
        Assert.Equal("{}", File.ReadAllText(Path.Combine(folder.Path, "config.json")));
    }

    [Fact]
    public void Help_names_every_verb()
    {
        TextWriter before = Console.Out;
        using var output = new StringWriter();
        Console.SetOut(output);
        try
        {
            Assert.Equal(0, Program.Main(["--help"]));
        }
        finally
        {
            Console.SetOut(before);
        }
        foreach (string verb in (string[])["train", "sample", "devices", "selftest", "pretrain"]) Assert.Contains(verb, output.ToString());
    }

    private static (int Code, string Error) Run(string[] args)
    {
        TextWriter before = Console.Error;
        using var error = new StringWriter();
        Console.SetError(error);
        try
        {
            return (Program.Main(args), error.ToString());
        }
        finally
        {
            Console.SetError(before);
        }
    }

    private static Dictionary<string, string> Tensors(string path)
    {
        using SafetensorsReader reader = SafetensorsReader.Open(path);
        return reader.Names.ToDictionary(n => n, n => Convert.ToHexString(reader.Bytes(n)));
    }

    private static IEnumerable<string> Losses(string run) =>
        File.ReadAllLines(Path.Combine(run, "metrics.csv")).Select(line => string.Join(',', line.Split(',')[..5]));
}
