using SeLoRA.Engine;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>Which tile a product gets, how K is cut, and which products are refused.</summary>
public class TensorCorePlanTests
{
    private const int Multiprocessors = 108;

    [Theory]
    [InlineData(32768, 1280, TensorCoreTile.Tile128x128)]
    [InlineData(6272, 320, TensorCoreTile.Tile128x64)]
    [InlineData(616, 768, TensorCoreTile.Tile64x64)]
    [InlineData(6272, 16, TensorCoreTile.Tile128x16)]
    [InlineData(16, 1280, TensorCoreTile.Tile16x128)]
    public void Shape_class_chooses_the_tile(int m, int n, object tile) =>
        Assert.Equal((TensorCoreTile)tile, TensorCorePlan.For(new GemmShape(m, n, 320), 0, DType.BF16, Multiprocessors).Tile);

    [Fact]
    public void Every_tile_is_as_large_as_its_row_says()
    {
        foreach (TensorCoreRow row in TensorCoreTable.Rows)
        {
            TensorCoreTileShape shape = TensorCoreTileShape.All.Single(s => s.Name == row.Tile.ToString());
            Assert.Equal((shape.Rows, shape.Columns), (row.Rows, row.Columns));
        }
        Assert.Equal(Enum.GetValues<TensorCoreTile>(), TensorCoreTable.Rows.Select(row => row.Tile).Order());
    }

    [Theory]
    [InlineData(320, 320, 6272, 0)]
    [InlineData(16, 320, 6272, 0)]
    [InlineData(616, 768, 768, 16)]
    [InlineData(64, 64, 8, 0)]
    [InlineData(1, 1, 100_000, 24)]
    [InlineData(320, 320, 6280, 20, DType.F32)]
    public void Splits_cover_K_once_and_none_is_empty(int m, int n, int k, int rank, DType type = DType.BF16)
    {
        TensorCorePlan plan = TensorCorePlan.For(new GemmShape(m, n, k), rank, type, Multiprocessors);
        int depth = type == DType.F32 ? 16 : 32;
        Assert.Equal((k + depth - 1) / depth + (rank + depth - 1) / depth, plan.Slices);
        Assert.InRange(plan.Splits, 1, TensorCoreTable.MaxSplits);
        Assert.True(plan.Splits * plan.SlicesOfSplit >= plan.Slices);
        Assert.True((plan.Splits - 1) * plan.SlicesOfSplit < plan.Slices);
        Assert.True(plan.Splits == 1 || plan.SlicesOfSplit >= TensorCoreTable.MinSlices);
    }

    [Fact]
    public void Long_K_of_a_small_result_is_split() =>
        Assert.True(TensorCorePlan.For(new GemmShape(320, 16, 6272, TransA: true), 0, DType.BF16, Multiprocessors).Splits > 8);

    [Fact]
    public void Contract_names_what_stands_against_it()
    {
        using var scope = new TensorScope();
        Tensor a = Zeros(16, 24, DType.BF16), b = Zeros(32, 24, DType.BF16), c = Zeros(16, 32, DType.F32);
        var shape = new GemmShape(16, 32, 24, TransB: true);
        Assert.Null(TensorCoreContract.Violation(a, b, c, shape, new GemmEpilogue()));
        AssertViolation("of one type of floats", a, Zeros(32, 24, DType.F16), c, shape);
        Tensor wide = Zeros(32, 20, DType.F32);
        Assert.Null(TensorCoreContract.Violation(wide, wide, c, shape with { M = 16, K = 20, Lda = 20, Ldb = 20 }, new GemmEpilogue()));
        AssertViolation("multiples of 4", wide, wide, c, shape with { M = 16, K = 18, Lda = 18, Ldb = 20 });
        AssertViolation("the result", a, b, Zeros(16, 32, DType.F16), shape);
        AssertViolation("multiples of 8", a, b, c, shape with { K = 20, Lda = 20 });
        AssertViolation("multiples of 8", a.Alias(new Shape(8, 24), 4), b, c, shape with { M = 8 });
        AssertViolation("both operands", a, b, c, shape with { TransA = true });
        Tensor u = Zeros(16, 8, DType.BF16), v = Zeros(32, 16, DType.BF16);
        Assert.Null(TensorCoreContract.Violation(a, b, c, shape, new GemmEpilogue { LowRank = new LowRankTerm(u, v, true, 8) }));
        AssertViolation("do not lie", a, b, c, shape, new GemmEpilogue { LowRank = new LowRankTerm(u, v, false, 8) });
        AssertViolation("a factor", a, b, c, shape, new GemmEpilogue { LowRank = new LowRankTerm(u, v, true, 7) });
        AssertViolation("batch", a, b, c, shape with { Batch = 2 }, new GemmEpilogue { LowRank = new LowRankTerm(u, v, true, 8) });
    }

    [Fact]
    public void Contract_of_attention_names_what_stands_against_it()
    {
        using var scope = new TensorScope();
        Tensor x = Zeros(2 * 7, 80, DType.BF16), lse = Zeros(4, 7, DType.F32);
        var shape = new AttentionShape(2, 7, 7, 2, 40, 0.16f, Causal: false);
        Assert.Null(TensorCoreContract.Violation(lse, shape, x, x, x, x));
        Says("16-bit type", shape, lse);
        Says("BF16 and F32", shape, x, lse);
        Says("multiple of 8 elements", shape, x, x.Alias(new Shape(8), 4));
        Says("heads of 20", shape with { D = 20 }, x);
        Says("more than 160", shape with { D = 168 }, x);
        Says("not positive", shape with { Scale = 0f }, x);
        Assert.Contains("lse is BF16", TensorCoreContract.Violation(x, shape, x), StringComparison.Ordinal);

        void Says(string part, AttentionShape of, params Tensor[] tensors) =>
            Assert.Contains(part, TensorCoreContract.Violation(lse, of, tensors), StringComparison.Ordinal);
    }

    private static void AssertViolation(string says, Tensor a, Tensor b, Tensor c, GemmShape shape, GemmEpilogue epilogue = default) =>
        Assert.Contains(says, TensorCoreContract.Violation(a, b, c, shape, epilogue), StringComparison.Ordinal);

    private static Tensor Zeros(int rows, int columns, DType dtype) => Tensor.Zeros(new Shape(rows, columns), dtype: dtype);
}
