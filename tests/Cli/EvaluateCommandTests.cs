using System.Text.Json;
using SeLoRA.Train;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>The evaluate verb end to end on the built-in model.</summary>
[Collection("command line")]
public class EvaluateCommandTests
{
    private static readonly string[] Train = ["--device", "cpu", "--phantoms", "12", "--batch", "4", "--steps", "2", "--sample-steps", "0"];

    [Fact]
    public void A_run_is_measured_on_images_it_has_not_seen_and_always_to_the_same_numbers()
    {
        using var folder = new TemporaryFolder();
        string run = folder.File("run"), alone = folder.File("alone.safetensors");
        Assert.Equal(0, Program.Main([.. Train, "--out", run]));
        (int code, string output, string error) = CommandLine.Run("evaluate", run, "--count", "6", "--sample-steps", "2");
        Assert.True(code == 0, error);
        Assert.Contains("6 other drawn radiographs than those of the run", output);
        Assert.Contains("frechet distance (mini VAE latents)", output);
        Assert.DoesNotContain("FID", output);
        Assert.Contains("warning: frechet distance (mini VAE latents): 6 images for 64 features", output);
        Assert.Equal(6, ImageFolder.Load(Path.Combine(run, "evaluation")).Samples.Count);

        JsonElement first = Json(run);
        Assert.True(Distance(first) > 0);
        Assert.Equal((6, 42, 2, 4), (first.GetProperty("images").GetInt32(), first.GetProperty("seed").GetInt32(), first.GetProperty("steps").GetInt32(), first.GetProperty("guidance").GetInt32()));
        Assert.Equal(("mini", "adapter.safetensors"), (first.GetProperty("model").GetString(), first.GetProperty("adapter").GetString()));
        Assert.Equal(["unet", "text_encoder"], first.GetProperty("networks").EnumerateArray().Select(n => n.GetProperty("root").GetString()));
        Assert.True(first.GetProperty("date").GetDateTimeOffset() > DateTimeOffset.UnixEpoch);

        // An adapter on its own tells its seed, and gives the same images of the same data; its results go beside it.
        File.Copy(Path.Combine(run, "adapter.safetensors"), alone);
        Assert.Equal(0, Program.Main(["evaluate", alone, "--phantoms", "12", "--count", "6", "--sample-steps", "2", "--batch", "4", "--device", "cpu"]));
        Assert.Equal(Distance(first), Distance(Json(folder.File("alone-evaluation"))));
        Assert.Equal(0, Program.Main(["evaluate", run, "--count", "5", "--sample-steps", "2", "--seed", "7"]));
        Assert.NotEqual(Distance(first), Distance(Json(run)));
        Assert.Equal(5, Directory.GetFiles(Path.Combine(run, "evaluation"), "*.png").Length);
    }

    [Fact]
    public void A_folder_without_a_test_part_is_measured_on_what_the_run_validated_on()
    {
        using var folder = new TemporaryFolder();
        string data = folder.File("data"), run = folder.File("run");
        for (int i = 0; i < 8; i++)
            ImageFile.SavePng(Path.Combine(data, $"{i}.png"), new RgbImage(72, 80, [.. Enumerable.Repeat((byte)(30 * i), 72 * 80 * 3)]));
        File.WriteAllText(Path.Combine(data, "metadata.csv"), "file_name,text\n" + string.Concat(Enumerable.Range(0, 8).Select(i => $"{i}.png,image {i}\n")));
        Assert.Equal(0, Program.Main(["--data", data, "--validation", "0.25", "--device", "cpu", "--batch", "2", "--steps", "1", "--sample-steps", "0", "--out", run]));
        (int code, string output, string error) = CommandLine.Run("evaluate", run, "--sample-steps", "1");
        Assert.True(code == 0, error);
        Assert.Contains("there is no test part", output);
        Assert.Contains("2 images of the validation part", output);
        (code, _, error) = CommandLine.Run("evaluate", run, "--count", "3");
        Assert.Equal(1, code);
        Assert.Contains($"error: --count 3: the validation part of {data} has 2 images", error);
    }

    [Fact]
    public void A_test_part_is_what_counts()
    {
        using var data = new DataFolderBuilder();
        for (int i = 1; i <= 20; i++)
            data.Images($"CXR_png/MCUCXR_{i:D4}_0.png").Text($"ClinicalReadings/MCUCXR_{i:D4}_0.txt", $"Patient's Sex: F\nPatient's Age: {20 + i:D3}Y\nnormal\n");
        string run = Path.Combine(data.Path, "run");
        Assert.Equal(0, Program.Main(["--data", data.Path, "--device", "cpu", "--batch", "2", "--steps", "1", "--sample-steps", "0", "--out", run]));
        (int code, string output, string error) = CommandLine.Run("evaluate", run, "--sample-steps", "1");
        Assert.True(code == 0, error);
        Assert.Contains("4 images of the test part", output);
        HashSet<string> test = [.. data.Load().Split.Test.Select(i => i.Caption)];
        Assert.Equal(test, ImageFolder.Load(Path.Combine(run, "evaluation")).Samples.Select(s => s.Caption).ToHashSet());
    }

    [Fact]
    public void Bad_use_is_one_line()
    {
        using var folder = new TemporaryFolder();
        string run = folder.File("run");
        Assert.Equal(0, Program.Main([.. Train, "--out", run]));
        Refused("no-such-run: no such run folder or adapter file", "evaluate", "no-such-run");
        Refused("no config.json", "evaluate", folder.Path);
        Refused("--count 1: at least 2", "evaluate", run, "--count", "1");
        Refused("--sample-steps 0: at least 1", "evaluate", run, "--sample-steps", "0");
        Refused("--clip no-such-clip: no such folder", "evaluate", run, "--clip", "no-such-clip");
        Refused("no-such-inception", "evaluate", run, "--inception", "no-such-inception");
        File.Delete(Path.Combine(run, "adapter.safetensors"));
        Refused("no adapter.safetensors yet", "evaluate", run);
        Assert.False(File.Exists(Path.Combine(run, "evaluation.json")));
    }

    private static void Refused(string message, params string[] args)
    {
        (int code, _, string error) = CommandLine.Run(args);
        Assert.Equal(1, code);
        Assert.StartsWith("error: ", error);
        Assert.Contains(message, error);
        Assert.Single(error.TrimEnd().Split('\n'));
    }

    private static JsonElement Json(string run)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(Path.Combine(run, "evaluation.json")));
        return document.RootElement.Clone();
    }

    private static double Distance(JsonElement evaluation) =>
        evaluation.GetProperty("metrics").GetProperty("frechet distance (mini VAE latents)").GetDouble();
}
