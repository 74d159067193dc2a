using SeLoRA.Engine;

namespace SeLoRA.Train;

/// <summary>How far computed values are from reference values, summed in double.</summary>
internal static class Distance
{
    /// <summary>|actual - expected| / |expected| in the L2 norm; 0 where both are zero; NaN if a value is.</summary>
    /// <param name="actual">Computed values.</param>
    /// <param name="expected">As many reference values.</param>
    /// <exception cref="EngineException">The lengths differ.</exception>
    public static double RelativeL2(ReadOnlySpan<float> actual, ReadOnlySpan<float> expected)
    {
        if (actual.Length != expected.Length) throw new EngineException($"{actual.Length} values against {expected.Length} expected ones");
        double difference = 0, norm = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            double d = (double)actual[i] - expected[i];
            difference += d * d;
            norm += (double)expected[i] * expected[i];
        }
        return difference == 0 ? 0 : Math.Sqrt(difference / norm);
    }
}
