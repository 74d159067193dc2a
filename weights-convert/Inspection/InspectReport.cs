using SeLoRA.Engine;

namespace SeLoRA.WeightsConvert;

/// <summary>Writes what <c>inspect</c> says of one file.</summary>
internal sealed class InspectReport(ITensorSource source, TextWriter output)
{
    // Metadata may hold a whole training configuration in one value.
    private const int LongestValue = 100, WidestColumn = 120;

    /// <summary>Kind, counts and metadata.</summary>
    public void WriteSummary()
    {
        WeightsKind kind = WeightsKind.Identify(source);
        output.WriteLine($"{source.Path}: {kind.Name}");
        foreach ((string label, string text) in kind.Facts) Row(label, text);
        Row("tensors", Dtypes());
        Row("parameters", Parameters());
        Row("size", $"{Text.Bytes(source.Tensors.Values.Sum(t => t.ByteLength))} of tensor data");
        foreach ((string key, string value) in source.Metadata.OrderBy(m => m.Key, StringComparer.Ordinal))
            Row("metadata", $"{Text.Clean(key)} = {Shorten(Text.Clean(value))}");
    }

    /// <summary>One row for every tensor whose name contains <paramref name="filter"/>.</summary>
    public void WriteTensors(string filter)
    {
        SafetensorsEntry[] rows = [.. source.Names.Select(n => source.Tensors[n])
            .Where(t => t.Name.Contains(filter, StringComparison.Ordinal))];
        output.WriteLine();
        if (rows.Length == 0)
        {
            output.WriteLine(filter.Length == 0 ? "  no tensors" : $"  no tensor's name contains '{filter}'");
            return;
        }
        // A single long name would widen every row.
        int width = Math.Min(rows.Max(t => Text.Clean(t.Name).Length), WidestColumn);
        foreach (SafetensorsEntry t in rows)
            output.WriteLine($"  {Text.Clean(t.Name).PadRight(width)}  {t.DType.HeaderName(),-5} {Text.Shape(t.Shape)}");
        output.WriteLine();
    }

    private void Row(string label, string text) => output.WriteLine($"  {label,-12} {text}");

    private string Dtypes()
    {
        IEnumerable<string> parts = source.Tensors.Values.GroupBy(t => t.DType).OrderByDescending(g => g.Count())
            .Select(g => $"{g.Count():N0} {g.Key.HeaderName()}");
        return source.Names.Count == 0 ? "none" : $"{source.Names.Count:N0} ({string.Join(", ", parts)})";
    }

    // Position ids and the like are no parameters: only floating-point elements count.
    private string Parameters()
    {
        long floats = source.Tensors.Values.Where(IsFloat).Sum(t => t.ElementCount);
        long others = source.Tensors.Values.Where(t => !IsFloat(t)).Sum(t => t.ElementCount);
        return others == 0 ? $"{floats:N0}" : $"{floats:N0}, and {others:N0} elements that are not floating-point";
    }

    private static bool IsFloat(SafetensorsEntry t) =>
        t.DType.HeaderName() is var name && (name[0] == 'F' || name.StartsWith("BF", StringComparison.Ordinal));

    private static string Shorten(string value) =>
        value.Length <= LongestValue ? value : $"{value[..LongestValue]}... ({value.Length:N0} characters)";
}
