using System.Text.Json;
using SeLoRA.Engine;
using SeLoRA.Model;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>A small whole CLIP against transformers, and CLIP scores of given embeddings against torchmetrics' formula.</summary>
[Trait("Category", "Golden")]
public class ClipGoldenTests
{
    // "f32-f64" of the scores is 3e-6, and ours are computed in double from the same float32 embeddings.
    private const double ScoreTolerance = 1.5e-5;

    public static TheoryData<string, string, string> Cases()
    {
        var data = new TheoryData<string, string, string>();
        foreach ((string file, string name) in GoldenModel.Enumerate("clip_vit*.safetensors", full: false))
            foreach (string device in TestDevices.Names) data.Add(file, name, device);
        return data;
    }

    public static TheoryData<string> Scores() => [.. GoldenData.Enumerate("metrics", "clip_score*.safetensors")];

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Cases))]
    public void Small_network_equals_the_reference(string file, string name, string deviceName)
    {
        Device device = TestDevices.Require(deviceName);
        using GoldenModel golden = GoldenModel.Open(file);
        var one = new GoldenCase(golden, name);
        string[] inputs = [.. one.Description.GetProperty("inputs").EnumerateArray().Select(input => input.GetString()!)];
        using var scope = new TensorScope();
        if (inputs.Contains("pixel_values")) Towers(golden, one, name, device);
        else Scored(one, one.Input("image_embeds", device), one.Input("text_embeds", device));
        one.AssertAllCompared();
    }

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Scores))]
    public void Score_equals_the_reference(string file)
    {
        using SafetensorsReader golden = GoldenData.Open(file);
        int pairs = (int)golden.Tensors["image_embeds"].Shape[0];
        using JsonDocument document = JsonDocument.Parse(golden.Metadata["values"]);
        JsonElement values = document.RootElement;
        using var scope = new TensorScope();
        Tensor images = Embeddings(golden, "image_embeds"), texts = Embeddings(golden, "text_embeds");

        // Batches of any size make the same list of pairs.
        var score = new ClipScore();
        score.Add(images.Narrow(0, 1), texts.Narrow(0, 1));
        score.Add(images.Narrow(1, pairs - 1), texts.Narrow(1, pairs - 1));
        double[] perPair = [.. values.GetProperty("per_pair").EnumerateArray().Select(v => v.GetDouble())];
        Assert.Equal(perPair.Length, score.Pairs.Count);
        for (int i = 0; i < perPair.Length; i++) Assert.Equal(perPair[i], score.Pairs[i], ScoreTolerance);
        AssertMeans(score, values.GetProperty("all_pairs"));

        var firstThree = new ClipScore();
        firstThree.Add(images.Narrow(0, 3), texts.Narrow(0, 3));
        AssertMeans(firstThree, values.GetProperty("first_three"));

        var negative = new ClipScore();
        for (int i = 0; i < pairs; i++)
            if (perPair[i] < 0) negative.Add(images.Narrow(i, 1), texts.Narrow(i, 1));
        AssertMeans(negative, values.GetProperty("only_negative_pairs"));
    }

    private static void Towers(GoldenModel golden, GoldenCase one, string name, Device device)
    {
        var clip = new ClipModel(ClipConfig.Parse(golden.Config, golden.Name));
        golden.FillWeights(clip, device);
        int[] ids = [.. one.Integers("input_ids").Select(id => (int)id)];
        int batch = golden.Inputs.GetProperty($"{name}/input_ids").GetProperty("shape")[0].GetInt32();
        Tensor images = clip.ImageEmbeddings(one.Input("pixel_values", device)), texts = clip.TextEmbeddings(ids, batch);
        one.Compare("image_embeds", images);
        one.Compare("text_embeds", texts);
        Scored(one, images, texts);

        double factor = Math.Exp(clip.LogitScale.Value.Item());
        var logits = new List<float>();
        for (int i = 0; i < batch; i++)
        {
            var row = new ClipScore();
            for (int j = 0; j < batch; j++) row.Add(images.Narrow(i, 1), texts.Narrow(j, 1));
            logits.AddRange(row.Pairs.Select(pair => (float)(factor * pair / 100)));
        }
        one.Compare("logits_per_image", [.. logits]);
    }

    private static void Scored(GoldenCase one, Tensor images, Tensor texts)
    {
        var score = new ClipScore();
        score.Add(images, texts);
        one.Compare("cosine", [.. score.Pairs.Select(pair => (float)(pair / 100))]);
        one.Compare("clip_score", [.. score.Pairs.Select(pair => (float)Math.Max(0, pair))]);
    }

    private static Tensor Embeddings(SafetensorsReader golden, string name)
    {
        long[] shape = golden.Tensors[name].Shape;
        return Tensor.From(golden.ReadFloat32(name), new Shape((int)shape[0], (int)shape[1]));
    }

    private static void AssertMeans(ClipScore score, JsonElement expected)
    {
        Assert.Equal(expected.GetProperty("torchmetrics_code").GetDouble(), score.Value, ScoreTolerance);
        Assert.Equal(expected.GetProperty("mean_of_clipped_pairs").GetDouble(), score.MeanOfClampedPairs, ScoreTolerance);
    }
}
