using System.Reflection;
using System.Text.RegularExpressions;
using SeLoRA.Engine;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>What holds for every tensor-core kernel once NVIDIA's assembler has made machine code of it.</summary>
internal static partial class TensorCoreAssembly
{
    // What a group gets without asking.
    private const int SharedBytesMax = 48 * 1024;

    /// <summary>Assembles kernels: no stack, and room for the planned groups. Skips where no assembler is found.</summary>
    /// <param name="kernels">Methods by their kernels' names.</param>
    /// <param name="groups">Groups that a multiprocessor shall have room for.</param>
    /// <param name="output">Told what each kernel takes.</param>
    /// <param name="use">Given registers and bytes of shared memory.</param>
    /// <param name="machineCode">Given the kernel and its instructions, where a disassembler is found.</param>
    public static async Task Check(IEnumerable<KeyValuePair<string, MethodInfo>> kernels, int groups, ITestOutputHelper output, Action<int, int> use,
        Action<MethodInfo, string> machineCode)
    {
        string? ptxas = PtxAssembler.Find();
        if (ptxas is null) Assert.Skip(PtxAssembler.Absent);
        string? cuobjdump = PtxAssembler.FindDisassembler(ptxas);
        using var folder = new TemporaryFolder();
        string source = folder.File("kernel.ptx"), binary = folder.File("kernel.cubin");
        foreach ((string name, MethodInfo method) in kernels)
        {
            (int code, string said) = await PtxAssembler.Assemble(ptxas, TensorCoreEmulation.Compile(method), source, binary);
            Assert.True(code == 0, said);
            Assert.Equal((0, 0, 0), PtxAssembler.Stack(said));
            (int registers, int sharedBytes) = PtxAssembler.Use(said);
            int threads = method.GetCustomAttribute<KernelAttribute>()!.Threads, room = PtxAssembler.Groups(registers, sharedBytes, threads);
            output.WriteLine($"{name}: {registers} registers, {sharedBytes} bytes shared, {room} groups of {threads} threads");
            Assert.True(sharedBytes <= SharedBytesMax, $"{name}: {sharedBytes} bytes need opting in");
            Assert.True(room >= groups, $"{name}: {registers} registers and {sharedBytes} bytes leave room for {room}, not {groups}");
            use(registers, sharedBytes);
            if (cuobjdump is null) continue;
            string instructions = await PtxAssembler.Disassemble(cuobjdump, binary);
            Assert.Empty(LocalMemory().Matches(instructions));
            machineCode(method, instructions);
        }
        if (cuobjdump is null) Assert.Skip("assembled, but no cuobjdump beside ptxas: machine code not read");
    }

    /// <summary>Products of the tensor cores.</summary>
    [GeneratedRegex(@"\bHMMA\.16816\.F32\b")]
    public static partial Regex Products();

    [GeneratedRegex(@"\b(?:LDL|STL)\b")]
    private static partial Regex LocalMemory();
}
