using SeLoRA.Engine;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>Random inputs and distances for tests of primitives.</summary>
internal static class Numbers
{
    /// <summary>Normal numbers: a pure function of the seed.</summary>
    public static float[] Normal(long count, ulong seed, float scale = 1f, float shift = 0f)
    {
        var values = new float[count];
        Philox.FillNormal(values, seed);
        for (int i = 0; i < values.Length; i++) values[i] = values[i] * scale + shift;
        return values;
    }

    /// <summary>Largest difference to the reference, relative to the reference's root mean square; NaN counts as infinite.</summary>
    public static double Distance(ReadOnlySpan<double> expected, ReadOnlySpan<float> actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        double squares = 0, worst = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            squares += expected[i] * expected[i];
            double difference = Math.Abs(expected[i] - actual[i]);
            worst = double.IsNaN(difference) ? double.PositiveInfinity : Math.Max(worst, difference);
        }
        return worst / Math.Max(Math.Sqrt(squares / Math.Max(1, expected.Length)), 1e-30);
    }

    public static void AssertClose(ReadOnlySpan<double> expected, ReadOnlySpan<float> actual, double tolerance, string what)
    {
        double distance = Distance(expected, actual);
        Assert.True(distance <= tolerance, $"{what}: distance {distance:g3} of the reference's rms, allowed {tolerance:g3}");
    }
}
