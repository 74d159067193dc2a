using SeLoRA.Engine;
using SeLoRA.Model;

namespace SeLoRA.Train;

/// <summary>
/// One batch of the diffusion objective (Ho et al., 2020): a latent draw, a uniform timestep and noise for every image, all pure
/// functions of the image's seed, made on the host so that every device trains on the same numbers.
/// </summary>
internal sealed class NoisyBatch
{
    // Streams of one image's seed: far enough apart that no image reaches the next.
    private const ulong TimestepDraw = 0, LatentDraws = 1UL << 20, NoiseDraws = 1UL << 32;

    /// <param name="ids">Token ids, n x tokens.</param>
    /// <param name="timesteps">One timestep an image.</param>
    /// <param name="noisy">Noisy latents.</param>
    /// <param name="noise">The noise in them.</param>
    public NoisyBatch(int[] ids, float[] timesteps, float[] noisy, float[] noise)
    {
        Ids = ids;
        Timesteps = timesteps;
        Noisy = noisy;
        Noise = noise;
    }

    /// <summary>Token ids, n x tokens.</summary>
    public int[] Ids { get; }

    /// <summary>One timestep an image.</summary>
    public float[] Timesteps { get; }

    /// <summary>Noisy latents, n x h x w x channels.</summary>
    public float[] Noisy { get; }

    /// <summary>The noise to be predicted.</summary>
    public float[] Noise { get; }

    /// <summary>Number of images.</summary>
    public int Count => Timesteps.Length;

    /// <summary>Draws a batch.</summary>
    /// <param name="set">Latents.</param>
    /// <param name="indices">Images.</param>
    /// <param name="seed">Seed of the image at a position of the batch.</param>
    /// <param name="schedule">Noise schedule.</param>
    /// <param name="scalingFactor">The VAE's.</param>
    /// <param name="timestep">Fixes the timestep of a position; null draws it.</param>
    public static NoisyBatch Draw(LatentSet set, ReadOnlySpan<int> indices, Func<int, ulong> seed, NoiseSchedule schedule,
        float scalingFactor, Func<int, int>? timestep = null)
    {
        int n = indices.Length, size = (int)set.Shape.Count, tokens = set.Tokens;
        var batch = new NoisyBatch(new int[n * tokens], new float[n], new float[n * size], new float[n * size]);
        var clean = new float[n * size];
        var steps = new int[n];
        for (int i = 0; i < n; i++)
        {
            ulong key = seed(i);
            Array.Copy(set.TokenIds, indices[i] * tokens, batch.Ids, i * tokens, tokens);
            steps[i] = timestep?.Invoke(i) ?? Philox.Int(key, TimestepDraw, schedule.Length);
            batch.Timesteps[i] = steps[i];
            set.Draw(indices[i], key, LatentDraws, scalingFactor, clean.AsSpan(i * size, size));
            Philox.FillNormal(batch.Noise.AsSpan(i * size, size), key, NoiseDraws);
        }
        schedule.AddNoise(clean, batch.Noise, steps, batch.Noisy);
        return batch;
    }
}
