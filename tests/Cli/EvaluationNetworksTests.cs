using System.Text.Json;
using SeLoRA.Engine;
using SeLoRA.Model;
using SeLoRA.Train;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>The evaluate verb with networks of its own: random weights show that files are read and metrics named, not that they mean something.</summary>
[Collection("command line")]
public class EvaluationNetworksTests
{
    [Fact]
    public void With_weights_FID_of_every_width_and_CLIP_scores_are_measured()
    {
        using var folder = new TemporaryFolder();
        string run = folder.File("run"), inception = folder.File("inception.safetensors"), clip = folder.File("tiny-clip");
        var network = new InceptionV3();
        network.Initialize(1, Device.Cpu);
        WeightSaver.Save(network, inception, SafetensorsDType.F32);
        SaveClip(clip);
        Assert.Equal(0, Program.Main(["--device", "cpu", "--phantoms", "12", "--batch", "4", "--steps", "1", "--sample-steps", "0", "--out", run]));
        (int code, string output, string error) = CommandLine.Run(
            "evaluate", run, "--count", "4", "--sample-steps", "1", "--inception", inception, "--clip", clip);
        Assert.True(code == 0, error);
        Assert.Contains("warning: FID (pytorch-fid, 64 features): 4 images for 64 features", output);
        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(Path.Combine(run, "evaluation.json")));
        JsonProperty[] metrics = [.. document.RootElement.GetProperty("metrics").EnumerateObject()];
        string[] names =
        [
            .. new[] { 2048, 768, 192, 64 }.Select(width => $"FID (pytorch-fid, {width} features)"), "CLIP score (tiny-clip)",
            "CLIP score (tiny-clip) of the real images", "CLIP score (tiny-clip) of the real images, captions shuffled",
        ];
        Assert.Equal(names, metrics.Select(m => m.Name));
        Assert.All(metrics.Take(4), m => Assert.True(m.Value.GetDouble() > 0, m.Name));
        Assert.All(metrics.Skip(4), m => Assert.InRange(m.Value.GetDouble(), 0, 100));
    }

    private static void SaveClip(string folder)
    {
        Directory.CreateDirectory(folder);
        string tokenizer = Path.Combine(MiniModel.Folder, "tokenizer");
        foreach (string file in Directory.GetFiles(tokenizer)) File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
        ClipTokenizer words = ClipTokenizer.FromFolder(tokenizer);
        string config = $$$"""
            {"model_type": "clip", "projection_dim": 8,
             "text_config": {"model_type": "clip_text_model", "hidden_size": 8, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2,
                             "vocab_size": {{{words.Vocabulary.Count}}}, "eos_token_id": {{{words.EndId}}}},
             "vision_config": {"model_type": "clip_vision_model", "hidden_size": 8, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2,
                               "image_size": 32, "patch_size": 16}}
            """;
        File.WriteAllText(Path.Combine(folder, "config.json"), config);
        var model = new ClipModel(ClipConfig.Parse(config, "tiny"));
        model.Initialize(2, Device.Cpu);
        WeightSaver.Save(model, Path.Combine(folder, "model.safetensors"), SafetensorsDType.F32);
    }
}
