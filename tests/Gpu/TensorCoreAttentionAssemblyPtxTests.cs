using System.Reflection;
using System.Text.RegularExpressions;
using SeLoRA.Engine;
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
    public async Task Kernels_fit_the_planned_occupancy_and_use_the_tensor_cores(string walk)
    {
        string? ptxas = PtxAssembler.Find();
        if (ptxas is null) Assert.Skip(PtxAssembler.Absent);
        string? cuobjdump = PtxAssembler.FindDisassembler(ptxas);
        using var folder = new TemporaryFolder();
        string source = folder.File("kernel.ptx"), binary = folder.File("kernel.cubin");
        TensorCoreAttentionShape shape = TensorCoreAttentionShape.All.Single(s => s.Name == walk);
        var kernels = KernelMethods.All.Where(k => k.Key.EndsWith($"<{walk}BF16>", StringComparison.Ordinal) || k.Key.EndsWith($"<{walk}F16>", StringComparison.Ordinal)).ToList();
        Assert.Equal(2, kernels.Count);
        foreach ((string name, MethodInfo method) in kernels)
        {
            (int code, string said) = await PtxAssembler.Assemble(ptxas, TensorCoreEmulation.Compile(method), source, binary);
            Assert.True(code == 0, said);
            Assert.Equal((0, 0, 0), PtxAssembler.Stack(said));
            (int registers, int sharedBytes) = PtxAssembler.Use(said);
            int groups = PtxAssembler.Groups(registers, sharedBytes, method.GetCustomAttribute<KernelAttribute>()!.Threads);
            output.WriteLine($"{name}: {registers} registers, {sharedBytes} bytes shared, {groups} groups");
            Assert.Equal(shape.Stages * shape.StageBytes, sharedBytes);
            Assert.True(sharedBytes <= 48 * 1024, $"{name}: {sharedBytes} bytes need opting in");
            Assert.True(groups >= shape.Groups, $"{name}: {registers} registers and {sharedBytes} bytes leave room for {groups}");
            if (cuobjdump is null) continue;
            string code80 = await PtxAssembler.Disassemble(cuobjdump, binary);
            // A block, whose loop over steps the assembler may unroll.
            int products = Hmma().Count(code80), steps = products / shape.Multiplications;
            Assert.InRange(steps, 1, shape.OtherRows / shape.Step);
            Assert.Equal(steps * shape.Multiplications, products);
            Assert.Equal(steps * shape.StepLoads + shape.OwnLoads, Ldsm().Count(code80));
            Assert.Equal(steps * shape.Powers + (shape.Pass == AttentionPass.Forward ? shape.Fragments * 2 : 0), Powers().Count(code80));
            Assert.NotEmpty(Ldgsts().Matches(code80));
            Assert.Empty(LocalMemory().Matches(code80));
        }
        if (cuobjdump is null) Assert.Skip("assembled, but no cuobjdump beside ptxas: machine code not read");
    }

    [GeneratedRegex(@"\bHMMA\.16816\.F32\b")]
    private static partial Regex Hmma();

    [GeneratedRegex(@"\bLDSM\.16\.MT?88\.[24]\b")]
    private static partial Regex Ldsm();

    [GeneratedRegex(@"\bMUFU\.EX2\b")]
    private static partial Regex Powers();

    // 16 bytes, filled up with zeros; or none or all of them, as a predicate says.
    [GeneratedRegex(@"\bLDGSTS\.E\.BYPASS(?:\.\w+)?\.128(?:\.ZFILL\b|[^;]*, !?P\d)")]
    private static partial Regex Ldgsts();

    [GeneratedRegex(@"\b(?:LDL|STL)\b")]
    private static partial Regex LocalMemory();
}
