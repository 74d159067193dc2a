using SeLoRA.Engine;
using SeLoRA.Model;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>CLIP's preparation of images, its config and files, and what its score refuses.</summary>
public class ClipModelTests
{
    [Theory]
    [InlineData(37, 23, 16)]
    [InlineData(9, 20, 16)]
    [InlineData(16, 16, 16)]
    [InlineData(5, 5, 16)]
    public void Prepared_image_is_the_cubic_resize_and_the_centre_square(int width, int height, int size)
    {
        byte[] rgb = [.. Enumerable.Range(0, 3 * width * height).Select(i => (byte)(256 * Philox.Uniform(3, (ulong)i)))];
        float[] actual = ClipImageProcessor.Prepare(rgb, width, height, size);
        Assert.Equal(3 * size * size, actual.Length);

        double scale = (double)size / Math.Min(width, height);
        int w = width <= height ? size : (int)(scale * width), h = width <= height ? (int)(scale * height) : size;
        double[] mean = [0.48145466, 0.4578275, 0.40821073], deviation = [0.26862954, 0.26130258, 0.27577711];
        for (int y = 0; y < size; y++)
        {
            for (int x = 0; x < size; x++)
            {
                for (int c = 0; c < 3; c++)
                {
                    double expected = 0;
                    foreach ((int j, double down) in Weights(height, h, y + (h - size) / 2))
                        expected += down * Math.Clamp(Weights(width, w, x + (w - size) / 2).Sum(t => t.Weight * rgb[3 * (j * width + t.At) + c]), 0, 255);
                    double level = (actual[3 * (y * size + x) + c] * deviation[c] + mean[c]) * 255;
                    // Each pass rounds to 8 bits.
                    Assert.Equal(Math.Clamp(expected, 0, 255), level, 1.3);
                }
            }
        }
    }

    [Fact]
    public void Even_colour_becomes_its_normalised_value()
    {
        float[] actual = ClipImageProcessor.Prepare([.. Enumerable.Repeat((byte)128, 3 * 30 * 41)], 30, 41, 14);
        Assert.Equal((128 / 255f - 0.48145466f) / 0.26862954f, actual[0], 1e-6f);
        Assert.Equal((128 / 255f - 0.40821073f) / 0.27577711f, actual[^1], 1e-6f);
        Assert.Throws<EngineException>(() => ClipImageProcessor.Prepare(new byte[10], 2, 2, 14));
    }

    [Fact]
    public void Folder_without_its_parts_is_refused_by_name()
    {
        using var folder = new TemporaryFolder();
        Assert.Contains("config.json", Assert.Throws<EngineException>(() => ClipModel.Load(folder.Path, Device.Cpu)).Message, StringComparison.Ordinal);
        File.WriteAllText(folder.File("config.json"), """{"model_type": "clip", "text_config": {}}""");
        Assert.Contains("has no vision_config", Assert.Throws<EngineException>(() => ClipModel.Load(folder.Path, Device.Cpu)).Message, StringComparison.Ordinal);
        File.WriteAllText(folder.File("config.json"), """{"model_type": "clip", "text_config": {}, "vision_config": {"num_channels": 4}}""");
        Assert.Contains("num_channels is 4", Assert.Throws<EngineException>(() => ClipModel.Load(folder.Path, Device.Cpu)).Message, StringComparison.Ordinal);
        File.WriteAllText(folder.File("config.json"), """{"text_config": {}, "vision_config": {}}""");
        Assert.Contains("has no weights", Assert.Throws<EngineException>(() => ClipModel.Load(folder.Path, Device.Cpu)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Folder_is_read_as_transformers_writes_it()
    {
        const string config = """
            {"model_type": "clip", "projection_dim": 6,
             "text_config": {"hidden_size": 8, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "vocab_size": 20, "max_position_embeddings": 5, "eos_token_id": 19},
             "vision_config": {"hidden_size": 12, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "image_size": 8, "patch_size": 4}}
            """;
        using var folder = new TemporaryFolder();
        using var scope = new TensorScope();
        var made = new ClipModel(ClipConfig.Parse(config, "test"));
        made.Initialize(1, Device.Cpu);
        File.WriteAllText(folder.File("config.json"), config);
        WeightSaver.Save(made, folder.File("model.safetensors"), SafetensorsDType.F32);
        ClipModel read = ClipModel.Load(folder.Path, Device.Cpu);
        Tensor pixels = Tensor.Full(new Shape(2, 8, 8, 3), 0.5f);
        Assert.Equal(made.ImageEmbeddings(pixels).ToArray(), read.ImageEmbeddings(pixels).ToArray());
        Assert.Equal(made.TextEmbeddings([18, 3, 19], 1).ToArray(), read.TextEmbeddings([18, 3, 19], 1).ToArray());
        Assert.Contains("Nx8x8x3", Assert.Throws<EngineException>(() => read.ImageEmbeddings(pixels.Reshape(2, 4, 16, 3))).Message, StringComparison.Ordinal);
        Assert.Null(StateDictKeys.Clip("vision_model.embeddings.position_ids"));
    }

    [Fact]
    public void Score_refuses_what_has_no_angle()
    {
        using var scope = new TensorScope();
        var score = new ClipScore();
        Assert.Contains("no pairs", Assert.Throws<EngineException>(() => score.Value).Message, StringComparison.Ordinal);
        Tensor one = Tensor.Full(new Shape(1, 3), 1f);
        Assert.Contains("length 0", Assert.Throws<EngineException>(() => score.Add(one, Tensor.Zeros(new Shape(1, 3)))).Message, StringComparison.Ordinal);
        Assert.Contains("NxD", Assert.Throws<EngineException>(() => score.Add(one, Tensor.Zeros(new Shape(1, 4)))).Message, StringComparison.Ordinal);
        score.Add(one, Tensor.Full(new Shape(1, 3), -2f));
        Assert.Equal(-100, score.Pairs[0], 1e-9);
        Assert.Equal(0, score.Value);
    }

    private static List<(int At, double Weight)> Weights(int length, int newLength, int i)
    {
        double scale = (double)length / newLength, wide = Math.Max(1, scale), centre = (i + 0.5) * scale - 0.5;
        List<(int At, double Weight)> taps = [.. Enumerable.Range(0, length).Select(j => (j, Keys(Math.Abs(j - centre) / wide)))];
        double sum = taps.Sum(t => t.Weight);
        return [.. taps.Select(t => (t.At, t.Weight / sum))];
    }

    private static double Keys(double x) => x < 1 ? 1.5 * x * x * x - 2.5 * x * x + 1 : x < 2 ? -0.5 * x * x * x + 2.5 * x * x - 4 * x + 2 : 0;
}
