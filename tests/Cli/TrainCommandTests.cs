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
        foreach (string file in (string[])["config.json", "summary.json", "report.html", "adapter.safetensors", "loss.png", "ranks-unet.png", "ranks-text-encoder.png",
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

    [Fact]
    public void Every_part_of_a_run_has_its_event_file_and_the_report_is_made_again()
    {
        using var folder = new TemporaryFolder();
        string run = folder.File("run"), report = Path.Combine(run, "report.html");
        Assert.Equal(0, Run([.. Short, "--sample-steps", "1", "--sample-every", "2", "--steps", "3", "--out", run]).Code);
        Assert.Equal(0, Run(["--resume", run, "--steps", "4", "--device", "cpu"]).Code);
        string[] files = [.. Directory.GetFiles(run, "events.out.tfevents.*").Order(StringComparer.Ordinal)];
        Assert.Equal(2, files.Length);
        // Version; step 0 with its ranks and samples; three steps; samples of step 2; ranks after the test of step 3; samples at the end.
        Assert.Equal((long[])[0, 0, 0, 0, 1, 2, 2, 3, 3, 3], EventReader.Events(files[0]).Select(e => e.Int(2)));
        // The samples at the end are those of the better of the last two steps.
        Assert.Equal((long[])[3, 4, 4], EventReader.Events(files[1]).SkipLast(1).Select(e => e.Int(2)));
        string written = File.ReadAllText(report);
        File.Delete(report);
        (int code, string output) = RunForOutput(["report", run]);
        Assert.Equal((0, report), (code, output.Trim()));
        Assert.Equal(written, File.ReadAllText(report));
        Assert.Equal(1, Run(["report", folder.File("none")]).Code);
    }

    [Fact]
    public void Training_goes_on_top_of_adapters_that_are_merged_first()
    {
        using var folder = new TemporaryFolder();
        string first = folder.File("first"), second = folder.File("second"), adapter = Path.Combine(first, "adapter.safetensors");
        string[] common = [.. Short, "--sample-steps", "0", "--method", "lora", "--steps", "3"];
        Assert.Equal(0, Run([.. common, "--out", first]).Code);
        (int code, string output) = RunForOutput([.. common, "--adapter", $"{adapter}:0.5", "--adapter", $"{adapter}:0.5", "--out", second]);
        Assert.Equal(0, code);
        Assert.Contains("merged    ", output, StringComparison.Ordinal);
        double[] before = Validations(first), after = Validations(second);
        // Merged or beside its layer, an adapter differs by rounding.
        Assert.Equal(before.Min(), after[0], 1e-5);
        Assert.NotEqual(before[0], after[0], 1e-5);
        Assert.Equal(1, Run(["--resume", second, "--adapter", adapter]).Code);
        Assert.Equal(1, Run([.. common, "--adapter", folder.File("none.safetensors"), "--out", folder.File("third")]).Code);

        static double[] Validations(string run) => [.. RunTables.Metrics(run).Select(row => row.Validation).OfType<double>()];
    }

    [Theory]
    [InlineData("selora", "1", "fused")]
    [InlineData("selora", "1", "separate")]
    [InlineData("lora", "2", "fused")]
    [InlineData("dylora", "2", "fused")]
    public void A_resumed_run_equals_an_uninterrupted_one_to_the_bit(string method, string accumulation, string fisher)
    {
        using var folder = new TemporaryFolder();
        string whole = Path.Combine(folder.Path, "whole"), parts = Path.Combine(folder.Path, "parts");
        string[] common = [.. Short, "--sample-steps", "0", "--method", method, "--grad-accumulation", accumulation, "--fisher", fisher];
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
    public void An_interrupted_run_of_a_method_with_a_schedule_goes_on_to_the_bit()
    {
        using var folder = new TemporaryFolder();
        string whole = Path.Combine(folder.Path, "whole"), parts = Path.Combine(folder.Path, "parts");
        Assert.Equal(0, Run([.. Short, "--sample-steps", "0", "--method", "adalora", "--steps", "8", "--checkpoint-every", "4", "--out", whole]).Code);
        Directory.CreateDirectory(Path.Combine(parts, "checkpoints"));
        Directory.CreateDirectory(Path.Combine(parts, "samples"));
        foreach (string file in (string[])["config.json", "metrics.csv", "ranks.csv", "checkpoints/step-000004.safetensors"])
            File.Copy(Path.Combine(whole, file), Path.Combine(parts, file));
        (int code, string error) = Run(["--resume", parts, "--steps", "9", "--device", "cpu"]);
        Assert.Equal(1, code);
        Assert.Contains("schedule", error);
        Assert.Equal(0, Run(["--resume", parts, "--device", "cpu"]).Code);
        string last = "checkpoints/step-000008.safetensors";
        Assert.Contains(Tensors(Path.Combine(whole, last)).Keys, key => key.EndsWith(".lora_A.sensitivity", StringComparison.Ordinal));
        Assert.Equal(Tensors(Path.Combine(whole, last)), Tensors(Path.Combine(parts, last)));
        Assert.Equal(Tensors(Path.Combine(whole, "adapter.safetensors")), Tensors(Path.Combine(parts, "adapter.safetensors")));
        Assert.Equal(Losses(whole), Losses(parts));
        string ranks = File.ReadAllText(Path.Combine(whole, "ranks.csv"));
        Assert.Equal(ranks, File.ReadAllText(Path.Combine(parts, "ranks.csv")));
        Assert.Contains(",,,-", ranks);

        // The best adapter is one within the budget: 4 of 6 ranks for each layer.
        using SafetensorsReader adapter = SafetensorsReader.Open(Path.Combine(parts, "adapter.safetensors"));
        long total = adapter.Names.Where(n => n.EndsWith(".lora_down.weight", StringComparison.Ordinal)).Sum(n => adapter.Tensors[n].Shape[0]);
        Assert.Equal(4 * AdaptedLayers(whole), total);
    }

    [Fact]
    public void A_run_cancelled_before_its_first_step_leaves_no_folder()
    {
        using var folder = new TemporaryFolder();
        string run = Path.Combine(folder.Path, "run");
        RunConfig config = new RunConfig { Device = "cpu", Phantoms = 20, Out = run }.Resolve();
        Assert.Throws<OperationCanceledException>(() => TrainingRun.Start(config, new CancellationToken(canceled: true)));
        Assert.False(Directory.Exists(run));
    }

    [Fact]
    public void Bad_rows_stop_the_run_before_its_first_step_unless_they_may_be_skipped()
    {
        using var folder = new TemporaryFolder();
        string data = folder.File("data"), run = folder.File("run");
        Directory.CreateDirectory(data);
        for (int i = 0; i < 4; i++)
            ImageFile.SavePng(Path.Combine(data, $"{i}.png"), new RgbImage(72, 80, [.. Enumerable.Repeat((byte)(60 * i), 72 * 80 * 3)]));
        File.WriteAllText(Path.Combine(data, "metadata.csv"), "file_name,text\n0.png,zero\n1.png,one\ngone.png,none\n2.png,two\n3.png,three\n");
        string[] arguments = ["--data", data, "--device", "cpu", "--batch", "2", "--steps", "2", "--sample-steps", "0", "--out", run];
        (int code, string error) = Run(arguments);
        Assert.Equal(1, code);
        Assert.Contains("metadata.csv row 4: gone.png: no such file", error);
        Assert.False(Directory.Exists(run));
        (code, string output) = RunForOutput([.. arguments, "--skip-bad"]);
        Assert.Equal(0, code);
        Assert.Contains("1 rows skipped; the first: metadata.csv row 4: gone.png", output);
        Assert.Contains("4 images with captions", output);
    }

    [Fact]
    public void A_run_that_diverges_says_at_which_step_and_keeps_what_was_saved()
    {
        using var folder = new TemporaryFolder();
        string run = folder.File("run");
        (int code, string error) = Run([.. Short, "--lr", "1e18", "--steps", "40", "--sample-steps", "0", "--checkpoint-every", "1", "--out", run]);
        Assert.Equal(1, code);
        Assert.Matches(@"^error: step \d+: ", error);
        Assert.Contains("--lr", error);
        Assert.All(Directory.GetFiles(Path.Combine(run, "checkpoints")), path => Assert.NotEmpty(Tensors(path)));
        Assert.DoesNotContain(Directory.GetFiles(run, "*", SearchOption.AllDirectories), path => path.EndsWith(".tmp", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(2, "--steps", "many")]
    [InlineData(2, "--stepz", "4")]
    [InlineData(1, "--data", "no-such-folder")]
    [InlineData(1, "--model", "no-such-folder")]
    [InlineData(1, "--device", "tpu:0")]
    [InlineData(1, "--lambda", "0.5")]
    [InlineData(1, "--method", "dora")]
    [InlineData(1, "--orth-weight", "-1")]
    [InlineData(1, "--warmup-final", "1")]
    [InlineData(1, "--fisher-gradient", "mean")]
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
        (int code, string output) = RunForOutput(["--help"]);
        Assert.Equal(0, code);
        foreach (string verb in (string[])["train", "sample", "report", "evaluate", "compare", "data", "devices", "selftest", "pretrain"]) Assert.Contains(verb, output);
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

    private static (int Code, string Output) RunForOutput(string[] args)
    {
        TextWriter before = Console.Out;
        using var output = new StringWriter();
        Console.SetOut(output);
        try
        {
            return (Program.Main(args), output.ToString());
        }
        finally
        {
            Console.SetOut(before);
        }
    }

    private static Dictionary<string, string> Tensors(string path)
    {
        using SafetensorsReader reader = SafetensorsReader.Open(path);
        return reader.Names.ToDictionary(n => n, n => Convert.ToHexString(reader.Bytes(n)));
    }

    private static int AdaptedLayers(string run) =>
        Tensors(Path.Combine(run, "checkpoints/step-000008.safetensors")).Keys.Count(n => n.EndsWith(".lora_E", StringComparison.Ordinal));

    private static IEnumerable<string> Losses(string run) =>
        File.ReadAllLines(Path.Combine(run, "metrics.csv")).Select(line => string.Join(',', line.Split(',')[..5]));
}
