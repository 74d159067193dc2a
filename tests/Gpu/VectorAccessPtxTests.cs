using System.Text.RegularExpressions;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>
/// Kernels that are bound by memory move 16 bytes at a time, whatever the element type: seen in their PTX, which the assembler takes over as it
/// is. That they need no stack is asserted of every kernel in <see cref="PtxCompileTests"/>.
/// </summary>
public sealed partial class VectorAccessPtxTests
{
    /// <summary>Kernels, and whether they store arrays too; the others leave sums.</summary>
    public static TheoryData<string, bool> Kernels => new()
    {
        { "ElementwiseKernels.UnaryKernel", true },
        { "ElementwiseKernels.UnaryBackwardKernel", true },
        { "ElementwiseKernels.BinaryKernel", true },
        { "ElementwiseKernels.ScaleKernel", true },
        { "ElementwiseKernels.AddScaledKernel", true },
        { "ElementwiseKernels.GluKernel", true },
        { "ElementwiseKernels.GluBackwardKernel", true },
        { "CastKernels.CastKernel", true },
        { "LayerNormKernels.LayerNormKernel", true },
        { "LayerNormKernels.LayerNormBackwardKernel", true },
        { "SoftmaxKernels.SoftmaxKernel", true },
        { "SoftmaxKernels.SoftmaxBackwardKernel", true },
        { "GroupNormSlabKernels.GroupNormSlabStatsKernel", false },
        { "GroupNormSlabKernels.GroupNormSlabBackwardStatsKernel", false },
        { "GroupNormKernels.GroupNormApplyKernel", true },
        { "GroupNormKernels.GroupNormBackwardApplyKernel", true },
        { "ReduceKernels.SumShortRowsKernel", false },
        { "ReduceKernels.SumLongRowsKernel", false },
        { "AdamWKernels.AdamWStepKernel", true },
        { "AdamWKernels.AdamWGuardedStepKernel", true },
    };

    [Theory]
    [MemberData(nameof(Kernels))]
    public void Arrays_are_moved_16_bytes_at_a_time(string kernel, bool stores)
    {
        string[] texts = [.. PtxCompileTests.Texts.Value.Where(pair => pair.Key.Split('<')[0] == kernel).Select(pair => pair.Value)];
        Assert.NotEmpty(texts);
        foreach (string ptx in texts)
        {
            Assert.Matches(Load(), ptx);
            if (stores) Assert.Matches(Store(), ptx);
        }
    }

    [GeneratedRegex(@"\bld\.global\.v4\.[bfsu]32\b")]
    private static partial Regex Load();

    [GeneratedRegex(@"\bst\.global\.v4\.[bfsu]32\b")]
    private static partial Regex Store();
}
