using SeLoRA.Engine;
using SeLoRA.Train;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>The encoded data set: its split, and the key under which it is kept on disk.</summary>
public class LatentSetTests
{
    [Fact]
    public void A_split_shares_no_image_even_where_images_are_repeated()
    {
        float[] means = [.. Enumerable.Range(0, 40).SelectMany(i => Enumerable.Repeat((float)(i / 4), 4))];
        var set = new LatentSet(new Shape(1, 1, 4), means, new float[means.Length], [.. Enumerable.Range(0, 80)],
            [.. Enumerable.Range(0, 40).Select(i => $"caption {i}")]);
        (LatentSet train, LatentSet? validation) = set.Split(0.2, seed: 3);
        Assert.Equal((32, 8), (train.Count, validation!.Count));
        Assert.Empty(train.Means.Intersect(validation.Means));
        int row = Array.IndexOf(set.Captions, train.Captions[9]);
        Assert.Equal(set.Means[4 * row], train.Means[36]);
        Assert.Equal(set.TokenIds[(2 * row)..(2 * row + 2)], train.TokenIds[18..20]);
        Assert.NotEqual(validation.Captions, set.Split(0.2, seed: 4).Validation!.Captions);
    }

    [Fact]
    public void The_key_of_kept_latents_changes_with_everything_that_changes_them()
    {
        using var scope = new TensorScope();
        var vae = TinyModel.Create().Vae;
        var data = new Images("a", "b", "c");
        string key = LatentCache.Key(data, 16, vae);
        Assert.Equal(key, LatentCache.Key(new Images("a", "b", "c"), 16, vae));
        Assert.NotEqual(key, LatentCache.Key(data, 24, vae));
        Assert.NotEqual(key, LatentCache.Key(new Images("a", "c", "b"), 16, vae));
        Assert.NotEqual(key, LatentCache.Key(new Images("a", "b", "c2"), 16, vae));
        Parameter weight = vae.NamedParameters().Last().Parameter;
        float[] values = weight.ToFileLayout();
        values[0] += 1e-3f;
        weight.Load(values, Device.Cpu);
        Assert.NotEqual(key, LatentCache.Key(data, 16, vae));
    }

    [Fact]
    public void Kept_latents_are_read_back_and_a_damaged_file_is_as_good_as_none()
    {
        using var folder = new TemporaryFolder();
        string path = folder.File("kept.safetensors");
        Assert.Null(LatentCache.Read(path, 2));
        float[] means = [1, 2, 3, 4], logVars = [5, 6, 7, 8];
        LatentCache.Write(path, new Shape(1, 1, 2), 2, means, logVars);
        (Shape shape, float[] m, float[] v) = LatentCache.Read(path, 2)!.Value;
        Assert.Equal((new Shape(1, 1, 2), means, logVars), (shape, m, v), (a, b) => a.Item1 == b.Item1 && a.Item2.SequenceEqual(b.Item2) && a.Item3.SequenceEqual(b.Item3));
        Assert.Null(LatentCache.Read(path, 3));
        File.WriteAllBytes(path, File.ReadAllBytes(path)[..^3]);
        Assert.Null(LatentCache.Read(path, 2));
    }

    [Fact]
    public void Encoding_can_be_cancelled()
    {
        var model = TinyModel.Create();
        Assert.Throws<OperationCanceledException>(() =>
            LatentCache.Encode(new Images("a"), 16, model.Vae, model.Tokenizer, Device.Cpu, (_, _) => { }, new CancellationToken(true)));
    }

    private sealed class Images(params string[] contents) : IImageTextData
    {
        public int Count => contents.Length;

        public string Description => "images";

        public string Caption(int index) => "no finding";

        public float[] Pixels(int index, int size) => new float[size * size * 3];

        public string ContentKey(int index) => contents[index];
    }
}
