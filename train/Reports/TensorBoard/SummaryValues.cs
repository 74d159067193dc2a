namespace SeLoRA.Train;

/// <summary>The values that a step shows in TensorBoard: a protobuf <c>Summary</c>.</summary>
internal sealed class SummaryValues
{
    // Fields of tensorflow's summary.proto.
    private const int Value = 1, Tag = 1, SimpleValue = 2, ImageValue = 4, Histogram = 5;

    /// <summary>The encoded message.</summary>
    public ProtoWriter Message { get; } = new();

    /// <summary>How many values it has.</summary>
    public int Count { get; private set; }

    /// <summary>A point of a curve; null adds none.</summary>
    public SummaryValues Scalar(string tag, double? value) =>
        value is { } v ? Add(new ProtoWriter().Text(Tag, tag).Float(SimpleValue, (float)v)) : this;

    /// <summary>A PNG image.</summary>
    public SummaryValues Image(string tag, int width, int height, ReadOnlySpan<byte> png)
    {
        const int rgb = 3;
        ProtoWriter image = new ProtoWriter().Int(1, height).Int(2, width).Int(3, rgb).Data(4, png);
        return Add(new ProtoWriter().Text(Tag, tag).Message(ImageValue, image));
    }

    /// <summary>How often each whole number occurs, a bucket each; no values add nothing.</summary>
    public SummaryValues Counts(string tag, IReadOnlyCollection<int> values)
    {
        if (values.Count == 0) return this;
        int low = values.Min(), high = values.Max();
        // The first bucket reaches down to minus infinity: an empty one before the lowest value keeps that value's bar as wide as the others.
        double[] limits = new double[high - low + 2], counts = new double[limits.Length];
        for (int i = 0; i < limits.Length; i++) limits[i] = low + i - 0.5;
        foreach (int value in values) counts[value - low + 1]++;
        ProtoWriter histogram = new ProtoWriter().Double(1, low).Double(2, high).Double(3, values.Count)
            .Double(4, values.Sum(v => (double)v)).Double(5, values.Sum(v => (double)v * v)).Doubles(6, limits).Doubles(7, counts);
        return Add(new ProtoWriter().Text(Tag, tag).Message(Histogram, histogram));
    }

    private SummaryValues Add(ProtoWriter value)
    {
        Message.Message(Value, value);
        Count++;
        return this;
    }
}
