using SeLoRA.Engine;

namespace SeLoRA.Adapters;

/// <summary>Supplies row <paramref name="row"/> of a layer's A, (in) values.</summary>
/// <param name="module">Full name of the layer.</param>
/// <param name="row">Index of the row, which is the rank before it is there.</param>
/// <param name="inFeatures">Width of the layer's input.</param>
internal delegate float[] RowSource(string module, int row, int inFeatures);

/// <summary>
/// Rows of A, uniform in [-b, b) with b = sqrt(6 / in): Kaiming's bound with a = 0, for initial rows as for those that are tested and
/// adopted. A row is a pure function of (seed, layer, row), so that a run can be repeated whatever order its layers grow in.
/// </summary>
internal static class KaimingUniform
{
    /// <summary>b = sqrt(6 / in), times a factor that is 1 unless somebody experiments with it.</summary>
    public static float Bound(int inFeatures, float factor) => factor * (float)Math.Sqrt(6.0 / inFeatures);

    /// <summary>Rows drawn by <see cref="Philox"/> from a seed.</summary>
    public static RowSource Rows(ulong seed, float factor = 1f) => (module, row, inFeatures) =>
    {
        ulong stream = Philox.StreamSeed(seed, $"{module}.lora_A.{row}");
        float bound = Bound(inFeatures, factor);
        var values = new float[inFeatures];
        for (int i = 0; i < values.Length; i++) values[i] = bound * (2f * Philox.Uniform(stream, (ulong)i) - 1f);
        return values;
    };
}
