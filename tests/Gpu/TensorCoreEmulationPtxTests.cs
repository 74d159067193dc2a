using SeLoRA.Engine;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>
/// The tensor-core kernels' PTX, executed on the host, against products in double precision: every tile, type and layout, with edges in
/// M, N and K, K split and appended to, batches and every part of the epilogue; and the emulation against kernels broken on purpose.
/// </summary>
public class TensorCoreEmulationPtxTests
{
    /// <summary>Tile, type and layout.</summary>
    public static TheoryData<string> Kernels => [.. Names];

    internal static IEnumerable<string> Names =>
        from row in TensorCoreTable.Rows
        from dtype in new[] { DType.BF16, DType.F16, DType.F32 }
        from layout in new[] { "NT", "NN", "TN" }
        select $"{row.Tile} {dtype} {layout}";

    [Theory]
    [MemberData(nameof(Kernels))]
    public void Product_agrees_with_double_precision(string kernel)
    {
        int run = 0;
        foreach (TensorCoreCase test in Cases(kernel))
        {
            using var scope = new TensorScope();
            var problem = new TensorCoreProblem(test);
            // Every case in one of the four orders, every kernel in all of them.
            (byte[] result, PtxMachine product) = TensorCoreEmulation.Run(problem.Launch, new PtxOrder((run & 1) != 0, (run & 2) != 0));
            problem.Check(result, problem.Expected());
            // float32 across k is loaded without ldmatrix (TensorCoreLayoutTests counts its banks).
            Assert.Equal(kernel.EndsWith("F32 TN", StringComparison.Ordinal) ? 0 : 1, product.WorstBankUse);
            run++;
        }
    }

    [Fact]
    public void Results_are_the_same_bits_in_every_order()
    {
        using var scope = new TensorScope();
        var problem = new TensorCoreProblem(new TensorCoreCase(TensorCoreTile.Tile64x64, DType.BF16, "NN", 70, 72, 300) { Splits = 3, Rank = 16 });
        byte[] first = TensorCoreEmulation.Run(problem.Launch, new PtxOrder(false, false)).Result;
        Assert.Equal(first, TensorCoreEmulation.Run(problem.Launch, new PtxOrder(true, true)).Result);
    }

    /// <summary>
    /// What rounding may do: each operand is off by 2^-11 at most, hence a sum of K products by little more than 2^-10 of the products' sizes
    /// added up. A kernel that cut operands off instead, as mma would, errs to one side and by up to twice as much.
    /// </summary>
    [Theory]
    [InlineData("NT")]
    [InlineData("NN")]
    [InlineData("TN")]
    public void Products_in_TF32_are_within_its_unit_of_double_precision(string layout)
    {
        using var scope = new TensorScope();
        const int Side = 64, K = 200;
        var problem = new TensorCoreProblem(new TensorCoreCase(TensorCoreTile.Tile64x64, DType.F32, layout, Side, Side, K));
        float[] result = TensorCoreProblem.Decode(TensorCoreEmulation.Run(problem.Launch, default).Result, DType.F32);
        float[] a = TensorCoreProblem.Values(problem.A), b = TensorCoreProblem.Values(problem.B);
        double squares = 0, bound = 0;
        for (int m = 0; m < Side; m++)
        {
            for (int n = 0; n < Side; n++)
            {
                (double sum, double sizes) = (0, 0);
                for (int k = 0; k < K; k++)
                {
                    double term = (double)a[layout[0] == 'T' ? k * Side + m : m * K + k] * b[layout[1] == 'T' ? n * K + k : k * Side + n];
                    sum += term;
                    sizes += Math.Abs(term);
                }
                double error = result[m * Side + n] - sum;
                Assert.True(Math.Abs(error) <= (1.0 / 1024 + 1.0 / (1 << 22)) * sizes, $"row {m}, column {n}: {error:g3} of {sizes:g3}");
                squares += error * error;
                bound += sizes * sizes;
            }
        }
        // Rounding errors of K products are independent: they add up as a root of K.
        Assert.True(Math.Sqrt(squares / bound) <= 1.0 / 1024 / Math.Sqrt(K), $"{Math.Sqrt(squares / bound):g3} on average");
    }

