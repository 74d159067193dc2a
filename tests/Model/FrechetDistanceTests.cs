using SeLoRA.Engine;
using SeLoRA.Model;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>The Frechet distance where it can be known by hand, and what it refuses.</summary>
public class FrechetDistanceTests
{
    [Fact]
    public void Diagonal_covariances_have_a_closed_form()
    {
        double[] m1 = [1, -2, 0, 4], m2 = [0, 1, 0.5, 4], v1 = [1, 0, 9, 1e-6], v2 = [4, 2, 0.25, 1e4];
        double expected = 0;
        for (int i = 0; i < m1.Length; i++) expected += Math.Pow(m1[i] - m2[i], 2) + Math.Pow(Math.Sqrt(v1[i]) - Math.Sqrt(v2[i]), 2);
        FeatureStatistics a = new("space", 0, m1, Diagonal(v1)), b = new("space", 0, m2, Diagonal(v2));
        Assert.Equal(expected, FrechetDistance.Between(a, b).Value, 1e-9);
        Assert.Equal(expected, FrechetDistance.Between(b, a).Value, 1e-9);
    }

    [Theory]
    [InlineData(2, 8)]
    [InlineData(5, 8)]
    [InlineData(40, 8)]
    [InlineData(30, 96)]
    public void Distance_to_itself_is_zero_and_to_a_shifted_copy_the_shift(int n, int d)
    {
        FeatureStatistics a = Random(n, d, 1), shifted = Random(n, d, 1, shift: 0.5f);
        Assert.InRange(FrechetDistance.Between(a, a).Value, 0, 1e-10);
        // 0.5 in every feature; adding it rounds the features.
        Assert.Equal(0.25 * d, FrechetDistance.Between(a, shifted).Value, 1e-4);
    }

    [Fact]
    public void Distance_is_symmetric_and_not_negative_for_any_ranks()
    {
        foreach ((int n, int m) in ((int, int)[])[(3, 50), (50, 3), (9, 9), (60, 70)])
        {
            FeatureStatistics a = Random(n, 24, 1), b = Random(m, 24, 2);
            double ab = FrechetDistance.Between(a, b).Value, ba = FrechetDistance.Between(b, a).Value;
            Assert.True(ab > 0);
            Assert.Equal(ab, ba, 1e-10 * ab);
        }
    }

    [Fact]
    public void Constant_features_are_no_trouble()
    {
        var same = new FeatureStatistics("space", 3, [1, 2], new double[4]);
        var other = new FeatureStatistics("space", 3, [1, 5], [2, 0, 0, 1]);
        Assert.Equal(0, FrechetDistance.Between(same, same).Value);
        Assert.Equal(9 + 3, FrechetDistance.Between(same, other).Value, 1e-12);
    }

    [Fact]
    public void Few_images_give_a_warning_value()
    {
        Assert.Null(FrechetDistance.Between(Random(9, 8, 1), Random(9, 8, 2)).Warning);
        string warning = FrechetDistance.Between(Random(9, 8, 1), Random(8, 8, 2)).Warning!;
        Assert.Contains("9 and 8 images for 8 features", warning, StringComparison.Ordinal);
    }

    [Fact]
    public void Different_spaces_and_widths_are_refused()
    {
        FeatureStatistics a = new("FID", 3, [0], [1]), b = new("latents", 3, [0], [1]), wide = new("FID", 3, [0, 0], new double[4]), unnamed = new("", 0, [0], [1]);
        Assert.Contains("different spaces", Refused(() => FrechetDistance.Between(a, b)), StringComparison.Ordinal);
        Assert.Contains("1 features against 2", Refused(() => FrechetDistance.Between(a, wide)), StringComparison.Ordinal);
        Assert.Equal("FID", FrechetDistance.Between(a, unnamed).Name);
    }

    [Fact]
    public void Accumulator_refuses_too_few_images_and_bad_values()
    {
        var accumulator = new FeatureAccumulator("FID", 2);
        Assert.Contains("0 images", Refused(() => accumulator.Statistics()), StringComparison.Ordinal);
        accumulator.Add([1f, 2f]);
        Assert.Contains("1 images; a covariance needs at least 2", Refused(() => accumulator.Statistics()), StringComparison.Ordinal);
        Assert.Contains("image 3 is NaN", Refused(() => accumulator.Add([1f, 2f, 3f, float.NaN])), StringComparison.Ordinal);
        Assert.Contains("rows of 2", Refused(() => accumulator.Add([1f])), StringComparison.Ordinal);
        accumulator.Add([3f, 2f]);
        FeatureStatistics statistics = accumulator.Statistics();
        Assert.Equal([2.0, 2.0], statistics.Mean);
        Assert.Equal([2.0, 0.0, 0.0, 0.0], statistics.Covariance);
    }

    private static string Refused(Action action) => Assert.Throws<EngineException>(action).Message;

    private static double[] Diagonal(double[] values)
    {
        var matrix = new double[values.Length * values.Length];
        for (int i = 0; i < values.Length; i++) matrix[i * values.Length + i] = values[i];
        return matrix;
    }

    private static FeatureStatistics Random(int n, int d, ulong seed, float shift = 0)
    {
        var accumulator = new FeatureAccumulator("random", d);
        accumulator.Add([.. Enumerable.Range(0, n * d).Select(i => Philox.Normal(seed, (ulong)i) * (1 + i % d) + shift)]);
        return accumulator.Statistics();
    }
}
