using System.Buffers.Binary;
using System.Reflection;
using System.Runtime.InteropServices;
using ILGPU;
using ILGPU.Backends.PTX;
using ILGPU.Runtime.Cuda;
using SeLoRA.Engine;

namespace SeLoRA.Tests;

/// <summary>Runs a launch's kernels on the host: the PTX that would be given to the driver, in <see cref="PtxMachine"/>.</summary>
internal static class TensorCoreEmulation
{
    private static readonly Lazy<Context> Compiler = new(() => Context.Create(builder => builder.Optimize(OptimizationLevel.O2)));
    private static readonly Dictionary<MethodInfo, PtxProgram> Programs = [];

    /// <summary>The bytes of C, and the machine that ran the product; its text may be changed before.</summary>
    public static (byte[] Result, PtxMachine Product) Run(TensorCoreLaunch launch, PtxOrder order, Func<string, string>? change = null)
    {
        var memory = new PtxMemory();
        ulong Place(byte[] bytes, int guardBytes = 0) => memory.Place(bytes) + (ulong)guardBytes;
        int GuardBytes(Tensor x) => launch.Guard * x.DType.SizeInBytes();
        TensorCoreArgs args = launch.Args;
        args.First.A = (long)Place(TensorCoreProblem.BytesOf(launch.A), GuardBytes(launch.A));
        args.First.B = (long)Place(TensorCoreProblem.BytesOf(launch.B), GuardBytes(launch.B));
        if (launch.Epilogue.LowRank is { } term)
        {
            args.Appended.A = (long)Place(TensorCoreProblem.BytesOf(term.U));
            args.Appended.B = (long)Place(TensorCoreProblem.BytesOf(term.V));
        }
        byte[] result = TensorCoreProblem.BytesOf(launch.C);
        var views = new Dictionary<string, ulong>(StringComparer.Ordinal) { ["C"] = Place(result, GuardBytes(launch.C)) };
        args.Output.CAddress = (long)views["C"];
        views["Bias"] = launch.Epilogue.Bias is { } bias ? Place(TensorCoreProblem.BytesOf(bias)) : 0;
        views["Residual"] = launch.Epilogue.Residual is { } residual ? Place(TensorCoreProblem.BytesOf(residual)) : 0;
        var partial = new float[launch.Plan.Splits > 1 ? launch.Plan.Splits * args.Output.Batch * args.Output.M * args.Output.N : 0];
        Array.Fill(partial, float.NaN);
        views["Partial"] = Place(MemoryMarshal.AsBytes(partial.AsSpan()).ToArray());

        PtxMachine product = Launch(launch.Kernel, args, views, memory, order, _ => launch.Plan.Groups, change);
        if (launch.Plan.Splits > 1)
        {
            TensorCoreKernels.CombineArgs combine = TensorCoreKernels.CombineArgs.For(args.Output);
            Launch(TensorCoreKernels.FindCombine(launch.A.DType), combine, views, memory, order, threads => (combine.Quads + threads - 1) / threads, null);
        }
        return (result, product);
    }

    /// <summary>Runs one kernel; views are addresses by the name of their field, groups a function of the threads of one.</summary>
    public static PtxMachine Launch<TArgs>(Kernel<TArgs> kernel, TArgs args, Dictionary<string, ulong> views, PtxMemory memory,
        PtxOrder order, Func<int, long> groups, Func<string, string>? change) where TArgs : struct
    {
        var method = (MethodInfo)typeof(Kernel<TArgs>).GetField("method", BindingFlags.Instance | BindingFlags.NonPublic)!.GetValue(kernel)!;
        var parameters = new List<byte>();
        Append(parameters, args, "", views);
        var machine = new PtxMachine(change is null ? Program(method) : new PtxProgram(change(Compile(method))), kernel.Threads, memory.Buffers, [.. parameters], order);
        machine.Run((int)groups(kernel.Threads));
        return machine;
    }

    private static PtxProgram Program(MethodInfo method)
    {
        lock (Programs)
        {
            if (!Programs.TryGetValue(method, out PtxProgram? program)) Programs[method] = program = new PtxProgram(Compile(method));
            return program;
        }
    }

    /// <summary>A kernel's PTX for sm_80.</summary>
    public static string Compile(MethodInfo method)
    {
        lock (Compiler)
        {
            using var backend = new PTXBackend(Compiler.Value, CudaArchitecture.SM_80, CudaInstructionSet.ISA_78, null!);
            return ((PTXCompiledKernel)GpuBackend.Translate(backend, method, method.GetCustomAttribute<KernelAttribute>()!.Specialization)).PTXAssembly;
        }
    }

    // As ILGPU lays out a kernel's argument: fields in order, aligned to their size; a view is its address and its length.
    private static void Append(List<byte> bytes, object value, string name, Dictionary<string, ulong> views)
    {
        switch (value)
        {
            case int number: bytes.AddRange(BitConverter.GetBytes(number)); return;
            case float number: bytes.AddRange(BitConverter.GetBytes(number)); return;
            case long number:
                Align(bytes);
                bytes.AddRange(BitConverter.GetBytes(number));
                return;
        }
        Align(bytes);
        if (value.GetType().Name.StartsWith("ArrayView", StringComparison.Ordinal))
        {
            var view = new byte[16];
            BinaryPrimitives.WriteUInt64LittleEndian(view, views[name]);
            BinaryPrimitives.WriteInt64LittleEndian(view.AsSpan(8), 1 << 30);
            bytes.AddRange(view);
            return;
        }
        foreach (FieldInfo field in value.GetType().GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic).OrderBy(f => f.MetadataToken))
            Append(bytes, field.GetValue(value)!, field.Name, views);
        Align(bytes);
    }

    private static void Align(List<byte> bytes)
    {
        while (bytes.Count % 8 != 0) bytes.Add(0);
    }
}
