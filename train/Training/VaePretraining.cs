using SeLoRA.Engine;
using SeLoRA.Model;

namespace SeLoRA.Train;

/// <summary>Trains an autoencoder from nothing: reconstruction error plus a slight pull of the latents towards a normal distribution.</summary>
internal static class VaePretraining
{
    private const float KlWeight = 1e-4f;

    /// <summary>Trains in place.</summary>
    public static void Run(AutoencoderKL vae, IImageTextData data, int size, int steps, int batch, float lr, ulong seed, Device device,
        CancellationToken cancel)
    {
        vae.Initialize(seed, device);
        vae.SetTrainable(true);
        using var adam = new AdamW(lr);
        foreach ((string name, Parameter parameter) in vae.NamedParameters()) adam.Set(name, parameter.Value);
        var order = new DrawOrder(seed, data.Count, batch, 1);
        using var progress = new ProgressLine("autoencoder");
        for (int step = 1; step <= steps; step++)
        {
            cancel.ThrowIfCancellationRequested();
            adam.LearningRate = lr * CosineDecay(step, steps, warmup: 50);
            using var scope = new TensorScope();
            float[] pixels = [.. order.Batch(step, 0).SelectMany(i => data.Pixels(i, size))];
            Tensor x = Tensor.From(pixels, new Shape(batch, size, size, 3), device);
            (Tensor mean, Tensor logVar) = vae.Encode(x);
            Tensor deviation = Ops.Exp(logVar * 0.5f);
            Tensor eps = Tensor.Normal(mean.Shape, DrawOrder.Mix(seed, (ulong)step), 0, device);
            Tensor reconstruction = Ops.MseLoss(vae.Decode(mean + deviation * eps), x);
            // KL(N(mean, sigma^2) || N(0, 1)) = (mean^2 + sigma^2 - 1 - log sigma^2) / 2, up to the constant.
            Tensor kl = Ops.Mean(mean * mean + deviation * deviation - logVar) * 0.5f;
            (reconstruction + kl * KlWeight).Backward();
            GradClip.ClipNorm(vae.NamedParameters().Select(p => p.Parameter.Value), 1f);
            adam.Step();
            adam.ZeroGrad();
            progress.Report(step, steps, $"error {reconstruction.Item():F5}");
        }
        vae.SetTrainable(false);
    }

    /// <summary>Linear rise over the first steps, then half a cosine down to a hundredth.</summary>
    public static float CosineDecay(int step, int steps, int warmup)
    {
        if (step <= warmup) return (float)step / warmup;
        double done = (double)(step - warmup) / Math.Max(1, steps - warmup);
        return (float)(0.01 + 0.99 * 0.5 * (1 + Math.Cos(Math.PI * done)));
    }
}
