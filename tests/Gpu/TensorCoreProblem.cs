using System.Runtime.InteropServices;
using SeLoRA.Engine;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>The tensors of a case on the host, and what the product should be.</summary>
internal sealed class TensorCoreProblem
{
    private readonly TensorCoreCase test;
    private int seed = 1;

    public TensorCoreProblem(TensorCoreCase test)
    {
        this.test = test;
        bool transA = test.Layout[0] == 'T', transB = test.Layout[1] == 'T';
        (int rowsA, int columnsA) = transA ? (test.K, test.M) : (test.M, test.K);
        (int rowsB, int columnsB) = transB ? (test.N, test.K) : (test.K, test.N);
        int lda = UpTo8(columnsA) + test.Padding, ldb = UpTo8(columnsB) + test.Padding, ldc = test.N + test.Padding;
        A = Operand(test.Batch * rowsA, columnsA, lda, 1f);
        B = Operand(test.Batch * rowsB, columnsB, ldb, 1f / MathF.Sqrt(test.K + test.Rank));
        DType result = test.Stores16 ? test.DType : DType.F32;
        C = test.Accumulate ? Operand(test.Batch * test.M, test.N, ldc, 1f, result) : Filled(new Shape(test.Batch * test.M, ldc), result, float.NaN);
        Shape = new GemmShape(test.M, test.N, test.K, transA, transB)
        {
            Lda = lda, Ldb = ldb, Ldc = ldc, Batch = test.Batch, StrideA = (long)rowsA * lda, StrideB = (long)rowsB * ldb, StrideC = (long)test.M * ldc,
        };
        LowRankTerm? term = null;
        if (test.Rank > 0)
        {
            // V has room for more ranks than count: beyond them there may be anything.
            Tensor u = Operand(test.M, test.Rank, test.Rank, 1f);
            Tensor v = transB ? Operand(test.N, test.Rank, test.Rank + test.Padding, 1f / MathF.Sqrt(test.K + test.Rank))
                : Operand(test.Rank, test.N, UpTo8(test.N) + test.Padding, 1f / MathF.Sqrt(test.K + test.Rank));
            term = new LowRankTerm(u, v, transB, test.Rank);
        }
        Epilogue = new GemmEpilogue
        {
            Alpha = test.Alpha, Activation = test.Activation, Accumulate = test.Accumulate, LowRank = term,
            Bias = test.Bias ? Operand(1, test.N, test.N, 1f, DType.F32) : null,
            Residual = test.Residual is { } type ? Operand(test.Batch * test.M, test.N, ldc, 1f, type) : null,
        };
        Assert.Null(TensorCoreContract.Violation(A, B, C, Shape, Epilogue));
        Plan = TensorCorePlan.For(Shape, test.Rank, test.DType, TensorCoreTable.Of(test.Tile), 1).Split(test.Splits);
    }

    public Tensor A { get; }

    public Tensor B { get; }

    public Tensor C { get; }

    public GemmShape Shape { get; }

    public GemmEpilogue Epilogue { get; }

    public TensorCorePlan Plan { get; }

    public TensorCoreLaunch Launch => new(TensorCoreKernels.Find(Plan.Tile, A.DType, Shape.TransA, Shape.TransB),
        TensorCoreArgs.For(Plan, C, Shape, Epilogue), Plan, A, B, C, Epilogue);

    /// <summary>The result in double precision from the operands as they are multiplied, (batch M, N).</summary>
    public double[] Expected()
    {
        float[] a = Multiplied(A), b = Multiplied(B), c = Values(C);
        (float[]? u, float[]? v) = Epilogue.LowRank is { } term ? (Multiplied(term.U), Multiplied(term.V)) : (null, null);
        int ldv = Epilogue.LowRank?.V.Shape[1] ?? 0;
        float[]? bias = Epilogue.Bias is { } bt ? Values(bt) : null, residual = Epilogue.Residual is { } rt ? Values(rt) : null;
        var result = new double[test.Batch * test.M * test.N];
        for (int batch = 0; batch < test.Batch; batch++)
        {
            for (int m = 0; m < test.M; m++)
            {
                for (int n = 0; n < test.N; n++)
                {
                    double sum = 0;
                    for (int k = 0; k < test.K; k++)
                        sum += (double)a[batch * Shape.StrideA + (Shape.TransA ? (long)k * Shape.Lda + m : (long)m * Shape.Lda + k)]
                            * b[batch * Shape.StrideB + (Shape.TransB ? (long)n * Shape.Ldb + k : (long)k * Shape.Ldb + n)];
                    for (int k = 0; k < test.Rank; k++) sum += (double)u![m * test.Rank + k] * v![Shape.TransB ? n * ldv + k : k * ldv + n];
                    long at = batch * Shape.StrideC + (long)m * Shape.Ldc + n;
                    double value = test.Alpha * sum + (bias?[n] ?? 0) + (test.Accumulate ? c[at] : 0);
                    value = test.Activation switch
                    {
                        Activation.Silu => value / (1 + Math.Exp(-value)),
                        Activation.Gelu => GeluOp.Value(new F64(value)).Value,
                        Activation.QuickGelu => value / (1 + Math.Exp(-1.702 * value)),
                        _ => value,
                    };
                    result[(batch * test.M + m) * test.N + n] = value + (residual?[at] ?? 0);
                }
            }
        }
        return result;
    }

