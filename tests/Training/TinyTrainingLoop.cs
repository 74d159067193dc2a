using SeLoRA.Adapters;
using SeLoRA.Engine;
using SeLoRA.Model;
using SeLoRA.Train;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>The training loop with the tiny model on latents drawn at random; the same wherever it is made.</summary>
internal sealed class TinyTrainingLoop : IDisposable
{
    private readonly AdapterSet adapters;

    public TinyTrainingLoop(RunConfig config, Device device, DType precision, int images = 6, int damaged = -1)
    {
        StableDiffusionModel model = TinyModel.Create(device);
        model.UNet.SetPrecision(precision);
        model.TextEncoder.SetPrecision(precision);
        model.UNet.CheckpointBlocks = config.CheckpointBlocks;
        var shape = new Shape(8, 8, 4);
        var means = new float[images * (int)shape.Count];
        Philox.FillNormal(means, 1);
        if (damaged >= 0) means[damaged * (int)shape.Count] = float.NaN;
        int[] ids = [.. Enumerable.Range(0, images).SelectMany(i => model.Tokenizer.Encode(i % 2 == 0 ? "left effusion" : "right nodule"))];
        var set = new LatentSet(shape, means, new float[means.Length], ids, [.. Enumerable.Range(0, images).Select(i => $"{i}")]);
        IAdapterMethod method = Methods.Of(config).Method;
        adapters = method.Create(Methods.Roots(model), AdapterTargets.Parse("all"), config.Seed).Attach();
        Loop = new TrainingLoop(config, new Denoiser(model.TextEncoder, model.UNet, device), set, null, adapters, method,
            NoiseSchedule.FromConfig(model.Scheduler), 0.2f);
    }

    public TrainingLoop Loop { get; }

    /// <summary>The states of two checkpoints are the same to the last bit.</summary>
    public static void AssertSame(IReadOnlyDictionary<string, HostTensor> expected, IReadOnlyDictionary<string, HostTensor> actual)
    {
        Assert.Equal(expected.Keys, actual.Keys);
        foreach (string key in expected.Keys) Assert.True(expected[key].Values.AsSpan().SequenceEqual(actual[key].Values), key);
    }

    public void Dispose()
    {
        Loop.Dispose();
        adapters.Dispose();
    }
}
