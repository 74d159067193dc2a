using MathNet.Numerics;
using MathNet.Numerics.LinearAlgebra;
using SeLoRA.Engine;

namespace SeLoRA.Model;

/// <summary>The Frechet distance of two sets of images, taken for normally distributed in a feature space.</summary>
/// <param name="Name">The metric's name: the feature space, or what could be found out of it.</param>
/// <param name="Value">|m1 - m2|^2 + tr(S1 + S2 - 2 (S1 S2)^(1/2)), at least 0.</param>
/// <param name="CountA">Images of the first set; 0 where it is not known.</param>
/// <param name="CountB">Images of the second set; 0 where it is not known.</param>
/// <param name="Warning">Why the number deserves little trust, or null.</param>
public sealed record FrechetDistance(string Name, double Value, long CountA, long CountB, string? Warning)
{
    /// <summary>
    /// The distance (Dowson and Landau, 1982; for images Heusel et al., 2017). No root of a matrix is taken: with S1 = F1^T F1 and S2 = F2^T F2, the eigenvalues of
    /// (S1^(1/2) S2 S1^(1/2))^(1/2) are the singular values of F1 F2^T, so their sum is the trace. That keeps all digits where S1 or S2 lacks ranks, and costs less
    /// the fewer ranks they have.
    /// </summary>
    /// <param name="a">One set.</param>
    /// <param name="b">The other; the distance is symmetric.</param>
    /// <exception cref="EngineException">The sets were measured in different feature spaces.</exception>
    public static FrechetDistance Between(FeatureStatistics a, FeatureStatistics b)
    {
        if (a.Width != b.Width) throw new EngineException($"Frechet distance: {a.Width} features against {b.Width}");
        if (a.Space.Length > 0 && b.Space.Length > 0 && a.Space != b.Space)
            throw new EngineException($"Frechet distance: statistics of different spaces, '{a.Space}' and '{b.Space}'");
        int d = a.Width;
        double distance = -2 * TraceOfRoot(CovarianceFactor.Of(a.Covariance, d), CovarianceFactor.Of(b.Covariance, d), d);
        for (int i = 0; i < d; i++)
        {
            double shift = a.Mean[i] - b.Mean[i];
            distance += shift * shift + a.Covariance[(long)i * d + i] + b.Covariance[(long)i * d + i];
        }
        string space = a.Space.Length > 0 ? a.Space : b.Space;
        // Rounding can leave a set a distance of -1e-13 to itself.
        return new FrechetDistance(space.Length > 0 ? space : $"frechet distance ({d} unnamed features)", Math.Max(0, distance), a.Count, b.Count, Doubt(a, b));
    }

    private static double TraceOfRoot(double[][] a, double[][] b, int d)
    {
        if (a.Length == 0 || b.Length == 0) return 0;
        Matrix<double> product = Matrix<double>.Build.DenseOfRowArrays(a).TransposeAndMultiply(Matrix<double>.Build.DenseOfRowArrays(b));
        try
        {
            return product.Svd(computeVectors: false).S.Sum();
        }
        catch (NonConvergenceException e)
        {
            throw new EngineException($"Frechet distance: the singular values of {a.Length}x{b.Length} ranks ({d} features) did not converge", e);
        }
    }

    private static string? Doubt(FeatureStatistics a, FeatureStatistics b)
    {
        if (!a.IsRankDeficient && !b.IsRankDeficient) return null;
        string counts = a.Count == b.Count ? $"{a.Count}" : $"{a.Count} and {b.Count}";
        return $"{counts} images for {a.Width} features: the covariance lacks ranks and the distance is biased upwards; use more than {a.Width} images of each, or fewer features";
    }
}
