using SeLoRA.Engine;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>
/// A host tensor inside a larger buffer of guard values, so that a kernel that writes beside its result is seen. The gap before it is odd:
/// no kernel may count on alignment.
/// </summary>
internal sealed class GuardedTensor : IDisposable
{
    private const int Gap = 67;
    private const float Guard = -12345.5f;
    private readonly Tensor whole;
    private readonly int count;

    public GuardedTensor(float[] values) : this(new Shape(values.Length), values)
    {
    }

    /// <summary>Without values the inner part is NaN, so that what a kernel leaves out is seen.</summary>
    public GuardedTensor(Shape shape, float[]? values = null)
    {
        count = checked((int)shape.Count);
        float[] all = new float[count + 2 * Gap];
        Array.Fill(all, Guard);
        if (values is null) all.AsSpan(Gap, count).Fill(float.NaN);
        else values.CopyTo(all, Gap);
        whole = Tensor.From(all, new Shape(all.Length));
        Tensor = whole.Alias(shape, Gap);
    }

    /// <summary>The inner part.</summary>
    public Tensor Tensor { get; }

    /// <summary>The inner values, after the guards have been found untouched.</summary>
    public float[] Read()
    {
        float[] all = whole.ToArray();
        Assert.True(all.AsSpan(0, Gap).IndexOfAnyExcept(Guard) < 0, "wrote before the result");
        Assert.True(all.AsSpan(Gap + count).IndexOfAnyExcept(Guard) < 0, "wrote after the result");
        return all.AsSpan(Gap, count).ToArray();
    }

    public void Dispose()
    {
        Tensor.Dispose();
        whole.Dispose();
    }

    /// <summary>Reproducible values in [-1, 1).</summary>
    public static float[] Random(int count, int seed)
    {
        var random = new Random(seed);
        float[] values = new float[count];
        for (int i = 0; i < count; i++) values[i] = random.NextSingle() * 2f - 1f;
        return values;
    }
}
