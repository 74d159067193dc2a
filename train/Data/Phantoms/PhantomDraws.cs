using SeLoRA.Engine;

namespace SeLoRA.Train;

/// <summary>
/// The random draws of one phantom, each stream (findings, anatomy, caption, ...) a pure function of (seed, index, stream), so that a
/// draw added to one stream does not change the others.
/// </summary>
internal sealed class PhantomDraws(ulong seed, long index, PhantomDraws.Stream stream)
{
    public enum Stream
    {
        Findings,
        Anatomy,
        Exposure,
        Caption,
        Noise,
        Texture,
    }

    // 2^24 draws a stream: the noise of a 4096 x 4096 image.
    private readonly ulong _first = ((ulong)index * 8 + (ulong)stream) << 24;

    private ulong _next;

    public double Uniform(double low, double high) => low + (high - low) * Philox.Uniform(seed, _first + _next++);

    public int Int(int bound) => Philox.Int(seed, _first + _next++, bound);

    public bool Chance(double probability) => Uniform(0, 1) < probability;

    public T Pick<T>(params ReadOnlySpan<T> choices) => choices[Int(choices.Length)];

    /// <summary>Normal draw number <paramref name="i"/> of the stream, whatever was drawn before.</summary>
    public float Normal(int i) => Philox.Normal(seed, _first + (ulong)i);

    /// <summary>Smooth noise in [0, 1]: draws on an integer lattice, interpolated.</summary>
    public double Cloud(double x, double y)
    {
        int x0 = (int)Math.Floor(x), y0 = (int)Math.Floor(y);
        double fx = Smooth(x - x0), fy = Smooth(y - y0);
        double top = Lattice(x0, y0) * (1 - fx) + Lattice(x0 + 1, y0) * fx;
        double bottom = Lattice(x0, y0 + 1) * (1 - fx) + Lattice(x0 + 1, y0 + 1) * fx;
        return top * (1 - fy) + bottom * fy;
    }

    private double Lattice(int x, int y) => Philox.Uniform(seed, _first + (ulong)((x & 0xFFF) << 12 | y & 0xFFF));

    private static double Smooth(double t) => t * t * (3 - 2 * t);
}
