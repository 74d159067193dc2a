using System.Text;

namespace SeLoRA.Tests;

/// <summary>
/// Weights and inputs that are pure functions of a tensor's name, its flat index and a seed, so that full-size models
/// need no stored weights. SplitMix64 over a state of FNV-1a(name) and the seed; 24 bits of it make a float in [-1, 1).
/// </summary>
/// <remarks>
/// Every product and sum below is rounded to float32 on its own: the reference has no fused multiply-add, and C# does
/// not contract expressions.
/// </remarks>
public static class HashTensor
{
    private const ulong Golden = 0x9E3779B97F4A7C15;
    private const float UnitVariance = 1.7320508f;
    private const int ChunkElements = 1 << 18;

    /// <summary>The generator's state before the first element.</summary>
    /// <param name="name">The tensor's name.</param>
    /// <param name="seed">The seed of the golden file.</param>
    public static ulong State(string name, long seed) => Fnv1a64(name) ^ unchecked((ulong)seed * Golden);

    /// <summary>FNV-1a, 64 bits, of the UTF-8 bytes.</summary>
    /// <param name="name">Any text.</param>
    public static ulong Fnv1a64(string name)
    {
        ulong hash = 0xcbf29ce484222325;
        foreach (byte b in Encoding.UTF8.GetBytes(name)) hash = unchecked((hash ^ b) * 0x100000001b3);
        return hash;
    }

    /// <summary>The 64 bits of element <paramref name="index"/>.</summary>
    /// <param name="state">See <see cref="State"/>.</param>
    /// <param name="index">Flat row-major index.</param>
    public static ulong Bits(ulong state, long index)
    {
        unchecked
        {
            ulong z = state + ((ulong)index + 1) * Golden;
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
            return z ^ (z >> 31);
        }
    }

    /// <summary>Uniform in [0, 1), a multiple of 2^-24.</summary>
    /// <inheritdoc cref="Bits"/>
    public static float Unit(ulong state, long index) => (uint)(Bits(state, index) >> 40) * (1f / 16777216);

    /// <summary>Uniform in [-1, 1): 2u - 1, exact.</summary>
    /// <inheritdoc cref="Bits"/>
    public static float Symmetric(ulong state, long index) => 2 * Unit(state, index) - 1;

    /// <summary>Whether checkpoints store the tensor, but no hash rule makes it (counters, position ids).</summary>
    /// <param name="name">The tensor's name.</param>
    public static bool IsNotGenerated(string name) =>
        name.EndsWith("num_batches_tracked", StringComparison.Ordinal) || name.EndsWith("position_ids", StringComparison.Ordinal);

    /// <summary>A weight as a new array.</summary>
    /// <param name="name">The checkpoint's key.</param>
    /// <param name="shape">Its shape in the checkpoint's layout (O, I, kH, kW; out, in).</param>
    /// <param name="seed">The seed of the golden file.</param>
    /// <param name="gain">Variance gain G of matrices and convolutions: 1, for the FID Inception network 2.</param>
    public static float[] Weight(string name, ReadOnlySpan<long> shape, long seed, double gain = 1)
    {
        var values = new float[Count(shape)];
        FillWeight(name, shape, seed, 0, values, gain);
        return values;
    }

    /// <summary>A stretch of a weight, for tensors that are streamed.</summary>
    /// <param name="name">The checkpoint's key.</param>
    /// <param name="shape">Shape of the whole tensor.</param>
    /// <param name="seed">The seed of the golden file.</param>
    /// <param name="first">Flat index of the first element wanted.</param>
    /// <param name="destination">Receives the elements.</param>
    /// <param name="gain">Variance gain G.</param>
    public static void FillWeight(
        string name, ReadOnlySpan<long> shape, long seed, long first, Span<float> destination, double gain = 1)
    {
        (float scale, float offset) = Rule(name, shape, gain);
        Fill(State(name, seed), first, destination, scale, offset);
    }

    /// <summary>An input of unit variance: v * sqrt(3).</summary>
    /// <param name="name">The whole hash name, such as <c>input:eps_noise</c>.</param>
    /// <param name="count">Number of elements.</param>
    /// <param name="seed">The seed of the golden file.</param>
    public static float[] Input(string name, long count, long seed)
    {
        var values = new float[count];
        Fill(State(name, seed), 0, values, UnitVariance, 0);
        return values;
    }

    /// <summary>An input of unit variance of the given shape.</summary>
    /// <param name="name">The whole hash name, such as <c>input:eps_noise</c>.</param>
    /// <param name="shape">Its shape.</param>
    /// <param name="seed">The seed of the golden file.</param>
    public static float[] Input(string name, ReadOnlySpan<long> shape, long seed) => Input(name, Count(shape), seed);

    /// <summary>An image in [0, 1): u itself.</summary>
    /// <param name="name">The whole hash name, such as <c>image:inception_fid.r299.image</c>.</param>
    /// <param name="shape">Its shape.</param>
    /// <param name="seed">The seed of the golden file.</param>
    public static float[] Image(string name, ReadOnlySpan<long> shape, long seed)
    {
        var values = new float[Count(shape)];
        ulong state = State(name, seed);
        for (int i = 0; i < values.Length; i++) values[i] = Unit(state, i);
        return values;
    }

    /// <summary>The rule of a named hash tensor of a golden file's "inputs": an input, an image, else a weight.</summary>
    /// <param name="hash">The hash name; its prefix (<c>input:</c>, <c>image:</c>) decides.</param>
    /// <param name="shape">Its shape.</param>
    /// <param name="seed">The seed of the golden file.</param>
    public static float[] ByName(string hash, ReadOnlySpan<long> shape, long seed) =>
        hash.StartsWith("input:", StringComparison.Ordinal) ? Input(hash, shape, seed)
        : hash.StartsWith("image:", StringComparison.Ordinal) ? Image(hash, shape, seed)
        : Weight(hash, shape, seed);

    private static (float Scale, float Offset) Rule(string name, ReadOnlySpan<long> shape, double gain)
    {
        if (IsNotGenerated(name)) throw new ArgumentException($"{name} is not generated by a hash", nameof(name));
        if (name.EndsWith("running_mean", StringComparison.Ordinal)) return (0.1f, 0);
        if (name.EndsWith("running_var", StringComparison.Ordinal)) return (0.1f, 1);
        if (shape.Length >= 2) return ((float)Math.Sqrt(3 * gain / Count(shape[1..])), 0);
        return shape.Length == 1 && name.EndsWith("weight", StringComparison.Ordinal) ? (0.1f, 1) : (0.1f, 0);
    }

    private static long Count(ReadOnlySpan<long> shape)
    {
        long count = 1;
        foreach (long axis in shape) count *= axis;
        return count;
    }

    private static unsafe void Fill(ulong state, long first, Span<float> destination, float scale, float offset)
    {
        int length = destination.Length;
        int chunks = (length + ChunkElements - 1) / ChunkElements;
        fixed (float* pinned = destination)
        {
            // A lambda cannot capture a span; the pointer stays valid because the loop ends within the fixed block.
            float* target = pinned;
            void FillChunk(int chunk)
            {
                int begin = chunk * ChunkElements, end = Math.Min(begin + ChunkElements, length);
                for (int i = begin; i < end; i++)
                {
                    float v = Symmetric(state, first + i) * scale;
                    target[i] = offset == 0 ? v : offset + v;
                }
            }
            if (chunks == 1) FillChunk(0);
            else Parallel.For(0, chunks, FillChunk);
        }
    }
}
