namespace SeLoRA.Train;

/// <summary>A method's cells together.</summary>
/// <param name="Name">The method, with SeLoRA's lambda.</param>
/// <param name="Cells">One result a seed.</param>
internal sealed record ComparisonRow(string Name, IReadOnlyList<CellResult> Cells)
{
    /// <summary>Mean over seeds.</summary>
    public IReadOnlyDictionary<string, double> Mean => Each(values => values.Average());

    /// <summary>Standard deviation over seeds with n - 1; empty for a single seed.</summary>
    public IReadOnlyDictionary<string, double> Deviation => Cells.Count < 2
        ? new Dictionary<string, double>()
        : Each(values => Math.Sqrt(values.Sum(v => Math.Pow(v - values.Average(), 2)) / (values.Length - 1)));

    private Dictionary<string, double> Each(Func<double[], double> reduce) =>
        Cells[0].Values.Keys.ToDictionary(name => name, name => reduce([.. Cells.Select(c => c.Values[name])]));
}
