namespace SeLoRA.Engine;

/// <summary>
/// Philox 4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011): a counter-based generator. Draw i of a seed is a
/// pure function of (seed, i), so any device and any number of threads give the same numbers. Counter c yields draws 4c .. 4c + 3.
/// </summary>
public static class Philox
{
    /// <summary>The four 32-bit words of one counter.</summary>
    public static (uint X, uint Y, uint Z, uint W) Words(ulong seed, ulong counter) =>
        Words((uint)counter, (uint)(counter >> 32), 0, 0, (uint)seed, (uint)(seed >> 32));

    /// <summary>Ten rounds on the full 128-bit counter and 64-bit key of the published generator.</summary>
    internal static (uint X, uint Y, uint Z, uint W) Words(uint c0, uint c1, uint c2, uint c3, uint k0, uint k1)
    {
        for (int round = 0; round < 10; round++)
        {
            ulong p0 = 0xD2511F53UL * c0, p1 = 0xCD9E8D57UL * c2;
            (c0, c1, c2, c3) = ((uint)(p1 >> 32) ^ c1 ^ k0, (uint)p1, (uint)(p0 >> 32) ^ c3 ^ k1, (uint)p0);
            k0 += 0x9E3779B9;
            k1 += 0xBB67AE85;
        }
        return (c0, c1, c2, c3);
    }

    /// <summary>Uniform in [0, 1) from the upper 24 bits of a word: exact in float32.</summary>
    public static float ToUniform(uint word) => (word >> 8) * (1f / (1 << 24));

    /// <summary>Uniform draw number <paramref name="index"/> of <paramref name="seed"/>.</summary>
    public static float Uniform(ulong seed, ulong index) => ToUniform(Word(seed, index));

    /// <summary>Integer in 0 .. bound - 1, draw number <paramref name="index"/> of <paramref name="seed"/>.</summary>
    public static int Int(ulong seed, ulong index, int bound) => (int)((ulong)Word(seed, index) * (uint)bound >> 32);

    /// <summary>
    /// Standard normal draw number <paramref name="index"/> by Box-Muller: words 2j and 2j + 1 give draws 2j (cosine) and 2j + 1 (sine);
    /// u1 = (word + 1) / 2^32 is never 0. Evaluated in double, rounded once.
    /// </summary>
    public static float Normal(ulong seed, ulong index)
    {
        (uint x, uint y, uint z, uint w) = Words(seed, index >> 2);
        (float cosine, float sine) = (index & 2) == 0 ? NormalPair(x, y) : NormalPair(z, w);
        return (index & 1) == 0 ? cosine : sine;
    }

    /// <summary>
    /// The seed of a stream that belongs to a name: <paramref name="seed"/> xor the name's FNV-1a hash (64 bits, over UTF-16 units), which
    /// is the same in every process.
    /// </summary>
    public static ulong StreamSeed(ulong seed, string name)
    {
        ulong hash = 0xcbf29ce484222325;
        foreach (char c in name) hash = (hash ^ c) * 0x100000001b3;
        return seed ^ hash;
    }

    /// <summary>Standard normal draws offset .. offset + length - 1.</summary>
    public static void FillNormal(Span<float> values, ulong seed, ulong offset = 0)
    {
        int i = 0;
        for (; i < values.Length && ((offset + (ulong)i) & 3) != 0; i++) values[i] = Normal(seed, offset + (ulong)i);
        for (; i <= values.Length - 4; i += 4)
        {
            (uint x, uint y, uint z, uint w) = Words(seed, (offset + (ulong)i) >> 2);
            (values[i], values[i + 1]) = NormalPair(x, y);
            (values[i + 2], values[i + 3]) = NormalPair(z, w);
        }
        for (; i < values.Length; i++) values[i] = Normal(seed, offset + (ulong)i);
    }

    /// <summary>Uniform draws offset .. offset + length - 1.</summary>
    public static void FillUniform(Span<float> values, ulong seed, ulong offset = 0)
    {
        int i = 0;
        for (; i < values.Length && ((offset + (ulong)i) & 3) != 0; i++) values[i] = Uniform(seed, offset + (ulong)i);
        for (; i <= values.Length - 4; i += 4)
        {
            (uint x, uint y, uint z, uint w) = Words(seed, (offset + (ulong)i) >> 2);
            values[i] = ToUniform(x);
            values[i + 1] = ToUniform(y);
            values[i + 2] = ToUniform(z);
            values[i + 3] = ToUniform(w);
        }
        for (; i < values.Length; i++) values[i] = Uniform(seed, offset + (ulong)i);
    }

    private static (float Cosine, float Sine) NormalPair(uint a, uint b)
    {
        double radius = Math.Sqrt(-2 * Math.Log((a + 1.0) * (1.0 / 4294967296.0)));
        double angle = 2 * Math.PI * (b * (1.0 / 4294967296.0));
        return ((float)(radius * Math.Cos(angle)), (float)(radius * Math.Sin(angle)));
    }

    private static uint Word(ulong seed, ulong index)
    {
        (uint x, uint y, uint z, uint w) = Words(seed, index >> 2);
        return (index & 3) switch { 0 => x, 1 => y, 2 => z, _ => w };
    }
}
