using SeLoRA.Engine;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>
/// The tensor-core convolutions' PTX, executed on the host, against convolutions in double precision: every tile, type and direction;
/// and the emulation against kernels broken on purpose.
/// </summary>
public class TensorCoreConvEmulationPtxTests
{
    /// <summary>Tile, type and direction.</summary>
    public static TheoryData<string> Kernels => [.. TensorCoreConvCase.Kernels];

    [Theory]
    [MemberData(nameof(Kernels))]
    public void Convolution_agrees_with_double_precision(string kernel)
    {
        int run = 0;
        foreach (TensorCoreConvCase test in TensorCoreConvCase.Of(kernel))
        {
            using var scope = new TensorScope();
            var problem = new TensorCoreConvProblem(test);
            (byte[] result, PtxMachine product) = TensorCoreEmulation.Run(problem.Launch, new PtxOrder((run & 1) != 0, (run & 2) != 0));
            problem.Check(result, problem.Expected());
            Assert.Equal(1, product.WorstBankUse);
            run++;
        }
    }

    [Fact]
    public void Results_are_the_same_bits_in_every_order()
    {
        using var scope = new TensorScope();
        var problem = new TensorCoreConvProblem(new TensorCoreConvCase(TensorCoreTile.Tile64x64, DType.BF16, false, 2, 7, 9, 40, 72, 3, 3)
        {
            Padding = Padding.All(1), Splits = 3,
        });
        byte[] first = TensorCoreEmulation.Run(problem.Launch, new PtxOrder(false, false)).Result;
        Assert.Equal(first, TensorCoreEmulation.Run(problem.Launch, new PtxOrder(true, true)).Result);
    }

    /// <summary>Padding that is read, a chunk from another's pixel, a tap's border that is another's.</summary>
    [Theory]
    [InlineData("setp.eq.s32 has, outside, 0", "setp.ge.s32 has, bytes, 0")]
    [InlineData("from, tcPixel1", "from, tcPixel0")]
    [InlineData("outside, tcOutside1", "outside, tcOutside0")]
    public void Emulation_sees_a_broken_kernel(string piece, string broken)
    {
        using var scope = new TensorScope();
        var problem = new TensorCoreConvProblem(new TensorCoreConvCase(TensorCoreTile.Tile128x128, DType.BF16, false, 2, 5, 13, 32, 128, 3, 3)
        {
            Padding = Padding.All(1),
        });
        double[] expected = problem.Expected();
        problem.Check(TensorCoreEmulation.Run(problem.Launch, default).Result, expected);
        Assert.ThrowsAny<Exception>(() => problem.Check(TensorCoreEmulation.Run(problem.Launch, default, ptx =>
        {
            Assert.Contains(piece, ptx, StringComparison.Ordinal);
            return ptx.Replace(piece, broken, StringComparison.Ordinal);
        }).Result, expected));
    }

    /// <summary>The products' budget of a slice holds here too, changes of the tap among them: eight in eighty slices.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Slice_is_mostly_products(bool backward)
    {
        using var scope = new TensorScope();
        long Executed(int side) => TensorCoreEmulation.Run(new TensorCoreConvProblem(
            new TensorCoreConvCase(TensorCoreTile.Tile128x128, DType.BF16, backward, 1, 8, 16, backward ? 128 : 320, backward ? 320 : 128, side, side)
            {
                Padding = Padding.All(side / 2),
            }).Launch, default).Product.Executed / 256;
        Assert.InRange((Executed(3) - Executed(1)) / 80, 48, 160);
    }
}
