using SeLoRA.Engine;
using SeLoRA.Model;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>Feature spaces: what their networks accept, and the space without further weights.</summary>
public class ImageFeaturesTests
{
    [Fact]
    public void Inception_has_the_checkpoints_size_and_ignores_its_classifier()
    {
        var network = new InceptionV3();
        // 94 convolutions with normalisation. torchvision counts 23,834,568 parameters with the classifier's 2,049,000 of 1000 classes.
        Assert.Equal(94 * 5, network.NamedParameters().Count());
        Assert.Equal(21_785_568, network.NamedParameters().Where(p => !p.Name.Contains(".running_", StringComparison.Ordinal)).Sum(p => p.Parameter.Shape.Count));
        Assert.Null(StateDictKeys.Inception("fc.weight"));
        Assert.Null(StateDictKeys.Inception("Conv2d_1a_3x3.bn.num_batches_tracked"));
    }

    [Fact]
    public void Hostile_inception_weights_are_refused_by_name()
    {
        using var folder = new TemporaryFolder();
        string path = folder.File("inception.safetensors");
        var writer = new SafetensorsWriter();
        writer.AddFloat32("Conv2d_1a_3x3.conv.weight", [32, 3, 3, 4], new float[32 * 36]);
        writer.AddFloat32("Mixed_9z.conv.weight", [1], new float[1]);
        writer.Save(path);
        string message = Assert.Throws<EngineException>(() => InceptionV3.Load(path, Device.Cpu)).Message;
        Assert.StartsWith(path, message, StringComparison.Ordinal);
        Assert.Contains("1 unexpected: Mixed_9z.conv.weight", message, StringComparison.Ordinal);
        Assert.Contains("32x3x3x4 in the file, 32x3x3x3 in the model", message, StringComparison.Ordinal);

        File.WriteAllBytes(path, File.ReadAllBytes(path)[..^9]);
        Assert.StartsWith(path, Assert.Throws<EngineException>(() => InceptionV3.Load(path, Device.Cpu)).Message, StringComparison.Ordinal);

        writer.AddFloat32("AuxLogits.fc.weight", [1], new float[1]);
        writer.Save(path);
        Assert.Contains("torchvision", Assert.Throws<EngineException>(() => InceptionV3.Load(path, Device.Cpu)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Resize_keeps_what_has_the_size_and_takes_the_border_beyond_centres()
    {
        using var scope = new TensorScope();
        Tensor image = Tensor.From([0f, 1f, 0.5f, 0.25f], new Shape(1, 2, 2, 1));
        Assert.Equal([-1f, 1f, 0f, -0.5f], BilinearResize.ToSigned(image, 2, 2).ToArray());
        // 2 -> 4: centres at -0.25 (border), 0.25, 0.75, 1.25 (border).
        float[] wide = BilinearResize.ToSigned(image, 2, 4).ToArray();
        Assert.Equal([-1f, -0.5f, 0.5f, 1f], wide[..4]);
        // 4 -> 2 takes the two middle neighbours only: no antialiasing.
        Tensor row = Tensor.From([1f, 0f, 0f, 0f], new Shape(1, 1, 4, 1));
        Assert.Equal([0f, -1f], BilinearResize.ToSigned(row, 1, 2).ToArray());
    }

    [Fact]
    public void Vae_space_is_never_called_FID_and_averages_the_means_over_a_grid()
    {
        using var scope = new TensorScope();
        AutoencoderKL vae = TinyModel.Create().Vae;
        var space = new VaeFeatures(vae, "mini");
        Assert.Equal("frechet distance (mini VAE latents)", space.Name);
        Assert.Equal(64, space.Width);

        float[] values = [.. Enumerable.Range(0, 2 * 16 * 16 * 3).Select(i => Philox.Uniform(5, (ulong)i))];
        float[] features = space.Extract(Tensor.From(values, new Shape(2, 16, 16, 3))).ToArray();
        Tensor mean = vae.Encode(Tensor.From([.. values.Select(v => 2 * v - 1)], new Shape(2, 16, 16, 3))).Mean;
        Assert.Equal(new Shape(2, 8, 8, 4), mean.Shape);
        float[] latents = mean.ToArray();
        // Sample 1, cell (2, 3), channel 1.
        float expected = 0;
        foreach ((int y, int x) in ((int, int)[])[(4, 6), (4, 7), (5, 6), (5, 7)]) expected += latents[((8 + y) * 8 + x) * 4 + 1] / 4;
        Assert.Equal(expected, features[64 + (2 * 4 + 3) * 4 + 1], 1e-5f);

        var accumulator = new FeatureAccumulator(space);
        accumulator.Add(space.Extract(Tensor.From(values, new Shape(2, 16, 16, 3))));
        FrechetDistance distance = FrechetDistance.Between(accumulator.Statistics(), accumulator.Statistics());
        Assert.Equal(space.Name, distance.Name);
        Assert.NotNull(distance.Warning);
        Assert.InRange(distance.Value, 0, 1e-9);
    }

    [Fact]
    public void Images_of_a_wrong_shape_are_refused()
    {
        using var scope = new TensorScope();
        Tensor image = Tensor.Zeros(new Shape(1, 12, 12, 3));
        Assert.Contains("multiples of 8", Assert.Throws<EngineException>(() => new VaeFeatures(TinyModel.Create().Vae, "mini").Extract(image)).Message,
            StringComparison.Ordinal);
        Assert.Contains("NxHxWx3", Assert.Throws<EngineException>(() => new InceptionFeatures(new InceptionV3()).Extract(image.Reshape(1, 12, 6, 6))).Message,
            StringComparison.Ordinal);
    }
}
