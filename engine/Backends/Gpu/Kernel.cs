using System.Reflection;
using ILGPU;
using ILGPU.Runtime;

namespace SeLoRA.Engine;

/// <summary>
/// Marks a kernel: a static method with one argument, a struct of views and numbers, that runs in explicit groups along x. A test
/// finds kernels by this mark, closes generic ones over every struct that satisfies their constraints and compiles them to PTX.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class KernelAttribute(int threads = KernelAttribute.DefaultThreads, int groups = 0) : Attribute
{
    /// <summary>Threads of a group when nothing else is said; every OpenCL GPU allows it.</summary>
    public const int DefaultThreads = 256;

    /// <summary>Threads of a group: a multiple of 32, at most 256.</summary>
    public int Threads { get; } = threads;

    /// <summary>What the compiler is told: the threads, and if given how many groups a multiprocessor should have room for.</summary>
    public KernelSpecialization Specialization { get; } = new(threads, groups > 0 ? groups : null);
}

/// <summary>A kernel as a device has it.</summary>
/// <param name="Launch">Queues it.</param>
/// <param name="GroupLimit">Threads of a group at most, by what the kernel takes of the device's registers and memory.</param>
internal sealed record LoadedKernel<TArgs>(Action<AcceleratorStream, KernelConfig, TArgs> Launch, int GroupLimit) where TArgs : struct;

/// <summary>
/// A kernel as each backend has it, compiled at its first use and kept for the life of the process (ILGPU unloads a
/// kernel whose launcher nobody holds). Held in static fields; generic kernels in static fields of a generic class.
/// </summary>
/// <typeparam name="TArgs">The kernel's argument: one struct, so that a launch packs it without boxing or allocation.</typeparam>
internal sealed class Kernel<TArgs> where TArgs : struct
{
    private readonly MethodInfo method;
    private readonly KernelAttribute kind;
    private LoadedKernel<TArgs>?[] loaded = [];

    public Kernel(Action<TArgs> body)
    {
        method = body.Method;
        kind = method.GetCustomAttribute<KernelAttribute>()!;
    }

    /// <summary>Threads of a group.</summary>
    public int Threads => kind.Threads;

    /// <summary>Whether the device has room for a group. The caller holds the backend's lock.</summary>
    public bool Fits(GpuBackend backend) => On(backend).GroupLimit >= Threads;

    /// <summary>Queues <paramref name="groups"/> groups. The caller holds the backend's lock.</summary>
    public void Run(GpuBackend backend, long groups, in TArgs args)
    {
        LoadedKernel<TArgs> kernel = On(backend);
        if (kernel.GroupLimit < Threads)
        {
            Check.Fail($"{backend.Device} ({backend.Name}): {method.DeclaringType?.Name}.{method.Name} runs in groups of {Threads} threads, "
                + $"and this device has room for {kernel.GroupLimit}; use another device");
        }
        var config = new KernelConfig(new Index3D(checked((int)groups), 1, 1), new Index3D(Threads, 1, 1));
        backend.CountLaunch();
        if (backend.Recorder?.NotesLaunch(kernel.Launch, config, args) != true) kernel.Launch(backend.Stream, config, args);
    }

    /// <summary>Queues one thread for each of <paramref name="items"/>, rounded up to whole groups.</summary>
    public void RunFlat(GpuBackend backend, long items, in TArgs args) => Run(backend, (items + Threads - 1) / Threads, args);

    private LoadedKernel<TArgs> On(GpuBackend backend)
    {
        LoadedKernel<TArgs>?[] table = loaded;
        return (backend.Ordinal < table.Length ? table[backend.Ordinal] : null) ?? Load(backend);
    }

    private LoadedKernel<TArgs> Load(GpuBackend backend)
    {
        LoadedKernel<TArgs> kernel = backend.Load<TArgs>(method, kind.Specialization);
        // Another backend may be growing the table at the same time under its own lock.
        lock (method)
        {
            var table = loaded;
            if (table.Length <= backend.Ordinal) Array.Resize(ref table, backend.Ordinal + 1);
            table[backend.Ordinal] = kernel;
            loaded = table;
        }
        return kernel;
    }
}