    [Theory]
    [InlineData("cp.async.wait_group 1", "cp.async.wait_group 3", true)]
    [InlineData("bar.sync\t0", "", false)]
    [InlineData("[at+1024]", "[at+1040]", false)]
    [InlineData("{fb2, fb3}", "{fb3, fb2}", false)]
    public void Emulation_sees_a_broken_kernel(string piece, string broken, bool lateCopies)
    {
        using var scope = new TensorScope();
        var problem = new TensorCoreProblem(new TensorCoreCase(TensorCoreTile.Tile128x128, DType.BF16, "NT", 128, 128, 256));
        double[] expected = problem.Expected();
        var order = new PtxOrder(lateCopies, false);
        problem.Check(TensorCoreEmulation.Run(problem.Launch, order).Result, expected);
        Assert.ThrowsAny<Exception>(() => problem.Check(TensorCoreEmulation.Run(problem.Launch, order, ptx =>
        {
            Assert.Contains(piece, ptx, StringComparison.Ordinal);
            return ptx.Replace(piece, broken, StringComparison.Ordinal);
        }).Result, expected));
    }

    [Theory]
    [InlineData("NT", "cvt.rna.tf32.f32 fa0, fa0", "")]
    [InlineData("TN", "{fa0, fa1, fa2, fa3}", "{fa0, fa2, fa1, fa3}")]
    [InlineData("NN", "fb1, [to+2048]", "fb1, [to+1024]")]
    public void Emulation_sees_a_broken_kernel_of_TF32(string layout, string piece, string broken)
    {
        using var scope = new TensorScope();
        var problem = new TensorCoreProblem(new TensorCoreCase(TensorCoreTile.Tile128x128, DType.F32, layout, 128, 128, 32));
        double[] expected = problem.Expected();
        problem.Check(TensorCoreEmulation.Run(problem.Launch, default).Result, expected);
        Assert.ThrowsAny<Exception>(() => problem.Check(TensorCoreEmulation.Run(problem.Launch, default, ptx =>
        {
            Assert.Contains(piece, ptx, StringComparison.Ordinal);
            return ptx.Replace(piece, broken, StringComparison.Ordinal);
        }).Result, expected));
    }

    /// <summary>
    /// Index arithmetic that crept back into the main loop would starve the tensor cores: of 128x128 a slice is 32 mma, 12 ldmatrix and
    /// 4 cp.async a warp. (ILGPU moves invariant code into loops where it can.)
    /// </summary>
    [Theory]
    [InlineData("NT")]
    [InlineData("NN")]
    [InlineData("TN")]
    public void Slice_is_mostly_products(string layout)
    {
        using var scope = new TensorScope();
        long Executed(int k) => TensorCoreEmulation.Run(new TensorCoreProblem(new TensorCoreCase(TensorCoreTile.Tile128x128, DType.BF16, layout, 128, 128, k)).Launch,
            default).Product.Executed / 256;
        Assert.InRange((Executed(320) - Executed(160)) / 5, 48, 160);
    }

    /// <summary>Shapes around a tile's size.</summary>
    internal static IEnumerable<TensorCoreCase> Cases(string kernel)
    {
        string[] words = kernel.Split(' ');
        (TensorCoreTile tile, DType dtype, string layout) = (Enum.Parse<TensorCoreTile>(words[0]), Enum.Parse<DType>(words[1]), words[2]);
        (int rows, int columns) = (TensorCoreTable.Of(tile).Rows, TensorCoreTable.Of(tile).Columns);
        int rank = layout == "TN" ? 0 : 16;
        yield return new(tile, dtype, layout, 1, 1, 8);
        yield return new(tile, dtype, layout, rows, columns, 160);
        yield return new(tile, dtype, layout, rows + 3, columns + 5, 77)
        {
            Padding = 8, Bias = true, Activation = Activation.Silu, Residual = dtype, Stores16 = true,
        };
        yield return new(tile, dtype, layout, rows - 7, 2 * columns - 4, 100) { Rank = rank, Padding = 8, Alpha = 0.5f, Bias = true, Residual = DType.F32 };
        yield return new(tile, dtype, layout, rows + 9, columns, 48) { Stores16 = true, Accumulate = true, Residual = dtype, Batch = 2, Activation = Activation.Silu };
        yield return new(tile, dtype, layout, rows / 2 + 1, columns / 2 + 3, 200) { Batch = 3, Splits = 3, Accumulate = true, Activation = Activation.Gelu };
        yield return new(tile, dtype, layout, rows + 1, columns - 8, 130)
        {
            Rank = rank / 2 * 3, Splits = 5, Stores16 = true, Accumulate = true, Bias = true, Activation = Activation.QuickGelu, Residual = dtype, Alpha = 2f,
        };
        // Fewer slices than stages, the second pair's among them.
        yield return new(tile, dtype, layout, 9, columns, 24) { Rank = rank };
    }
}
