using SeLoRA.Train;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>Distances between computed and reference values, as assertions.</summary>
public static class Closeness
{
    /// <summary>The largest |actual - expected|; NaN if a value is NaN.</summary>
    /// <param name="actual">Computed values.</param>
    /// <param name="expected">Reference values.</param>
    public static double MaxAbs(ReadOnlySpan<float> actual, ReadOnlySpan<float> expected)
    {
        CheckLengths(actual, expected);
        double worst = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            double d = Math.Abs((double)actual[i] - expected[i]);
            if (double.IsNaN(d)) return double.NaN;
            worst = Math.Max(worst, d);
        }
        return worst;
    }

    /// <summary>Fails, naming <paramref name="what"/>, where the relative L2 distance is above the tolerance or NaN.</summary>
    /// <param name="actual">Computed values.</param>
    /// <param name="expected">Reference values.</param>
    /// <param name="tolerance">Largest relative L2 distance that passes.</param>
    /// <param name="what">What is compared: file, case, tensor.</param>
    public static void AssertRelativeL2(ReadOnlySpan<float> actual, ReadOnlySpan<float> expected, double tolerance, string what)
    {
        CheckLengths(actual, expected);
        double distance = Distance.RelativeL2(actual, expected);
        Assert.True(distance <= tolerance, $"{what}: relative L2 distance {distance:G3} is above {tolerance:G3} ({expected.Length} elements)");
    }

    /// <summary>Fails, naming <paramref name="what"/>, where an element differs by more than the tolerance or is NaN.</summary>
    /// <inheritdoc cref="AssertRelativeL2"/>
    /// <param name="tolerance">Largest absolute difference that passes.</param>
    public static void AssertMaxAbs(ReadOnlySpan<float> actual, ReadOnlySpan<float> expected, double tolerance, string what)
    {
        double distance = MaxAbs(actual, expected);
        Assert.True(distance <= tolerance, $"{what}: largest difference {distance:G3} is above {tolerance:G3} ({expected.Length} elements)");
    }

    private static void CheckLengths(ReadOnlySpan<float> actual, ReadOnlySpan<float> expected) =>
        Assert.True(actual.Length == expected.Length, $"{actual.Length} values against {expected.Length} expected ones");
}
