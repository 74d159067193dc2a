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

/// <summary>
/// A kernel and its launchers, one a backend, each compiled at its first launch and kept for the life of the process (ILGPU unloads a
/// kernel whose launcher nobody holds). Held in static fields; generic kernels in static fields of a generic class.
/// </summary>
/// <typeparam name="TArgs">The kernel's argument: one struct, so that a launch packs it without boxing or allocation.</typeparam>
internal sealed class Kernel<TArgs> where TArgs : struct
{
    private readonly MethodInfo method;
    private readonly KernelAttribute kind;
    private Action<AcceleratorStream, KernelConfig, TArgs>?[] launchers = [];

    public Kernel(Action<TArgs> body)
    {
        method = body.Method;
        kind = method.GetCustomAttribute<KernelAttribute>()!;
    }

    /// <summary>Threads of a group.</summary>
    public int Threads => kind.Threads;

    /// <summary>Queues <paramref name="groups"/> groups. The caller holds the backend's lock.</summary>
    public void Run(GpuBackend backend, long groups, in TArgs args)
    {
        Action<AcceleratorStream, KernelConfig, TArgs>?[] table = launchers;
        Action<AcceleratorStream, KernelConfig, TArgs> launch =
            (backend.Ordinal < table.Length ? table[backend.Ordinal] : null) ?? Compile(backend);
        var config = new KernelConfig(new Index3D(checked((int)groups), 1, 1), new Index3D(Threads, 1, 1));
        backend.CountLaunch();
        if (backend.Recorder?.NotesLaunch(launch, config, args) != true) launch(backend.Stream, config, args);
    }

    /// <summary>Queues one thread for each of <paramref name="items"/>, rounded up to whole groups.</summary>
    public void RunFlat(GpuBackend backend, long items, in TArgs args) => Run(backend, (items + Threads - 1) / Threads, args);

    private Action<AcceleratorStream, KernelConfig, TArgs> Compile(GpuBackend backend)
    {
        Action<AcceleratorStream, KernelConfig, TArgs> launch =
            backend.Compile<Action<AcceleratorStream, KernelConfig, TArgs>>(method, kind.Specialization);
        // Another backend may be growing the table at the same time under its own lock.
        lock (method)
        {
            var table = launchers;
            if (table.Length <= backend.Ordinal) Array.Resize(ref table, backend.Ordinal + 1);
            table[backend.Ordinal] = launch;
            launchers = table;
        }
        return launch;
    }
}
