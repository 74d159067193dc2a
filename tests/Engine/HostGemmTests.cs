using SeLoRA.Engine;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>The host's matrix product against a double-precision loop: sizes around every tile edge, transposes, strides, epilogues.</summary>
[Collection(nameof(ParallelForTests))] // Some of these change the number of threads.
public class HostGemmTests
{
    private static readonly IBackend Host = Backend.Get(Device.Cpu);

    public static TheoryData<int, int, int> Sizes()
    {
        var data = new TheoryData<int, int, int>();
        int[] odd = [1, 2, 3, 5, 7, 11, 13, 17];
        foreach (int m in odd)
            foreach (int n in odd)
                data.Add(m, n, m + n);
        foreach (int k in new[] { 1, 4, 15, 16, 33, 511, 512, 513, 1030 }) data.Add(29, 67, k);
        data.Add(33, 31, 40);
        data.Add(32, 129, 40);
        data.Add(97, 4, 320);
        data.Add(4, 97, 320);
        data.Add(100, 160, 64);
        data.Add(1, 1280, 320);
        data.Add(1031, 37, 19);
        return data;
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Gemm_all_transposes_equal_reference(int m, int n, int k)
    {
        foreach (bool transA in new[] { false, true })
            foreach (bool transB in new[] { false, true })
                new Case(new GemmShape(m, n, k, transA, transB)).Check();
    }

    [Theory]
    [InlineData(13, 35, 9)]
    [InlineData(3, 70, 21)]
    [InlineData(70, 3, 21)]
    [InlineData(50, 40, 600)]
    public void Gemm_epilogues_strides_and_batches_equal_reference(int m, int n, int k)
    {
        foreach (bool transA in new[] { false, true })
            foreach (bool transB in new[] { false, true })
            {
                var plain = new GemmShape(m, n, k, transA, transB);
                GemmShape spaced = plain with { Lda = plain.Lda + 3, Ldb = plain.Ldb + 5, Ldc = plain.Ldc + 7 };
                GemmShape batch = Batched(spaced, 3);
                new Case(spaced) { Alpha = -0.75f }.Check();
                new Case(batch) { Bias = true }.Check();
                new Case(batch) { Accumulate = true, Alpha = 0.5f }.Check();
                new Case(batch with { StrideB = 0 }) { Residual = true, Bias = true, Accumulate = true }.Check();
                new Case(spaced) { ResidualIsC = true, Bias = true }.Check();
                foreach (Activation activation in Enum.GetValues<Activation>())
                    new Case(spaced) { Activation = activation, Bias = true, Residual = true, Alpha = 1.5f }.Check();
                new Case(spaced) { Activation = Activation.Silu, ResidualIsC = true }.Check();
            }
    }

    /// <summary>The low-rank term appended to K: ranks below and above a block of K, either operand turned over, all epilogues.</summary>
    [Theory]
    [InlineData(13, 35, 9, 1)]
    [InlineData(3, 70, 21, 4)]
    [InlineData(70, 3, 21, 5)]
    [InlineData(50, 40, 600, 17)]
    [InlineData(7, 9, 5, 515)]
    public void Gemm_low_rank_term_equals_reference(int m, int n, int k, int rank)
    {
        foreach (bool transA in new[] { false, true })
            foreach (bool transB in new[] { false, true })
            {
                var shape = new GemmShape(m, n, k, transA, transB);
                new Case(shape) { LowRank = rank, Alpha = -0.75f, TransV = transA }.Check();
                new Case(shape with { Ldc = n + 3 }) { LowRank = rank, TransV = !transA, Bias = true, Residual = true, Accumulate = true }.Check();
                new Case(shape) { LowRank = rank, TransV = transB, Activation = Activation.Gelu, Bias = true }.Check();
            }
    }

    [Theory]
    [InlineData(49, 1280, 320)]
    [InlineData(200, 333, 1500)]
    [InlineData(77, 768, 768)]
    public void Gemm_bits_do_not_depend_on_threads(int m, int n, int k)
    {
        int threads = HostBackend.Threads;
        try
        {
            foreach (bool trans in new[] { false, true })
            {
                var one = new Case(new GemmShape(m, n, k, trans, !trans));
                HostBackend.Threads = 1;
                float[] serial = one.Run();
                HostBackend.Threads = 5;
                Assert.Equal(serial, one.Run());
            }
        }
        finally
        {
            HostBackend.Threads = threads;
        }
    }

    /// <summary>Growing an adapter's rank appends a zero column: no bit of the layer's output may change (several sizes of rank, odd M, N).</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(8)]
    [InlineData(16)]
    [InlineData(32)]
    [InlineData(512)]
    public void Gemm_zero_step_appended_to_k_changes_no_bit(int k)
    {
        const int m = 37, n = 51;
        float[] a = GuardedTensor.Random(m * k, 1), b = GuardedTensor.Random(n * k, 2), c = GuardedTensor.Random(m * n, 3);
        float[] a1 = new float[m * (k + 1)], b1 = new float[n * (k + 1)];
        for (int i = 0; i < m; i++)
            for (int p = 0; p <= k; p++) a1[i * (k + 1) + p] = p < k ? a[i * k + p] : 0.37f * i;
        for (int j = 0; j < n; j++)
            for (int p = 0; p < k; p++) b1[j * (k + 1) + p] = b[j * k + p];
        Assert.Equal(Product(a, b, c, m, n, k), Product(a1, b1, c, m, n, k + 1));
    }

    /// <summary>More lines in the other operand (more ranks) leave the bits of the old ones alone, though another kernel may be used.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(8)]
    [InlineData(16)]
    [InlineData(32)]
    public void Gemm_line_appended_to_n_changes_no_bit_of_the_others(int n)
    {
        const int m = 45, k = 640;
        float[] a = GuardedTensor.Random(m * k, 1), b = GuardedTensor.Random((n + 1) * k, 2);
        float[] few = Product(a, b[..(n * k)], new float[m * n], m, n, k), more = Product(a, b, new float[m * (n + 1)], m, n + 1, k);
        for (int i = 0; i < m; i++)
            Assert.Equal(few.AsSpan(i * n, n).ToArray(), more.AsSpan(i * (n + 1), n).ToArray());
    }

    [Fact]
    public void Products_allocate_nothing()
    {
        using Tensor x = Tensor.Zeros(new Shape(1, 8, 8, 64)), w = Tensor.Zeros(new Shape(64, 3, 3, 64)), y = Tensor.Zeros(x.Shape);
        using Tensor lse = Tensor.Zeros(new Shape(1, 2, 64));
        void Once()
        {
            Host.Gemm(x, w, y, new GemmShape(64, 64, 64, TransB: true), new GemmEpilogue());
            Host.Conv2d(x, w, null, null, y, new Conv2dShape(1, 8, 8, 64, 64, 3, 3, 1, 1, 1, 8, 8));
            Host.Attention(x, x, x, y, lse, new AttentionShape(1, 64, 64, 2, 32, 1f, false));
        }
        Once();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 10; i++) Once();
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    private static float[] Product(float[] a, float[] b, float[] c, int m, int n, int k)
    {
        using Tensor ta = Tensor.From(a, new Shape(m, k)), tb = Tensor.From(b, new Shape(n, k)), tc = Tensor.From(c, new Shape(m, n));
        Host.Gemm(ta, tb, tc, new GemmShape(m, n, k, TransB: true), new GemmEpilogue { Alpha = 0.3f, Accumulate = true });
        return tc.ToArray();
    }

    private static GemmShape Batched(GemmShape s, int batch) => s with
    {
        Batch = batch,
        StrideA = (s.TransA ? s.K : s.M) * s.Lda + 2,
        StrideB = (s.TransB ? s.N : s.K) * s.Ldb + 1,
        StrideC = s.M * s.Ldc + 4,
    };

    private sealed record Case(GemmShape S)
    {
        public float Alpha { get; init; } = 1f;
        public bool Bias { get; init; }
        public bool Accumulate { get; init; }
        public bool Residual { get; init; }
        public bool ResidualIsC { get; init; }
        public Activation Activation { get; init; }
        public int LowRank { get; init; }
        public bool TransV { get; init; }

        private float[] U => GuardedTensor.Random(S.M * LowRank, 16);
        private float[] V => GuardedTensor.Random(TransV ? S.N * (LowRank + 2) : (LowRank + 2) * S.N, 17);
        private float[] A => GuardedTensor.Random(Size(S.TransA ? S.K : S.M, S.TransA ? S.M : S.K, S.Lda, S.StrideA), 11);
        private float[] B => GuardedTensor.Random(Size(S.TransB ? S.N : S.K, S.TransB ? S.K : S.N, S.Ldb, S.StrideB), 12);
        private float[] C => GuardedTensor.Random(Size(S.M, S.N, S.Ldc, S.StrideC), 13);
        private float[] ResidualValues => ResidualIsC ? C : GuardedTensor.Random(C.Length, 14);
        private float[] BiasValues => GuardedTensor.Random(S.N, 15);

        private int Size(int rows, int columns, int ld, long stride) => (int)((S.Batch - 1) * stride) + (rows - 1) * ld + columns;

        public float[] Run()
        {
            using Tensor? u = LowRank == 0 ? null : Tensor.From(U, new Shape(S.M, LowRank));
            using Tensor? v = LowRank == 0 ? null : Tensor.From(V, TransV ? new Shape(S.N, LowRank + 2) : new Shape(LowRank + 2, S.N));
            using GuardedTensor a = new(A), b = new(B), c = new(C), residual = new(ResidualValues), bias = new(BiasValues);
            Host.Gemm(a.Tensor, b.Tensor, c.Tensor, S, new GemmEpilogue
            {
                Alpha = Alpha,
                Accumulate = Accumulate,
                Activation = Activation,
                Bias = Bias ? bias.Tensor : null,
                Residual = ResidualIsC ? c.Tensor : Residual ? residual.Tensor : null,
                LowRank = LowRank == 0 ? null : new LowRankTerm(u!, v!, TransV, LowRank),
            });
            return c.Read();
        }

        public void Check()
        {
            float[] u = U, lowRank = V, a = A, b = B, c = C, residual = ResidualValues, bias = BiasValues, y = Run();
            var inside = new bool[c.Length];
            for (int t = 0; t < S.Batch; t++)
                for (int i = 0; i < S.M; i++)
                    for (int j = 0; j < S.N; j++)
                    {
                        double sum = 0, size = 0;
                        for (int p = 0; p < S.K; p++)
                        {
                            double x = a[t * S.StrideA + (S.TransA ? p * S.Lda + i : i * S.Lda + p)];
                            double w = b[t * S.StrideB + (S.TransB ? j * S.Ldb + p : p * S.Ldb + j)];
                            sum += x * w;
                            size += Math.Abs(x * w);
                        }
                        for (int p = 0; p < LowRank; p++)
                        {
                            double x = u[i * LowRank + p], w = lowRank[TransV ? j * (LowRank + 2) + p : p * S.N + j];
                            sum += x * w;
                            size += Math.Abs(x * w);
                        }
                        long at = t * S.StrideC + i * S.Ldc + j;
                        inside[at] = true;
                        double v = Alpha * sum + (Bias ? bias[j] : 0) + (Accumulate ? c[at] : 0);
                        v = Activate(v) + (Residual || ResidualIsC ? residual[at] : 0);
                        // Rounding errors of a chain of K steps add up like a random walk; 4 for the epilogue.
                        double tolerance = 1.2e-7 * (Math.Abs(Alpha) * size * (2 + Math.Sqrt(S.K + LowRank)) + 4) + 3e-7 * (Activation == 0 ? 0 : 1 + Math.Abs(v));
                        Assert.True(Math.Abs(y[at] - v) <= tolerance, $"{this}: C[{t},{i},{j}] is {y[at]}, should be {v:g9}");
                    }
            for (int i = 0; i < c.Length; i++)
                if (!inside[i]) Assert.Equal(c[i], y[i]);
        }

        private double Activate(double v) => Activation switch
        {
            Activation.Silu => v / (1 + Math.Exp(-v)),
            Activation.QuickGelu => v / (1 + Math.Exp(-1.702 * v)),
            Activation.Gelu => v * NormalCdf(v),
            _ => v,
        };

        // Phi(v) by its Taylor series: converges for every v that these sizes give.
        private static double NormalCdf(double v)
        {
            if (Math.Abs(v) > 8) return v > 0 ? 1 : 0;
            double term = v, sum = v;
            for (int i = 1; i < 200; i++)
            {
                term *= v * v / (2 * i + 1);
                sum += term;
            }
            return 0.5 + sum * Math.Exp(-v * v / 2) / Math.Sqrt(2 * Math.PI);
        }
    }
}
