using System.Text.RegularExpressions;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>
/// What NVIDIA's assembler makes of attention's tensor-core kernels for sm_80: no stack, registers and shared memory that leave room for
/// the planned groups, and the machine instructions that they are about. PtxCompileTests holds them to the rules of all kernels.
/// </summary>
public partial class TensorCoreAttentionAssemblyPtxTests(ITestOutputHelper output)
{
    /// <summary>Name of a walk.</summary>
    public static TheoryData<string> Walks => [.. TensorCoreAttentionShape.All.Select(shape => shape.Name)];

    [Theory]
    [MemberData(nameof(Walks))]
    public Task Kernels_fit_the_planned_occupancy_and_use_the_tensor_cores(string walk)
    {
        TensorCoreAttentionShape shape = TensorCoreAttentionShape.All.Single(s => s.Name == walk);
        var kernels = KernelMethods.All.Where(k => k.Key.EndsWith($"<{walk}BF16>", StringComparison.Ordinal) || k.Key.EndsWith($"<{walk}F16>", StringComparison.Ordinal)).ToList();
        Assert.Equal(2, kernels.Count);
        return TensorCoreAssembly.Check(kernels, shape.Groups, output, (_, sharedBytes) => Assert.Equal(shape.Stages * shape.StageBytes, sharedBytes), (_, code) =>
        {
            // A block, whose loop over steps the assembler may unroll.
            int products = TensorCoreAssembly.Products().Count(code), steps = products / shape.Multiplications;
            Assert.InRange(steps, 1, shape.OtherRows / shape.Step);
            Assert.Equal(steps * shape.Multiplications, products);
            Assert.Equal(steps * shape.StepLoads + shape.OwnLoads, Ldsm().Count(code));
            Assert.Equal(steps * shape.Powers + (shape.Pass == AttentionPass.Forward ? shape.Fragments * 2 : 0), Powers().Count(code));
            Assert.NotEmpty(Ldgsts().Matches(code));
        });
    }

    [GeneratedRegex(@"\bLDSM\.16\.MT?88\.[24]\b")]
    private static partial Regex Ldsm();

    [GeneratedRegex(@"\bMUFU\.EX2\b")]
    private static partial Regex Powers();

    // 16 bytes, filled up with zeros; or none or all of them, as a predicate says.
    [GeneratedRegex(@"\bLDGSTS\.E\.BYPASS(?:\.\w+)?\.128(?:\.ZFILL\b|[^;]*, !?P\d)")]
    private static partial Regex Ldgsts();
}
