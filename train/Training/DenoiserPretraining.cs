using SeLoRA.Engine;
using SeLoRA.Model;

namespace SeLoRA.Train;

/// <summary>Trains text encoder and U-Net together from nothing; the result is an average over the last steps (EMA).</summary>
internal static class DenoiserPretraining
{
    private const float Decay = 0.998f;
    private const double CaptionDropout = 0.1;

    /// <summary>Trains in place; both networks hold the averaged weights afterwards.</summary>
    /// <param name="denoiser">The networks.</param>
    /// <param name="set">Encoded data.</param>
    /// <param name="emptyIds">Tokens of the empty caption, which replaces a tenth of the captions for classifier-free guidance.</param>
    /// <param name="scalingFactor">The VAE's.</param>
    /// <param name="schedule">Noise schedule.</param>
    /// <param name="steps">Optimiser steps.</param>
    /// <param name="batch">Images a step.</param>
    /// <param name="lr">Peak learning rate.</param>
    /// <param name="seed">Seed.</param>
    /// <param name="cancel">Stops early and keeps what was learnt.</param>
    public static void Run(Denoiser denoiser, LatentSet set, int[] emptyIds, float scalingFactor, NoiseSchedule schedule, int steps,
        int batch, float lr, ulong seed, CancellationToken cancel)
    {
        List<(string Name, Parameter Parameter)> parameters = [];
        foreach ((string prefix, Module module) in ((string, Module)[])[("text_encoder", denoiser.TextEncoder), ("unet", denoiser.UNet)])
        {
            module.Initialize(seed, denoiser.Device);
            module.SetTrainable(true);
            parameters.AddRange(module.NamedParameters().Select(p => ($"{prefix}.{p.Name}", p.Parameter)));
        }
        using var adam = new AdamW(lr);
        Tensor[] averages = [.. parameters.Select(p => Tensor.From(p.Parameter.Value.ToArray(), p.Parameter.Shape, denoiser.Device))];
        foreach ((string name, Parameter parameter) in parameters) adam.Set(name, parameter.Value);

        var order = new DrawOrder(seed, set.Count, batch, 1);
        using (var progress = new ProgressLine("denoiser"))
        {
            double smooth = 1;
            for (int step = 1; step <= steps && !cancel.IsCancellationRequested; step++)
            {
                int at = step;
                adam.LearningRate = lr * VaePretraining.CosineDecay(step, steps, warmup: 200);
                NoisyBatch drawn = NoisyBatch.Draw(set, order.Batch(step, 0), i => order.SampleSeed(at, 0, i), schedule, scalingFactor);
                for (int i = 0; i < batch; i++)
                    if (Philox.Uniform(seed ^ 0x5EED_0005, (ulong)step * (ulong)batch + (ulong)i) < CaptionDropout)
                        emptyIds.CopyTo(drawn.Ids, i * emptyIds.Length);
                using var scope = new TensorScope();
                Tensor loss = denoiser.Loss(drawn, set.Shape);
                loss.Backward();
                GradClip.ClipNorm(parameters.Select(p => p.Parameter.Value), 1f);
                adam.Step();
                adam.ZeroGrad();
                // A young average would remember the random start.
                float decay = Math.Min(Decay, (1f + step) / (10f + step));
                for (int i = 0; i < averages.Length; i++)
                {
                    averages[i].Backend.Scale(averages[i], decay, averages[i]);
                    averages[i].Backend.AddScaled(parameters[i].Parameter.Value, 1f - decay, averages[i]);
                }
                smooth += (loss.Item() - smooth) * Math.Max(0.01, 1.0 / step);
                progress.Report(step, steps, $"loss {smooth:F4}");
            }
        }
        for (int i = 0; i < averages.Length; i++)
        {
            Tensor value = parameters[i].Parameter.Value;
            value.Backend.Copy(averages[i], value);
            averages[i].Dispose();
        }
        denoiser.UNet.SetTrainable(false);
        denoiser.TextEncoder.SetTrainable(false);
    }
}
