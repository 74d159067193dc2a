using SeLoRA.Engine;
using SeLoRA.Model;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>Text to image on a random model: what an image depends on, and what it does not.</summary>
public class StableDiffusionPipelineTests
{
    private static readonly SamplingOptions Options = new() { Prompt = "left effusion", Steps = 3, Seed = 5 };

    [Theory]
    [InlineData("ddim")]
    [InlineData("pndm")]
    [InlineData("euler_a")]
    [InlineData("dpmpp_2m_karras")]
    public void Image_depends_on_its_own_seed_only(string sampler)
    {
        StableDiffusionPipeline pipeline = Pipeline(sampler);
        IReadOnlyList<SampledImage> together = pipeline.Generate(Options with { Count = 3, BatchSize = 2 });
        Assert.Equal([5ul, 6ul, 7ul], together.Select(image => image.Seed));
        for (int i = 0; i < 3; i++)
        {
            SampledImage alone = pipeline.Generate(Options with { Seed = 5 + (ulong)i }).Single();
            Assert.Equal((16, 16), (alone.Width, alone.Height));
            Assert.InRange(Closeness.MaxAbs(together[i].Pixels, alone.Pixels), 0, 1e-4);
        }
        Assert.NotEqual(together[0].Pixels, together[1].Pixels);
        Assert.All(together, image => Assert.All(image.Pixels, value => Assert.InRange(value, 0f, 1f)));
    }

    [Fact]
    public void Same_call_gives_the_same_bits_and_another_prompt_another_image()
    {
        StableDiffusionPipeline pipeline = Pipeline("ddim");
        float[] first = pipeline.Generate(Options).Single().Pixels;
        Assert.Equal(first, pipeline.Generate(Options).Single().Pixels);
        Assert.NotEqual(first, pipeline.Generate(Options with { Prompt = "right nodule" }).Single().Pixels);
        Assert.NotEqual(first, pipeline.Generate(Options with { NegativePrompt = "right nodule" }).Single().Pixels);
        Assert.NotEqual(first, pipeline.Generate(Options with { GuidanceScale = 3f }).Single().Pixels);
    }

    [Theory]
    [InlineData("opencl")]
    [InlineData("cuda")]
    public void Device_changes_an_image_by_rounding_only(string device)
    {
        float[] expected = Pipeline("ddim").Generate(Options).Single().Pixels;
        float[] actual = Pipeline("ddim", TestDevices.Require(device)).Generate(Options).Single().Pixels;
        Assert.InRange(Closeness.MaxAbs(actual, expected), 0, 1e-3);
    }

    [Fact]
    public void Without_guidance_the_negative_prompt_is_not_used()
    {
        StableDiffusionPipeline pipeline = Pipeline("ddim");
        SamplingOptions plain = Options with { GuidanceScale = 1f };
        Assert.Equal(pipeline.Generate(plain).Single().Pixels,
            pipeline.Generate(plain with { NegativePrompt = "right nodule" }).Single().Pixels);
    }

    [Fact]
    public void Sizes_are_multiples_of_the_VAE_factor_and_need_not_be_of_the_UNets()
    {
        // 12 x 20 pixels are 6 x 10 latents; 10 x 6 pixels are 5 x 3, which no halving divides.
        SampledImage image = Pipeline("ddim").Generate(Options with { Width = 10, Height = 6 }).Single();
        Assert.Equal(10 * 6 * 3, image.Pixels.Length);
        Assert.Equal(image.Pixels.Length, image.ToBytes().Length);
        var error = Assert.Throws<EngineException>(() => Pipeline("ddim").Generate(Options with { Width = 15 }));
        Assert.Contains("15x16", error.Message);
        Assert.Contains("multiples of 2", error.Message);
    }

    [Fact]
    public void Progress_counts_evaluations_and_cancellation_ends_between_steps()
    {
        var seen = new List<SamplingProgress>();
        using var source = new CancellationTokenSource();
        SamplingOptions options = Options with
        {
            Count = 2,
            Progress = progress =>
            {
                seen.Add(progress);
                if (progress is { Image: 1, Step: 2 }) source.Cancel();
            },
        };
        Assert.Throws<OperationCanceledException>(() => Pipeline("ddim").Generate(options, source.Token));
        Assert.Equal([(0, 1), (0, 2), (0, 3), (1, 1), (1, 2)], seen.Select(p => (p.Image, p.Step)));
        Assert.All(seen, p => Assert.Equal((2, 3), (p.Images, p.Steps)));
    }

    [Fact]
    public void Initial_noise_is_a_fixed_function_of_the_seed()
    {
        var noise = new float[4096];
        StableDiffusionPipeline.InitialNoise(11, noise);
        for (int i = 0; i < noise.Length; i++) Assert.Equal(Philox.Normal(Philox.StreamSeed(11, "latents"), (ulong)i), noise[i]);
        Assert.InRange(noise.Average(), -0.06, 0.06);
    }

    [Fact]
    public void Encoded_images_do_not_depend_on_their_batch()
    {
        StableDiffusionModel model = TinyModel.Create();
        var images = new float[2 * 8 * 6 * 3];
        Philox.FillNormal(images, 3);
        (float[] mean, float[] logvar) = model.EncodeImages(images, 8, 6);
        Assert.Equal(2 * 4 * 3 * 4, mean.Length);
        (float[] second, float[] secondLogvar) = model.EncodeImages(images.AsSpan(images.Length / 2), 8, 6);
        Assert.Equal(second, mean[(mean.Length / 2)..]);
        Assert.Equal(secondLogvar, logvar[(logvar.Length / 2)..]);
    }

    internal static StableDiffusionPipeline Pipeline(string sampler, Device device = default)
    {
        StableDiffusionModel model = TinyModel.Create(device);
        return new StableDiffusionPipeline(model, SchedulerFactory.Create(sampler, model.Scheduler));
    }
}

/// <summary>Memory in use is a number of the whole process: this runs with no other test beside it.</summary>
[CollectionDefinition(nameof(SamplingMemoryTests), DisableParallelization = true)]
[Collection(nameof(SamplingMemoryTests))]
public class SamplingMemoryTests
{
    [Fact]
    public void Sampling_leaves_no_memory_behind()
    {
        StableDiffusionPipeline pipeline = StableDiffusionPipelineTests.Pipeline("ddim");
        var options = new SamplingOptions { Prompt = "left effusion", Steps = 2 };
        pipeline.Generate(options);
        long before = SettledMemory.Of(Device.Cpu).InUse;
        pipeline.Generate(options);
        Assert.Equal(before, Backend.Get(Device.Cpu).Memory.InUse);
    }
}
