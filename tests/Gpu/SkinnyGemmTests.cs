using SeLoRA.Engine;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>
/// Products with a narrow side on every GPU device against double precision: the types and layouts of low-rank layers, sizes around every
/// edge, views that begin anywhere, batches, chunks of K and the epilogue.
/// </summary>
public class SkinnyGemmTests
{
    /// <summary>Elements around every operand; where places need not be aligned, an odd number more before it.</summary>
    private const int Guard = 16;

    /// <summary>Type of the wide operand, of the narrow one, layout.</summary>
    public static TheoryData<string, string> Rows => TestDevices.Rows(
        from types in new[] { "F32 F32", "BF16 BF16", "F16 F16", "BF16 F32", "F16 F32" }
        from layout in new[] { "NT", "NN", "TN", "TT" }
        select $"{types} {layout}", TestDevices.Gpus);

    [Theory]
    [MemberData(nameof(Rows))]
    public void Product_agrees_with_double_precision(string row, string deviceName)
    {
        Device device = TestDevices.Require(deviceName);
        string[] words = row.Split(' ');
        (DType wide, DType narrow) = (Enum.Parse<DType>(words[0]), Enum.Parse<DType>(words[1]));
        var plain = new GemmShape(0, 0, 0, words[2][0] == 'T', words[2][1] == 'T');
        // Places, ranks, k: whole tiles; one of each; edges of rows, columns, octets and passes; several tiles of ranks; K in chunks.
        foreach ((int places, int ranks, int k) in ((int, int, int)[])
            [(128, 16, 256), (1, 1, 1), (131, 3, 70), (72, 8, 77), (40, 17, 40), (136, 11, 300)])
        {
            foreach (bool ranksInRows in new[] { false, true })
            {
                (int m, int n) = ranksInRows ? (ranks, places) : (places, ranks);
                GemmShape shape = plain with { M = m, N = n, K = k, Lda = plain.TransA ? m : k, Ldb = plain.TransB ? k : n, Ldc = n };
                (DType a, DType b) = ranksInRows ? (narrow, wide) : (wide, narrow);
                new Case(shape, a, b, wide, device).Check();
                new Case(shape with { Lda = shape.Lda + 3, Ldb = shape.Ldb + 5, Ldc = n + 2 }, a, b, DType.F32, device) { Offset = 3, Alpha = 0.5f, Accumulate = true }.Check();
                new Case(shape with
                {
                    Batch = 3, StrideA = shape.Lda * (plain.TransA ? k : m), StrideB = shape.Ldb * (plain.TransB ? n : k), StrideC = (long)m * n,
                }, a, b, wide, device) { Bias = true, Activation = Activation.Silu, Residual = true }.Check();
            }
        }
    }

    [Theory]
    [InlineData(8192, 320)]
    [InlineData(128, 6272)]
    [InlineData(1024, 1280)]
    [InlineData(1, 63)]
    [InlineData(4096, 129)]
    public void Chunks_cover_K_once_and_none_is_empty(int places, int k)
    {
        int chunk = SkinnyKernels.ChunkOf(k, (places + 127) / 128), chunks = (k + chunk - 1) / chunk;
        Assert.Equal(0, chunk % SkinnyKernels.Pass);
        Assert.InRange(chunks * ((places + 127) / 128), 1, 512);
        Assert.True((chunks - 1) * chunk < k && chunks * chunk >= k);
    }

    /// <summary>The result in double precision from what is stored, and the device's.</summary>
    private sealed record Case(GemmShape Shape, DType A, DType B, DType C, Device Device)
    {
        public int Offset { get; init; }

        public float Alpha { get; init; } = 1f;

        public bool Accumulate { get; init; }

        public bool Bias { get; init; }

        public bool Residual { get; init; }

        public Activation Activation { get; init; }

        public void Check()
        {
            using var scope = new TensorScope();
            GemmShape s = Shape;
            (Tensor a, float[] av) = Random(s.Batch * (s.TransA ? s.K : s.M) * s.Lda, A, 1f, 1);
            (Tensor b, float[] bv) = Random(s.Batch * (s.TransB ? s.N : s.K) * s.Ldb, B, 1f / MathF.Sqrt(s.K), 2);
            (Tensor c, float[] before) = Random(s.Batch * s.M * s.Ldc, C, 1f, 3);
            (Tensor? bias, float[] biasv) = Bias ? Random(s.N, DType.F32, 1f, 4) : (null, []);
            (Tensor? residual, float[] residualv) = Residual ? Random(s.Batch * s.M * s.Ldc, C, 1f, 5) : (null, []);
            c.Backend.Gemm(a, b, c, s, new GemmEpilogue { Alpha = Alpha, Accumulate = Accumulate, Bias = bias, Residual = residual, Activation = Activation });
            float[] result = Values(whole[c]);
            for (int i = 0; i < Guard; i++) Assert.True(float.IsNaN(result[i]) && float.IsNaN(result[^(i + 1)]), $"{this}: wrote around the result");
            double unit = C switch { DType.BF16 => 1.0 / 256, DType.F16 => 1.0 / 2048, _ => 0 };
            for (int at = 0; at < before.Length; at++)
            {
                int line = at / s.Ldc, n = at % s.Ldc, batch = line / s.M, m = line % s.M;
                float actual = result[Guard + Offset + at];
                if (n >= s.N)
                {
                    Assert.True(actual.Equals(before[at]), $"{this}: wrote beyond row {line}");
                    continue;
                }
                double sum = 0;
                for (int k = 0; k < s.K; k++)
                    sum += (double)av[batch * s.StrideA + (s.TransA ? k * s.Lda + m : m * s.Lda + k)] * bv[batch * s.StrideB + (s.TransB ? n * s.Ldb + k : k * s.Ldb + n)];
                double expected = Alpha * sum + (Bias ? biasv[n] : 0) + (Accumulate ? before[at] : 0);
                if (Activation == Activation.Silu) expected /= 1 + Math.Exp(-expected);
                if (Residual) expected += residualv[at];
                // Sums of float32 of numbers about one.
                Assert.True(Math.Abs(actual - expected) <= 1e-5 + unit * Math.Abs(expected), $"{this}: row {line}, column {n} is {actual}, should be {expected}");
            }
        }

        private readonly Dictionary<Tensor, Tensor> whole = [];

        // NaN around the values: a read outside of them that counts is seen.
        private (Tensor, float[]) Random(int count, DType type, float scale, int seed)
        {
            var all = new float[count + 2 * Guard + Offset];
            Array.Fill(all, float.NaN);
            float[] random = GuardedTensor.Random(count, seed);
            for (int i = 0; i < count; i++) all[Guard + Offset + i] = random[i] * scale;
            Tensor x = Ops.Cast(Tensor.From(all, new Shape(all.Length), Device), type), inner = x.Alias(new Shape(count), Guard + Offset);
            whole[inner] = x;
            return (inner, Values(x)[(Guard + Offset)..^Guard]);
        }

        private static float[] Values(Tensor x) => Ops.Cast(x, DType.F32).ToArray();
    }
}
