using System.Numerics;
using SeLoRA.Engine;

namespace SeLoRA.Model;

/// <summary>
/// Mean and covariance of vectors that come one after the other, in double: Welford's update, which has no difference of large sums, so that it is as
/// accurate as two passes. Needs memory for one matrix, whatever the number of vectors.
/// </summary>
public sealed class FeatureAccumulator
{
    private readonly string space;
    private readonly double[] mean, deviation;

    // Sum of (x - mean)(x - mean)^T: row i holds columns i and up.
    private readonly double[] scatter;

    /// <summary>Without vectors.</summary>
    /// <param name="space">Name of the feature space (<see cref="IImageFeatures.Name"/>).</param>
    /// <param name="width">Length of the vectors.</param>
    public FeatureAccumulator(string space, int width)
    {
        this.space = space;
        Width = width;
        mean = new double[width];
        deviation = new double[width];
        scatter = new double[(long)width * width];
    }

    /// <summary>For vectors of a feature space.</summary>
    /// <param name="features">The space.</param>
    public FeatureAccumulator(IImageFeatures features)
        : this(features.Name, features.Width)
    {
    }

    /// <summary>Length of a vector.</summary>
    public int Width { get; }

    /// <summary>Number of vectors so far.</summary>
    public long Count { get; private set; }

    /// <summary>Adds vectors.</summary>
    /// <param name="features">(N, <see cref="Width"/>).</param>
    /// <exception cref="EngineException">Another width, or a value that is not finite.</exception>
    public void Add(Tensor features)
    {
        if (features.Shape.Rank != 2 || features.Shape[1] != Width)
            throw new EngineException($"{space}: features {features.Shape}, Nx{Width} is needed");
        Add(features.ToArray());
    }

    /// <summary>Adds vectors.</summary>
    /// <param name="rows">(N, <see cref="Width"/>), row-major.</param>
    /// <exception cref="EngineException">No whole number of rows, or a value that is not finite.</exception>
    public void Add(ReadOnlySpan<float> rows)
    {
        if (rows.Length % Width != 0) throw new EngineException($"{space}: {rows.Length} values do not make rows of {Width}");
        for (int i = 0; i < rows.Length; i++)
        {
            if (!float.IsFinite(rows[i])) throw new EngineException($"{space}: feature {i % Width} of image {Count + i / Width + 1} is {rows[i]}");
        }
        for (; rows.Length > 0; rows = rows[Width..]) AddOne(rows[..Width]);
    }

    /// <summary>Mean and covariance of the vectors so far.</summary>
    /// <exception cref="EngineException">Fewer than two vectors have no covariance.</exception>
    public FeatureStatistics Statistics()
    {
        if (Count < 2) throw new EngineException($"{space}: {Count} images; a covariance needs at least 2");
        var covariance = new double[scatter.Length];
        for (int i = 0; i < Width; i++)
        {
            for (int j = i; j < Width; j++)
                covariance[(long)i * Width + j] = covariance[(long)j * Width + i] = scatter[(long)i * Width + j] / (Count - 1);
        }
        return new FeatureStatistics(space, Count, [.. mean], covariance);
    }

    private void AddOne(ReadOnlySpan<float> row)
    {
        Count++;
        for (int i = 0; i < Width; i++)
        {
            deviation[i] = row[i] - mean[i];
            mean[i] += deviation[i] / Count;
        }
        double share = (Count - 1.0) / Count;
        for (int i = 0; i < Width; i++)
            AddScaled(deviation.AsSpan(i), share * deviation[i], scatter.AsSpan(i * Width + i, Width - i));
    }

    /// <summary>y += a x.</summary>
    private static void AddScaled(ReadOnlySpan<double> x, double a, Span<double> y)
    {
        int i = 0;
        for (; i <= x.Length - Vector<double>.Count; i += Vector<double>.Count)
            (new Vector<double>(y[i..]) + a * new Vector<double>(x[i..])).CopyTo(y[i..]);
        for (; i < x.Length; i++) y[i] += a * x[i];
    }
}
