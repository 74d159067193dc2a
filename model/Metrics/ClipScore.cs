using SeLoRA.Engine;

namespace SeLoRA.Model;

/// <summary>
/// How well images fit their captions (Hessel et al., 2021): 100 times the cosine of CLIP's two embeddings. There are two ways to take the mean over pairs,
/// which differ where a pair is negative; both are here. Scores of different CLIP models cannot be compared.
/// </summary>
public sealed class ClipScore
{
    private readonly List<double> pairs = [];

    /// <summary>100 cos of every pair, not clamped.</summary>
    public IReadOnlyList<double> Pairs => pairs;

    /// <summary>max(mean of 100 cos, 0): what torchmetrics' <c>CLIPScore</c> returns, and what is reported where nothing is said.</summary>
    /// <exception cref="EngineException">No pair was added.</exception>
    public double Value => Math.Max(0, NotEmpty().Average());

    /// <summary>Mean of max(100 cos, 0): the formula that the papers print for one pair.</summary>
    /// <exception cref="EngineException">No pair was added.</exception>
    public double MeanOfClampedPairs => NotEmpty().Average(pair => Math.Max(0, pair));

    /// <summary>Adds pairs.</summary>
    /// <param name="images">Embeddings of images (N, D), of any length: <see cref="ClipModel.ImageEmbeddings"/>.</param>
    /// <param name="texts">Embeddings of their captions (N, D): <see cref="ClipModel.TextEmbeddings"/>.</param>
    /// <exception cref="EngineException">The shapes differ, or an embedding has length 0 or is not finite.</exception>
    public void Add(Tensor images, Tensor texts)
    {
        if (images.Shape.Rank != 2 || images.Shape != texts.Shape)
            throw new EngineException($"CLIP score: image embeddings {images.Shape} and text embeddings {texts.Shape} must be NxD both");
        float[] x = images.ToArray(), y = texts.ToArray();
        int width = images.Shape[1];
        for (int at = 0; at < x.Length; at += width) pairs.Add(100 * Cosine(x.AsSpan(at, width), y.AsSpan(at, width)));
    }

    private double Cosine(ReadOnlySpan<float> x, ReadOnlySpan<float> y)
    {
        double xy = 0, xx = 0, yy = 0;
        for (int i = 0; i < x.Length; i++)
        {
            xy += (double)x[i] * y[i];
            xx += (double)x[i] * x[i];
            yy += (double)y[i] * y[i];
        }
        double cosine = xy / Math.Sqrt(xx * yy);
        return double.IsFinite(cosine) ? cosine : throw new EngineException($"CLIP score: an embedding of pair {pairs.Count + 1} has length 0 or is not finite");
    }

    private List<double> NotEmpty() => pairs.Count > 0 ? pairs : throw new EngineException("CLIP score: no pairs of image and caption");
}
