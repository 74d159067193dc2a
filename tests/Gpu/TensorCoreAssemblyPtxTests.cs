using System.Reflection;
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
    public async Task Kernels_fit_the_planned_occupancy_and_use_the_tensor_cores(string tile, int groups)
    {
        string? ptxas = PtxAssembler.Find();
        if (ptxas is null) Assert.Skip(PtxAssembler.Absent);
        string? cuobjdump = PtxAssembler.FindDisassembler(ptxas);
        using var folder = new TemporaryFolder();
        string source = folder.File("kernel.ptx"), binary = folder.File("kernel.cubin");
        TensorCoreTileShape shape = TensorCoreTileShape.All.Single(s => s.Name == tile);
        foreach ((string name, MethodInfo method) in KernelMethods.All.Where(k => k.Key.Contains($"<{tile},", StringComparison.Ordinal)))
        {
            (int code, string said) = await PtxAssembler.Assemble(ptxas, TensorCoreEmulation.Compile(method), source, binary);
            Assert.True(code == 0, said);
            Assert.Equal((0, 0, 0), PtxAssembler.Stack(said));
            (int registers, int sharedBytes) = PtxAssembler.Use(said);
            int threads = method.GetCustomAttribute<KernelAttribute>()!.Threads, room = PtxAssembler.Groups(registers, sharedBytes, threads);
            output.WriteLine($"{name}: {registers} registers, {sharedBytes} bytes shared, {room} groups of {threads} threads");
            Assert.InRange(registers, 1, MaxRegisters);
            Assert.True(sharedBytes <= 48 * 1024, $"{name}: {sharedBytes} bytes need opting in");
            Assert.True(room >= groups, $"{name}: {registers} registers and {sharedBytes} bytes leave room for less than {groups}");
            if (cuobjdump is null) continue;
            string code80 = await PtxAssembler.Disassemble(cuobjdump, binary);
            // Two steps of mma a slice; one ldmatrix.x4 a fragment of A or pair of B, but of float32 across k.
            bool isTF32 = name.Contains(nameof(TensorCoreTF32), StringComparison.Ordinal);
            Assert.Equal(2 * shape.FragmentsM * shape.FragmentsN, (isTF32 ? HmmaTF32() : Hmma()).Count(code80));
            Type layout = method.GetGenericArguments()[2];
            bool Along(string operand) => !isTF32 || (bool)layout.GetProperty($"AlongKOf{operand}")!.GetValue(null)!;
            Assert.Equal(2 * ((Along("A") ? shape.FragmentsM : 0) + (Along("B") ? shape.FragmentsN / 2 : 0)), Ldsm().Count(code80));
            Assert.NotEmpty(Ldgsts().Matches(code80));
            Assert.Empty(LocalMemory().Matches(code80));
        }
        if (cuobjdump is null) Assert.Skip("assembled, but no cuobjdump beside ptxas: machine code not read");
    }

    [GeneratedRegex(@"\bHMMA\.16816\.F32\b")]
    private static partial Regex Hmma();

    [GeneratedRegex(@"\bHMMA\.1688\.F32\.TF32\b")]
    private static partial Regex HmmaTF32();

    [GeneratedRegex(@"\bLDSM\.16\.MT?88\.4\b")]
    private static partial Regex Ldsm();

    [GeneratedRegex(@"\bLDGSTS\.E\.BYPASS(?:\.\w+)?\.128\.ZFILL\b")]
    private static partial Regex Ldgsts();

    [GeneratedRegex(@"\b(?:LDL|STL)\b")]
    private static partial Regex LocalMemory();
}
