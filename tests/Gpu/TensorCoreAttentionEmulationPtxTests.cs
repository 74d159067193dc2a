using SeLoRA.Engine;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>
/// Attention's tensor-core kernels, their PTX executed on the host, against attention in double precision: every head size and type, forward and
/// backward; and the emulation against kernels broken on purpose.
/// </summary>
public class TensorCoreAttentionEmulationPtxTests(ITestOutputHelper output)
{
    /// <summary>Largest head and type.</summary>
    public static TheoryData<string> Kernels => [.. TensorCoreAttentionCase.Kernels];

    [Theory]
    [MemberData(nameof(Kernels))]
    public void Attention_agrees_with_double_precision(string kernel)
    {
        int run = 0;
        foreach (TensorCoreAttentionCase test in TensorCoreAttentionCase.Of(kernel))
        {
            using var scope = new TensorScope();
            Check(test, new PtxOrder((run & 1) != 0, (run & 2) != 0), null);
            run++;
        }
    }

    [Fact]
    public void Results_are_the_same_bits_in_every_order()
    {
        using var scope = new TensorScope();
        var problem = new TensorCoreAttentionProblem(new TensorCoreAttentionCase(DType.BF16, 1, 150, 77, 1, 40));
        Assert.Equal(Run(new PtxOrder(false, false)), Run(new PtxOrder(true, true)));

        IEnumerable<byte> Run(PtxOrder order)
        {
            var emulation = new TensorCoreAttentionEmulation(problem, order);
            (byte[] y, byte[] lse) = emulation.Forward();
            (byte[] dq, byte[] dk, byte[] dv) = emulation.Backward(y, lse);
            return [.. y, .. lse, .. dq, .. dk, .. dv];
        }
    }

    /// <summary>
    /// Too early, a barrier less, a wrong lane, swapped halves; sums that do not follow the maximum, a key too many, lse in another base;
    /// statistics that are missing, not subtracted, of the wrong sign or of another column.
    /// </summary>
    [Theory]
    [InlineData("cp.async.wait_group 1", "cp.async.wait_group 3", true)]
    [InlineData("bar.sync\t0", "", false)]
    [InlineData(", 2, 31, 4294967295", ", 1, 31, 4294967295", false)]
    [InlineData("{b2, b3}", "{b3, b2}", false)]
    [InlineData("mul.f32 y0, y0, factor;", "", false)]
    [InlineData("setp.gt.s32 seen, end, 1;", "setp.gt.s32 seen, end, 0;", false)]
    [InlineData("mul.f32 log, log, 0f3F317218;", "", false)]
    [InlineData("@one cp.async.ca", "@!one cp.async.ca", false)]
    [InlineData("sub.f32 g0, g0, delta0;", "", false)]
    [InlineData("neg.f32 lse0, lse0;", "", false)]
    [InlineData("{lse0, delta0, lse1, delta1}", "{lse1, delta1, lse0, delta0}", false)]
    public void Emulation_sees_a_broken_kernel(string piece, string broken, bool lateCopies)
    {
        using var scope = new TensorScope();
        var test = new TensorCoreAttentionCase(DType.BF16, 1, 257, 131, 1, 40);
        var order = new PtxOrder(lateCopies, false);
        Check(test, order, null);
        int changed = 0;
        Assert.ThrowsAny<Exception>(() => Check(test, order, ptx =>
        {
            if (ptx.Contains(piece, StringComparison.Ordinal)) changed++;
            return ptx.Replace(piece, broken, StringComparison.Ordinal);
        }));
        Assert.NotEqual(0, changed);
    }

    /// <summary>
    /// Index arithmetic that crept into the walk would starve the tensor cores: for 32 queries of a warp a block of 64 keys is 88 mma, 24
    /// ldmatrix, 6 cp.async and, of each thread, 64 powers of two with their maxima, sums and roundings.
    /// </summary>
    [Fact]
    public void Block_is_mostly_products_and_powers()
    {
        using var scope = new TensorScope();
        long Executed(int keys)
        {
            var emulation = new TensorCoreAttentionEmulation(new TensorCoreAttentionProblem(new TensorCoreAttentionCase(DType.BF16, 1, 128, keys, 1, 40)), default);
            emulation.Forward();
            return emulation.Executed / 128;
        }
        long block = (Executed(640) - Executed(320)) / 5;
        output.WriteLine($"{block} instructions a block");
        Assert.InRange(block, 400, 640);
    }

    // Forward, and backward from its results.
    private static void Check(TensorCoreAttentionCase test, PtxOrder order, Func<string, string>? change)
    {
        var problem = new TensorCoreAttentionProblem(test);
        var reference = new TensorCoreAttentionReference(problem);
        var emulation = new TensorCoreAttentionEmulation(problem, order, change);
        (byte[] y, byte[] lse) = emulation.Forward();
        float[] stored = Inner(y);
        reference.Check(stored, TensorCoreAttentionProblem.Inner(lse, DType.F32));
        (byte[] dq, byte[] dk, byte[] dv) = emulation.Backward(y, lse);
        reference.Check(stored, Inner(dq), Inner(dk), Inner(dv));
        Assert.Equal(1, emulation.WorstBankUse);

        float[] Inner(byte[] bytes) => TensorCoreAttentionProblem.Inner(bytes, test.DType);
    }
}
