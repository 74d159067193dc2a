using System.Reflection;
using System.Text.RegularExpressions;
using ILGPU;
using ILGPU.Backends.PTX;
using ILGPU.Runtime.Cuda;
using SeLoRA.Engine;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>
/// Every kernel compiled to PTX for sm_80 without a GPU, held to what runs well there, and given to NVIDIA's assembler where one is
/// found (<see cref="PtxAssembler"/>).
/// </summary>
public sealed partial class PtxCompileTests(ITestOutputHelper output)
{
    /// <summary>Each kernel's text, by name.</summary>
    internal static readonly Lazy<IReadOnlyDictionary<string, string>> Texts = new(Compile);

    public static TheoryData<string> Kernels => [.. KernelMethods.All.Keys];

    [Theory]
    [MemberData(nameof(Kernels))]
    public void Ptx_follows_the_rules(string kernel)
    {
        string ptx = Texts.Value[kernel];
        Assert.Contains($".target {PtxAssembler.Target}", ptx, StringComparison.Ordinal);
        Assert.Contains(".entry", ptx, StringComparison.Ordinal);
        AssertNone(ptx, DoublePrecision(), "double precision");
        AssertNone(ptx, UniformBranch(), "a divergent branch marked uniform");
        AssertNone(ptx, LocalMemory(), "an array on the stack");
        AssertNone(ptx, Atomic(), "an atomic: its order, and so the sum's last bits, change from run to run");
        AssertNone(ptx, Extern(), "a function that nobody defines");
    }

    [Fact]
    public void Text_is_the_same_when_compiled_again()
    {
        IReadOnlyDictionary<string, string> again = Compile();
        Assert.All(Texts.Value, pair => Assert.Equal(pair.Value, again[pair.Key]));
    }

    [Fact]
    public void Rules_catch_what_ilgpu_would_emit()
    {
        Assert.Matches(DoublePrecision(), "\tadd.f64\t%fd1, %fd2, %fd3;");
        Assert.Matches(UniformBranch(), "\t@%p1 bra.uni L_1;");
        Assert.DoesNotMatch(UniformBranch(), "\tbra.uni L_1;");
        Assert.DoesNotMatch(UniformBranch(), KernelTextRewrite.Ptx(".entry K()\n\t@%p1 bra.uni L_1;\n\tbrx.idx.uni %r1, T_1;\n"));
        Assert.Matches(LocalMemory(), "\t.local .align 4 .b8 __local0[16];");
        Assert.Matches(Atomic(), "\tatom.global.add.f32\t%f1, [%rd1], %f2;");
        Assert.Matches(Extern(), ".extern .func (.param .b32 r) __nv_expf (");
    }

    [Fact]
    public async Task Assembler_accepts_every_kernel_without_stack_or_spills()
    {
        string? ptxas = PtxAssembler.Find();
        if (ptxas is null) Assert.Skip(PtxAssembler.Absent);
        using var folder = new TemporaryFolder();
        var problems = new List<string>();
        foreach ((string kernel, string ptx) in Texts.Value)
        {
            (int code, string said) = await PtxAssembler.Assemble(ptxas, ptx, folder.File("kernel.ptx"), folder.File("kernel.cubin"));
            output.WriteLine($"{kernel}: {PtxAssembler.Use(said)}");
            if (code != 0) problems.Add($"{kernel}: {said}");
            else if (PtxAssembler.Stack(said) is not (0, 0, 0)) problems.Add($"{kernel}: {PtxAssembler.Stack(said)}");
        }
        Assert.True(problems.Count == 0, string.Join("\n", problems));
    }

    private static Dictionary<string, string> Compile()
    {
        using Context context = Context.Create(builder => builder.Optimize(OptimizationLevel.O2));
        using var backend = new PTXBackend(context, CudaArchitecture.SM_80, CudaInstructionSet.ISA_78, null!);
        return KernelMethods.All.ToDictionary(pair => pair.Key, pair => ((PTXCompiledKernel)GpuBackend.Translate(
            backend, pair.Value, pair.Value.GetCustomAttribute<KernelAttribute>()!.Specialization)).PTXAssembly);
    }

    private static void AssertNone(string ptx, Regex forbidden, string what)
    {
        Match found = forbidden.Match(ptx);
        Assert.False(found.Success, $"{what}: {found.Value}");
    }

    [GeneratedRegex(@"^.*\.f64.*$", RegexOptions.Multiline)]
    private static partial Regex DoublePrecision();

    [GeneratedRegex(@"@!?%\w+\s+bra\.uni.*|brx\.idx\.uni.*")]
    private static partial Regex UniformBranch();

    [GeneratedRegex(@".*\.local\b.*")]
    private static partial Regex LocalMemory();

    [GeneratedRegex(@".*\b(?:atom|red)\..*")]
    private static partial Regex Atomic();

    [GeneratedRegex(@"\.extern\s+\.func.*")]
    private static partial Regex Extern();
}
