using System.Runtime.InteropServices;
using SeLoRA.Engine;

namespace SeLoRA.Train;

/// <summary>Places on the device for a <see cref="NoisyBatch"/>: batches come and go, the places stay.</summary>
internal sealed class DeviceBatch : IDisposable
{
    private readonly Denoiser denoiser;

    /// <param name="denoiser">What it is for.</param>
    /// <param name="count">Images.</param>
    /// <param name="tokens">Tokens of a caption.</param>
    /// <param name="latent">One latent (h, w, channels).</param>
    public DeviceBatch(Denoiser denoiser, int count, int tokens, Shape latent)
    {
        this.denoiser = denoiser;
        var shape = new Shape(count, latent[0], latent[1], latent[2]);
        Ids = Place(new Shape(count, tokens), DType.I32);
        Timesteps = Place(denoiser.UNet.TimestepShape(count));
        Noisy = Place(shape);
        Noise = Place(shape);
    }

    /// <summary>Token ids (n, tokens).</summary>
    public Tensor Ids { get; }

    /// <summary>Timesteps, embedded.</summary>
    public Tensor Timesteps { get; }

    /// <summary>Noisy latents.</summary>
    public Tensor Noisy { get; }

    /// <summary>The noise to be predicted.</summary>
    public Tensor Noise { get; }

    /// <summary>Puts a batch of the same size there.</summary>
    public void Load(NoisyBatch batch)
    {
        denoiser.TextEncoder.CheckIds(batch.Ids, batch.Count);
        Ids.Backend.Upload(MemoryMarshal.AsBytes(batch.Ids.AsSpan()), Ids);
        Timesteps.CopyFrom(denoiser.UNet.EmbedTimesteps(batch.Timesteps));
        Noisy.CopyFrom(batch.Noisy);
        Noise.CopyFrom(batch.Noise);
    }

    /// <summary>Frees the places.</summary>
    public void Dispose()
    {
        foreach (Tensor place in (Tensor[])[Ids, Timesteps, Noisy, Noise]) place.Dispose();
    }

    private Tensor Place(Shape shape, DType type = DType.F32) => TensorScope.Detach(Tensor.Empty(shape, denoiser.Device, type));
}
