using SeLoRA.Engine;
using SeLoRA.Model;

namespace SeLoRA.Train;

/// <summary>The two networks that training adapts, and the loss they share: mean squared error of the predicted noise.</summary>
internal sealed class Denoiser(ClipTextModel textEncoder, UNet2DConditionModel unet, Device device)
{
    /// <summary>Text encoder.</summary>
    public ClipTextModel TextEncoder => textEncoder;

    /// <summary>U-Net.</summary>
    public UNet2DConditionModel UNet => unet;

    /// <summary>Where both live.</summary>
    public Device Device => device;

    /// <summary>Mean over the batch of (predicted - true noise)^2; recorded when anything is trainable.</summary>
    public Tensor Loss(NoisyBatch batch, Shape latent)
    {
        using var scope = new TensorScope();
        using var there = new DeviceBatch(this, batch.Count, batch.Ids.Length / batch.Count, latent);
        there.Load(batch);
        return scope.Return(Loss(there));
    }

    /// <summary>The loss of a batch that is on the device.</summary>
    public Tensor Loss(DeviceBatch batch)
    {
        using var scope = new TensorScope();
        Tensor context = textEncoder.Forward(batch.Ids);
        return scope.Return(Ops.MseLoss(unet.Forward(batch.Noisy, batch.Timesteps, context), batch.Noise));
    }

    /// <summary>
    /// Mean loss over a validation set: every image with noise and a timestep that never change, the timesteps spread evenly over the
    /// schedule, so that two calls differ by the weights alone.
    /// </summary>
    public double Validate(LatentSet set, int batchSize, ulong seed, NoiseSchedule schedule, float scalingFactor)
    {
        using IDisposable noGrad = Autograd.NoGrad();
        double sum = 0;
        for (int start = 0; start < set.Count; start += batchSize)
        {
            int first = start, n = Math.Min(batchSize, set.Count - start);
            int[] indices = [.. Enumerable.Range(start, n)];
            NoisyBatch batch = NoisyBatch.Draw(set, indices, i => DrawOrder.Mix(seed ^ 0x5EED_0004, (ulong)(first + i)), schedule,
                scalingFactor, i => (int)((first + i + 0.5) * schedule.Length / set.Count));
            using var scope = new TensorScope();
            sum += (double)Loss(batch, set.Shape).Item() * n;
        }
        return sum / set.Count;
    }
}
