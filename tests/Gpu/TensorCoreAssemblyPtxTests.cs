using System.Text.RegularExpressions;
using SeLoRA.Engine;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>
/// What NVIDIA's assembler makes of the tensor-core kernels for sm_80: no stack, the registers and shared memory that leave room for the
/// planned groups, and the machine instructions that they are about. PtxCompileTests holds them to the rules of all kernels.
/// </summary>
public partial class TensorCoreAssemblyPtxTests(ITestOutputHelper output)
{
    private const int MaxRegisters = 128;

    /// <summary>Tile, and groups that a multiprocessor should hold at a time.</summary>
    public static TheoryData<string, int> Plan => new()
    {
        { nameof(TensorCoreTile.Tile128x128), 2 }, { nameof(TensorCoreTile.Tile128x64), 3 }, { nameof(TensorCoreTile.Tile64x64), 4 },
        { nameof(TensorCoreTile.Tile128x16), 4 }, { nameof(TensorCoreTile.Tile16x128), 4 },
    };

    [Theory]
    [MemberData(nameof(Plan))]
    public Task Kernels_fit_the_planned_occupancy_and_use_the_tensor_cores(string tile, int groups)
    {
        TensorCoreTileShape shape = TensorCoreTileShape.All.Single(s => s.Name == tile);
        return TensorCoreAssembly.Check(KernelMethods.All.Where(k => k.Key.Contains($"<{tile},", StringComparison.Ordinal)), groups, output,
            (registers, _) => Assert.InRange(registers, 1, MaxRegisters), (method, code) =>
            {
                // Two steps of mma a slice; one ldmatrix.x4 a fragment of A or pair of B, but of float32 across k.
                Type[] types = method.GetGenericArguments();
                bool isTF32 = types[1] == typeof(TensorCoreTF32);
                Assert.Equal(2 * shape.FragmentsM * shape.FragmentsN, (isTF32 ? ProductsTF32() : TensorCoreAssembly.Products()).Count(code));
                bool Along(string operand) => !isTF32 || (bool)types[2].GetProperty($"AlongKOf{operand}")!.GetValue(null)!;
                Assert.Equal(2 * ((Along("A") ? shape.FragmentsM : 0) + (Along("B") ? shape.FragmentsN / 2 : 0)), Ldsm().Count(code));
                Assert.NotEmpty(Ldgsts().Matches(code));
            });
    }

    [GeneratedRegex(@"\bHMMA\.1688\.F32\.TF32\b")]
    private static partial Regex ProductsTF32();

    [GeneratedRegex(@"\bLDSM\.16\.MT?88\.4\b")]
    private static partial Regex Ldsm();

    [GeneratedRegex(@"\bLDGSTS\.E\.BYPASS(?:\.\w+)?\.128\.ZFILL\b")]
    private static partial Regex Ldgsts();
}