    /// <summary>Holds C's bytes after a run against the reference; between the lines nothing may have changed.</summary>
    public void Check(ReadOnlySpan<byte> result, double[] expected) => Check(test.ToString(), C, 0, test.Batch * test.M, test.N, Shape.Ldc, result, expected);

    /// <summary>The same of rows of <paramref name="columns"/> elements, <paramref name="ld"/> apart, with a guard before and after.</summary>
    public static void Check(string test, Tensor c, int guard, int rows, int columns, int ld, ReadOnlySpan<byte> result, double[] expected)
    {
        float[] values = Decode(result, c.DType), before = Values(c);
        for (int i = 0; i < guard; i++)
            Assert.True(values[i].Equals(before[i]) && values[^(i + 1)].Equals(before[^(i + 1)]), $"{test}: wrote around the result");
        double rms = Math.Sqrt(expected.Sum(x => x * x) / expected.Length), worst = 0;
        double rounding = c.DType switch { DType.BF16 => 1.0 / 256, DType.F16 => 1.0 / 2048, _ => 0 };
        for (int row = 0; row < rows; row++)
        {
            for (int column = 0; column < ld; column++)
            {
                float value = values[guard + row * ld + column];
                if (column >= columns)
                {
                    Assert.True(value.Equals(before[guard + row * ld + column]), $"{test}: wrote beyond row {row}");
                    continue;
                }
                double right = expected[row * columns + column], error = Math.Abs(value - right) - rounding * Math.Abs(right);
                worst = double.IsNaN(error) ? double.PositiveInfinity : Math.Max(worst, error / rms);
                // Sums of float32 in another order, and exp by a polynomial.
                Assert.True(worst <= 1e-5, $"{test}: row {row}, column {column} is {value}, should be {right}");
            }
        }
    }

    /// <summary>An operand's elements as tensor cores multiply them: float32 rounded to TF32.</summary>
    public static float[] Multiplied(Tensor x) => x.DType == DType.F32 ? Array.ConvertAll(Values(x), WarpInstructions.ToTF32) : Values(x);

    /// <summary>Elements as float.</summary>
    public static float[] Values(Tensor x) => Decode(BytesOf(x), x.DType);

    /// <summary>A host tensor's bytes.</summary>
    public static byte[] BytesOf(Tensor x)
    {
        var bytes = new byte[x.Count * x.DType.SizeInBytes()];
        Backend.Get(Device.Cpu).Download(x, bytes);
        return bytes;
    }

    /// <summary>Bytes of elements as float.</summary>
    public static float[] Decode(ReadOnlySpan<byte> bytes, DType dtype)
    {
        if (dtype == DType.F32) return MemoryMarshal.Cast<byte, float>(bytes).ToArray();
        ReadOnlySpan<ushort> words = MemoryMarshal.Cast<byte, ushort>(bytes);
        var values = new float[words.Length];
        for (int i = 0; i < values.Length; i++) values[i] = dtype == DType.BF16 ? WarpInstructions.FromBF16(words[i]) : WarpInstructions.FromF16(words[i]);
        return values;
    }

    private Tensor Operand(int rows, int columns, int ld, float scale, DType? dtype = null)
    {
        float[] random = GuardedTensor.Random(rows * ld, seed++);
        for (int i = 0; i < random.Length; i++) random[i] = i % ld < columns ? random[i] * scale : float.NaN;
        return Of(random, new Shape(rows, ld), dtype ?? test.DType);
    }

    private static Tensor Filled(Shape shape, DType dtype, float value)
    {
        var values = new float[shape.Count];
        Array.Fill(values, value);
        return Of(values, shape, dtype);
    }

    /// <summary>A host tensor of some type.</summary>
    public static Tensor Of(float[] values, Shape shape, DType dtype)
    {
        Tensor x = Tensor.From(values, shape);
        return dtype == DType.F32 ? x : Ops.Cast(x, dtype);
    }

    private static int UpTo8(int elements) => (elements + 7) / 8 * 8;
}
