using System.Runtime.InteropServices;
using System.Security.Cryptography;
using SeLoRA.Engine;

namespace SeLoRA.Train;

/// <summary>
/// A data set ready for training: per image the VAE's mean and log-variance (not one draw of them, which would fix the noise), and
/// the caption's token ids.
/// </summary>
/// <param name="Shape">One latent (h, w, channels), channels last.</param>
/// <param name="Means">count x h x w x channels.</param>
/// <param name="LogVars">As <paramref name="Means"/>.</param>
/// <param name="TokenIds">count x tokens.</param>
/// <param name="Captions">The captions.</param>
internal sealed record LatentSet(Shape Shape, float[] Means, float[] LogVars, int[] TokenIds, string[] Captions)
{
    /// <summary>Number of images.</summary>
    public int Count => Captions.Length;

    /// <summary>Tokens of a caption.</summary>
    public int Tokens => TokenIds.Length / Count;

    /// <summary>The images with the given indices, as a set of their own.</summary>
    public LatentSet Subset(IReadOnlyList<int> indices)
    {
        int size = (int)Shape.Count, tokens = Tokens;
        var means = new float[indices.Count * size];
        var logVars = new float[indices.Count * size];
        var ids = new int[indices.Count * tokens];
        for (int i = 0; i < indices.Count; i++)
        {
            Array.Copy(Means, indices[i] * size, means, i * size, size);
            Array.Copy(LogVars, indices[i] * size, logVars, i * size, size);
            Array.Copy(TokenIds, indices[i] * tokens, ids, i * tokens, tokens);
        }
        return new LatentSet(Shape, means, logVars, ids, [.. indices.Select(i => Captions[i])]);
    }

    /// <summary>Draws a latent: (mean + exp(logvar / 2) eps) scalingFactor, eps by Philox.</summary>
    public void Draw(int index, ulong seed, ulong offset, float scalingFactor, Span<float> latent)
    {
        int size = (int)Shape.Count;
        ReadOnlySpan<float> mean = Means.AsSpan(index * size, size), logVar = LogVars.AsSpan(index * size, size);
        for (int i = 0; i < size; i++)
            latent[i] = (mean[i] + MathF.Exp(0.5f * logVar[i]) * Philox.Normal(seed, offset + (ulong)i)) * scalingFactor;
    }

    /// <summary>
    /// Splits off a share of the images, chosen by the seed; at least one each if there are two. An image that is there more than once
    /// stands on one side only.
    /// </summary>
    public (LatentSet Train, LatentSet? Validation) Split(double share, ulong seed)
    {
        (int[] train, int[] held) = SplitIndices(share, seed);
        return held.Length == 0 ? (this, null) : (Subset(train), Subset(held));
    }

    /// <summary>Which images <see cref="Split"/> puts on which side.</summary>
    public (int[] Train, int[] Held) SplitIndices(double share, ulong seed)
    {
        int[][] images = [.. Enumerable.Range(0, Count).GroupBy(ImageHash).Select(copies => copies.ToArray())];
        int held = share == 0 || images.Length < 2 ? 0 : Math.Clamp((int)Math.Round(images.Length * share), 1, images.Length - 1);
        int[][] order = [.. images.OrderBy(copies => DrawOrder.Mix(seed ^ 0x5EED_0003, (ulong)copies[0]))];
        return ([.. order.Skip(held).SelectMany(i => i).Order()], [.. order.Take(held).SelectMany(i => i).Order()]);
    }

    private string ImageHash(int index)
    {
        int size = (int)Shape.Count;
        return Convert.ToHexString(SHA256.HashData(MemoryMarshal.AsBytes(Means.AsSpan(index * size, size))));
    }
}
