using SeLoRA.Engine;
using SeLoRA.Model;

namespace SeLoRA.Train;

/// <summary>Measures two sets of images with the same captions, the real ones and the generated ones, batch by batch.</summary>
internal sealed class SetScores
{
    private readonly Side real, generated;
    private readonly ClipScore shuffled = new();
    private readonly ClipScorer? clip;
    private readonly Device device;

    /// <summary>Without images.</summary>
    /// <param name="spaces">Where Frechet distances are measured.</param>
    /// <param name="clip">Measures how images fit captions; may be absent.</param>
    /// <param name="device">Where the networks are.</param>
    public SetScores(IReadOnlyList<IImageFeatures> spaces, ClipScorer? clip, Device device)
    {
        (this.clip, this.device) = (clip, device);
        (real, generated) = (new Side(spaces), new Side(spaces));
    }

    /// <summary>Adds real images; <paramref name="others"/> are captions of other ones, for the score that is no better than chance.</summary>
    public void AddReal(IReadOnlyList<RgbImage> images, IReadOnlyList<string> captions, IReadOnlyList<string> others)
    {
        using var scope = new TensorScope();
        using IDisposable noGrad = Autograd.NoGrad();
        if (Add(real, images, captions) is { } embedded) shuffled.Add(embedded, clip!.Texts(others));
    }

    /// <summary>Adds generated images.</summary>
    public void AddGenerated(IReadOnlyList<RgbImage> images, IReadOnlyList<string> captions)
    {
        using var scope = new TensorScope();
        using IDisposable noGrad = Autograd.NoGrad();
        Add(generated, images, captions);
    }

    /// <summary>All metrics by name, and what is to be said of them.</summary>
    public (IReadOnlyDictionary<string, double> Metrics, IReadOnlyList<string> Warnings) Result()
    {
        FrechetDistance[] distances =
            [.. real.Features.Zip(generated.Features, (a, b) => FrechetDistance.Between(a.Statistics(), b.Statistics()))];
        Dictionary<string, double> metrics = distances.ToDictionary(d => d.Name, d => d.Value);
        if (clip is not null)
        {
            metrics[clip.Name] = generated.Clip.Value;
            metrics[$"{clip.Name} of the real images"] = real.Clip.Value;
            metrics[$"{clip.Name} of the real images, captions shuffled"] = shuffled.Value;
        }
        return (metrics, [.. distances.Where(d => d.Warning is not null).Select(d => $"{d.Name}: {d.Warning}")]);
    }

    private Tensor? Add(Side side, IReadOnlyList<RgbImage> images, IReadOnlyList<string> captions)
    {
        var shape = new Shape(images.Count, images[0].Height, images[0].Width, 3);
        Tensor pixels = Tensor.From([.. images.SelectMany(i => i.Pixels).Select(v => v / 255f)], shape, device);
        foreach ((IImageFeatures space, FeatureAccumulator features) in side.Spaces.Zip(side.Features)) features.Add(space.Extract(pixels));
        if (clip is null) return null;
        Tensor embedded = clip.Images(images);
        side.Clip.Add(embedded, clip.Texts(captions));
        return embedded;
    }

    private sealed class Side(IReadOnlyList<IImageFeatures> spaces)
    {
        public IReadOnlyList<IImageFeatures> Spaces { get; } = spaces;

        public FeatureAccumulator[] Features { get; } = [.. spaces.Select(space => new FeatureAccumulator(space))];

        public ClipScore Clip { get; } = new();
    }
}
