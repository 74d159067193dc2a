using SeLoRA.Engine;

namespace SeLoRA.Model;

/// <summary>What the Frechet distance knows of a set of images: mean and unbiased covariance of its features, in double.</summary>
public sealed class FeatureStatistics
{
    /// <summary>Wraps the arrays without a copy.</summary>
    /// <param name="space">Name of the feature space; empty where it is not known.</param>
    /// <param name="count">Number of images; 0 where it is not known.</param>
    /// <param name="mean">d values.</param>
    /// <param name="covariance">d x d values, row-major, symmetric; divided by n - 1.</param>
    /// <exception cref="EngineException">The lengths do not fit, one image only, or a value is not finite.</exception>
    public FeatureStatistics(string space, long count, double[] mean, double[] covariance)
    {
        if (mean.Length == 0 || covariance.LongLength != (long)mean.Length * mean.Length)
            throw new EngineException($"statistics: {covariance.LongLength} values of covariance for {mean.Length} features");
        if (count is 1 or < 0) throw new EngineException($"statistics: {count} images; a covariance needs at least 2");
        if (!Array.TrueForAll(mean, double.IsFinite) || !Array.TrueForAll(covariance, double.IsFinite))
            throw new EngineException("statistics: a mean or covariance is not finite");
        Space = space;
        Count = count;
        Mean = mean;
        Covariance = covariance;
    }

    /// <summary>Name of the feature space (<see cref="IImageFeatures.Name"/>); empty where it is not known, as in files of other programs.</summary>
    public string Space { get; }

    /// <summary>Number of images; 0 where it is not known.</summary>
    public long Count { get; }

    /// <summary>Number of features, d.</summary>
    public int Width => Mean.Length;

    /// <summary>d values.</summary>
    public double[] Mean { get; }

    /// <summary>d x d values, row-major.</summary>
    public double[] Covariance { get; }

    /// <summary>Fewer images than it takes for a covariance of full rank: the distance is biased upwards.</summary>
    public bool IsRankDeficient => Count > 0 && Count <= Width;

    /// <summary>
    /// Writes an <c>.npz</c> file with <c>mu</c> and <c>sigma</c> as pytorch-fid does, and our <c>count</c> and <c>space</c> beside them, which pytorch-fid ignores.
    /// </summary>
    /// <param name="path">Written under a temporary name and renamed.</param>
    /// <exception cref="EngineException">The system refuses the writing.</exception>
    public void Save(string path) => NpzFile.Write(path,
    [
        NpzArray.Of("mu", Mean, Width),
        NpzArray.Of("sigma", Covariance, Width, Width),
        NpzArray.Of("count", Count),
        NpzArray.Of("space", Space),
    ]);

    /// <summary>Reads what <see cref="Save"/> or pytorch-fid's <c>--save-stats</c> wrote.</summary>
    /// <param name="path">An <c>.npz</c> file.</param>
    /// <exception cref="EngineException">It is absent, damaged, or holds something else; the message names it.</exception>
    public static FeatureStatistics Load(string path)
    {
        IReadOnlyDictionary<string, NpzArray> arrays = NpzFile.Read(path, "mu", "sigma", "count", "space");
        foreach (string name in (string[])["mu", "sigma"])
            if (!arrays.ContainsKey(name)) throw new EngineException($"{path}: has no array '{name}', so it holds no statistics of features");
        NpzArray mean = arrays["mu"], covariance = arrays["sigma"];
        if (mean.Shape.Length != 1 || !covariance.Shape.AsSpan().SequenceEqual([mean.Shape[0], mean.Shape[0]]))
            throw new EngineException($"{path}: mu is [{string.Join(", ", mean.Shape)}] and sigma [{string.Join(", ", covariance.Shape)}]; [d] and [d, d] are needed");
        try
        {
            return new FeatureStatistics(arrays.TryGetValue("space", out NpzArray? space) ? space.ToText() : "",
                arrays.TryGetValue("count", out NpzArray? count) ? count.ToInt64() : 0, mean.ToDoubles(), covariance.ToDoubles());
        }
        catch (EngineException e)
        {
            throw new EngineException($"{path}: {e.Message}", e);
        }
    }
}
