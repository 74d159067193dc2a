using SeLoRA.Engine;

namespace SeLoRA.Bench;

/// <summary>A way to cut a product.</summary>
internal readonly record struct Cut(TensorCoreTile Tile, int Splits);

/// <summary>What was measured of one product: the reckoned cut, and the milliseconds of every cut, that one's among them.</summary>
internal sealed record TuneTiming(TensorCoreShapeClass Class, Cut Reckoned, IReadOnlyDictionary<Cut, double> Milliseconds);

/// <summary>Which measured cuts go into the table.</summary>
internal static class TuneChoice
{
    /// <summary>A cut must take at most this share of the reckoned one's time: less is noise.</summary>
    public const double Gain = 0.97;

    /// <summary>The fastest cut of each class that gains on the reckoned ones; of several shapes, by the geometric mean of the gains.</summary>
    public static IEnumerable<TensorCoreTunedRow> Rows(IEnumerable<TuneTiming> timings)
    {
        foreach (IGrouping<TensorCoreShapeClass, TuneTiming> shapes in timings.GroupBy(t => t.Class)
            .OrderBy(g => g.Key.Convolves).ThenBy(g => g.Key.Log2M).ThenBy(g => g.Key.Log2N).ThenBy(g => g.Key.Log2K))
        {
            // Only what was measured of all of them can be compared.
            (Cut cut, double share) = shapes.First().Milliseconds.Keys
                .Where(cut => shapes.All(t => t.Milliseconds.ContainsKey(cut)))
                .Select(cut => (cut, Math.Exp(shapes.Average(t => Math.Log(t.Milliseconds[cut] / t.Milliseconds[t.Reckoned])))))
                .OrderBy(pair => pair.Item2).ThenBy(pair => pair.cut.Splits).FirstOrDefault((default, 1));
            if (share <= Gain) yield return new TensorCoreTunedRow(shapes.Key, cut.Tile, cut.Splits);
        }
    }
}
