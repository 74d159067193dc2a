using ILGPU;

namespace SeLoRA.Engine;

public sealed partial class GpuBackend
{
    /// <inheritdoc/>
    public void FillUniform(Tensor y, ulong seed, ulong offset) => FillRandom(RandomKernels.Uniform, y, seed, offset);

    /// <inheritdoc/>
    public void FillNormal(Tensor y, ulong seed, ulong offset) => FillRandom(RandomKernels.Normal, y, seed, offset);

    private void FillRandom(Kernel<RandomKernels.Args> kernel, Tensor y, ulong seed, ulong offset)
    {
        using Turn turn = Enter();
        long counters = (long)((offset & 3) + (ulong)y.Count + 3 >> 2);
        kernel.RunFlat(this, counters, new RandomKernels.Args
        {
            Y = Floats(y), Count = y.Count, Key0 = (uint)seed, Key1 = (uint)(seed >> 32),
            FirstCounter = offset >> 2, Skip = (int)(offset & 3),
        });
    }
}

/// <summary>Random numbers as <see cref="Philox"/> defines them; a thread takes one counter and writes its four draws.</summary>
internal static class RandomKernels
{
    public static readonly Kernel<Args> Uniform = new(FillUniformKernel), Normal = new(FillNormalKernel);

    public struct Args
    {
        public ArrayView<float> Y;
        public long Count;
        public ulong FirstCounter;
        public uint Key0, Key1;
        public int Skip;
    }

    private struct Words
    {
        public uint X, Y, Z, W;
    }

    [Kernel]
    private static void FillUniformKernel(Args p)
    {
        long first = Flat.Index * 4 - p.Skip;
        if (first >= p.Count) return;
        Words words = Draw(p);
        Store(p, first, ToUniform(words.X), ToUniform(words.Y), ToUniform(words.Z), ToUniform(words.W));
    }

    [Kernel]
    private static void FillNormalKernel(Args p)
    {
        long first = Flat.Index * 4 - p.Skip;
        if (first >= p.Count) return;
        Words words = Draw(p);
        float radius = Radius(words.X), other = Radius(words.Z);
        Store(p, first, radius * Cosine(words.Y), radius * Cosine(words.Y - 0x40000000u),
            other * Cosine(words.W), other * Cosine(words.W - 0x40000000u));
    }

    private static void Store(Args p, long first, float x, float y, float z, float w)
    {
        if (first >= 0) p.Y[first] = x;
        if (first + 1 >= 0 && first + 1 < p.Count) p.Y[first + 1] = y;
        if (first + 2 >= 0 && first + 2 < p.Count) p.Y[first + 2] = z;
        if (first + 3 < p.Count) p.Y[first + 3] = w;
    }

    private static Words Draw(Args p)
    {
        ulong counter = p.FirstCounter + (ulong)Flat.Index;
        uint k0 = p.Key0, k1 = p.Key1;
        uint c0 = (uint)counter, c1 = (uint)(counter >> 32), c2 = 0, c3 = 0;
        for (int round = 0; round < 10; round++)
        {
            ulong p0 = 0xD2511F53UL * c0, p1 = 0xCD9E8D57UL * c2;
            c0 = (uint)(p1 >> 32) ^ c1 ^ k0;
            c1 = (uint)p1;
            c2 = (uint)(p0 >> 32) ^ c3 ^ k1;
            c3 = (uint)p0;
            k0 += 0x9E3779B9;
            k1 += 0xBB67AE85;
        }
        return new Words { X = c0, Y = c1, Z = c2, W = c3 };
    }

    // Through int: unsigned to float takes float64 in ILGPU.
    private static float ToUniform(uint word) => (int)(word >> 8) * (1f / (1 << 24));

    /// <summary>sqrt(-2 ln((a + 1) / 2^32)). In the upper half the logarithm is taken of one minus a small number that is still exact.</summary>
    private static float Radius(uint a)
    {
        float log = a >= 0x80000000u
            ? KernelMath.LogOneMinus((int)~a * (1f / 4294967296f))
            : KernelMath.Log(((int)a + 1f) * (1f / 4294967296f));
        return MathF.Sqrt(IntrinsicMath.Max(-2f * log, 0f));
    }

    /// <summary>cos(2 pi b / 2^32): the reduction to an eighth of a turn is integer arithmetic, hence exact.</summary>
    private static float Cosine(uint b)
    {
        // The nearest quarter turn, and the signed rest in [-2^29, 2^29).
        uint quarter = (b + 0x20000000u) >> 30;
        int rest = (int)(b - (quarter << 30));
        float x = rest * (6.2831853f / 4294967296f), x2 = x * x;
        float cosine = 1f + x2 * (-0.5f + x2 * (4.16666418e-2f + x2 * (-1.38873036e-3f + x2 * 2.44331571e-5f)));
        float sine = x + x * x2 * (-1.66666546e-1f + x2 * (8.33216087e-3f + x2 * -1.95152959e-4f));
        float value = (quarter & 1) == 0 ? cosine : sine;
        return quarter == 1 || quarter == 2 ? -value : value;
    }
}
