using SeLoRA.Adapters;
using SeLoRA.Engine;
using SeLoRA.Model;

namespace SeLoRA.Tests;

/// <summary>Training and inference of a tiny model with LoRA in every linear layer; all of it depends on the seed.</summary>
internal sealed class TinyTraining : IDisposable
{
    private readonly AdapterSet adapters;
    private readonly AdamW adam = new(1e-3f);
    private readonly Tensor latents, noise;
    private readonly int[] ids = [.. Enumerable.Range(0, 20).Select(i => i % 8)];
    private readonly float[] timesteps = [10f, 900f];

    public TinyTraining(Device device = default, ulong seed = 1)
    {
        Model = TinyModel.Create(device, seed);
        (latents, noise) = (Tensor.Normal(new Shape(2, 8, 8, 4), seed, device: device), Tensor.Normal(new Shape(2, 8, 8, 4), seed + 1, device: device));
        AdapterRoot[] roots = [new("unet", Model.UNet), new("text_encoder", Model.TextEncoder)];
        adapters = new LoRAConfig { Rank = 2 }.Create(roots, AdapterTargets.All, seed).Attach();
        adapters.AddTo(adam);
    }

    public StableDiffusionModel Model { get; }

    /// <summary>The trained weights, one behind the other.</summary>
    public float[] Weights => [.. adapters.Parameters.SelectMany(p => p.Tensor.ToArray())];

    /// <summary>A step; its loss.</summary>
    public float Train()
    {
        using var scope = new TensorScope();
        Tensor loss = Ops.MseLoss(Model.UNet.Forward(latents, timesteps, Model.TextEncoder.Forward(ids, 2)), noise);
        loss.Backward();
        adam.Step();
        adam.ZeroGrad();
        return loss.Item();
    }

    /// <summary>Steps from the start: their losses, then the weights.</summary>
    public static float[] Run(Device device, ulong seed, int steps)
    {
        using var training = new TinyTraining(device, seed);
        return [.. Enumerable.Range(0, steps).Select(_ => training.Train()), .. training.Weights];
    }

    public void Forward()
    {
        using IDisposable noGrad = Autograd.NoGrad();
        using var scope = new TensorScope();
        Model.UNet.Forward(latents, timesteps, Model.TextEncoder.Forward(ids, 2));
    }

    public void Dispose()
    {
        adapters.Dispose();
        adam.Dispose();
        latents.Dispose();
        noise.Dispose();
        foreach (Module part in TinyModel.Parts(Model))
            foreach ((_, Parameter parameter) in part.NamedParameters()) parameter.Unload();
    }
}
