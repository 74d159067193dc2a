using System.Reflection;
using ILGPU;
using ILGPU.Backends;
using ILGPU.Backends.EntryPoints;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;
using ILGPU.Runtime.OpenCL;

namespace SeLoRA.Engine;

/// <summary>
/// A GPU through ILGPU: portable kernels for CUDA and OpenCL, all queued on one stream of its own. Any thread may call it: one lock
/// covers each primitive from its first allocation to its last launch, and the accelerator is bound to the calling thread, so that
/// compiling, loading and launching never run side by side (parallel loads end in JIT errors, ILGPU issue 724).
/// </summary>
public sealed partial class GpuBackend : IBackend
{
    private static readonly Lock Compiling = new();
    private static int opened;

    private readonly Lock gate = new();
    private readonly Accelerator accelerator;
    private readonly MemoryPool pool;
    private readonly AcceleratorMemory source;
    private readonly Operands operands = new();
    private readonly UploadRing? staged;
    private long launches;

    internal GpuBackend(Device device, Accelerator accelerator)
    {
        Device = device;
        this.accelerator = accelerator;
        Name = accelerator.Name.Trim();
        Ordinal = Interlocked.Increment(ref opened) - 1;
        Stream = accelerator.CreateStream();
        source = new AcceleratorMemory(accelerator);
        pool = new MemoryPool($"{device} ({Name})", source);
        accelerator.Bind();
        if (Stream is CudaStream cuda && CudaStaging.TryCreate(cuda) is { } staging) staged = new UploadRing(staging);
    }

    /// <inheritdoc/>
    public Device Device { get; }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public MemoryStats Memory => pool.Stats;

    /// <summary>Kernels queued so far.</summary>
    public long LaunchCount => Volatile.Read(ref launches);

    /// <summary>Index of this backend in the launcher tables of <see cref="Kernel{TArgs}"/>.</summary>
    internal int Ordinal { get; }

    /// <summary>The one stream; never the default stream, which serialises with everything and cannot be captured in a graph.</summary>
    internal AcceleratorStream Stream { get; }

    private ILGPU.Backends.Backend CodeGenerator => accelerator is CudaAccelerator cuda ? cuda.Backend : ((CLAccelerator)accelerator).Backend;

    /// <inheritdoc/>
    public void ResetPeak() => pool.ResetPeak();

    /// <inheritdoc/>
    public Storage Allocate(long bytes)
    {
        using Turn turn = Enter();
        if (Recorder is not null) return Recorder.Allocate(bytes);
        MemoryPool.Block block = pool.Rent(bytes);
        return new GpuStorage(this, pool, block, AcceleratorMemory.Slice(block.Segment, block.Offset, bytes));
    }

    /// <inheritdoc/>
    public void ReleaseCached()
    {
        using Turn turn = Enter();
        Recorder?.Refuse("releases memory");
        Stream.Synchronize();
        pool.ReleaseCached();
    }

    /// <inheritdoc/>
    public void Upload(ReadOnlySpan<byte> source, Tensor y)
    {
        if (source.IsEmpty) return;
        using Turn turn = Enter();
        Recorder?.Refuse("uploads");
        Upload(source, Bytes(y));
    }

    /// <inheritdoc/>
    public unsafe void Download(Tensor x, Span<byte> destination)
    {
        if (destination.IsEmpty) return;
        using Turn turn = Enter();
        Recorder?.Refuse("reads results");
        try
        {
            // Pinned for the same reason as in Upload.
            fixed (byte* first = destination) Bytes(x).CopyToCPU(Stream, ref *first, destination.Length);
        }
        catch (AcceleratorException e)
        {
            throw Failed("reading results", e);
        }
    }

    /// <inheritdoc/>
    public void Copy(Tensor x, Tensor y)
    {
        using Turn turn = Enter();
        ArrayView<byte> source = Bytes(x), target = Bytes(y);
        if (Recorder?.NotesCopy(source, target) != true) source.CopyTo(Stream, target);
    }

    /// <inheritdoc/>
    public void Zero(Tensor y)
    {
        using Turn turn = Enter();
        ArrayView<byte> target = Bytes(y);
        if (Recorder?.NotesZero(target) != true) target.MemSetToZero(Stream);
    }

    /// <inheritdoc/>
    public void Synchronize()
    {
        using Turn turn = Enter();
        Recorder?.Refuse("waits");
        try
        {
            Stream.Synchronize();
        }
        catch (AcceleratorException e)
        {
            throw Failed("running queued kernels", e);
        }
    }

    /// <summary>Takes the lock and makes the accelerator current on this thread.</summary>
    internal Turn Enter()
    {
        Lock.Scope turn = gate.EnterScope();
        accelerator.Bind();
        return new Turn(turn, operands.Open());
    }

    internal void CountLaunch() => CountLaunches(1);

    internal void CountLaunches(long count) => launches += count;

    /// <summary>A kernel's text for a code generator, after <see cref="KernelTextRewrite"/>; needs no device.</summary>
    internal static CompiledKernel Translate(ILGPU.Backends.Backend codeGenerator, MethodInfo method, KernelSpecialization specialization)
    {
        CompiledKernel compiled = codeGenerator.Compile(EntryPointDescription.FromExplicitlyGroupedKernel(method), specialization);
        KernelTextRewrite.Apply(compiled);
        return compiled;
    }

    /// <summary>Compiles and loads a kernel.</summary>
    internal LoadedKernel<TArgs> Load<TArgs>(MethodInfo method, KernelSpecialization specialization) where TArgs : struct
    {
        // Devices have locks of their own, but one ILGPU context.
        using Lock.Scope alone = Compiling.EnterScope();
        try
        {
            ILGPU.Runtime.Kernel kernel = accelerator.LoadKernel(Translate(CodeGenerator, method, specialization));
            return new(kernel.CreateLauncherDelegate<Action<AcceleratorStream, KernelConfig, TArgs>>(), GroupLimit(kernel));
        }
        catch (Exception e) when (e is not EngineException)
        {
            throw Failed($"compiling {method.DeclaringType?.Name}.{method.Name}", e);
        }
    }

    // CUDA's compiler keeps to the group that it is told of; OpenCL's takes what it needs and tells what is left room for.
    private int GroupLimit(ILGPU.Runtime.Kernel kernel) => kernel is CLKernel opencl
        ? (int)CLAPI.CurrentAPI.GetKernelWorkGroupInfo<nint>(opencl.KernelPtr, ((CLAccelerator)accelerator).DeviceId, CLKernelWorkGroupInfoType.CL_KERNEL_WORK_GROUP_SIZE)
        : accelerator.MaxNumThreadsPerGroup;

    /// <summary>A tensor's bytes.</summary>
    private ArrayView<byte> Bytes(Tensor x)
    {
        int size = x.DType.SizeInBytes();
        var storage = (GpuStorage)operands.Hold(x);
        Recorder?.Uses(storage);
        return storage.View.SubView(x.Offset * size, x.Count * size);
    }

    /// <summary>A tensor as T.</summary>
    private ArrayView<T> View<T>(Tensor x) where T : unmanaged => Bytes(x).Cast<T>();

    /// <summary>A tensor of any type as 16-bit words: how kernels that are generic over the type are given it.</summary>
    private ArrayView<ushort> Words(Tensor x) => View<ushort>(x);

    /// <summary>A float32 tensor's elements.</summary>
    private ArrayView<float> Floats(Tensor x) => View<float>(x);

    /// <summary>An optional float32 tensor's elements, or <paramref name="stand"/> where there is none: kernels get a valid view always.</summary>
    private ArrayView<float> Floats(Tensor? x, ArrayView<float> stand) => x is null ? stand : Floats(x);

    /// <summary>Float32 working memory for one primitive. Freeing it at the primitive's end is safe: later work queues behind this.</summary>
    private GpuStorage Workspace(long floats) => (GpuStorage)Allocate(floats * sizeof(float));

    private static ArrayView<float> Floats(GpuStorage workspace) => workspace.View.Cast<float>();

    /// <summary>Threads that take eight elements each.</summary>
    private static long Octets(long count) => (count + Octet.Size - 1) / Octet.Size;

    /// <summary>1 if all tensors begin at multiples of 16 bytes, as their storages do; else 0.</summary>
    private static int Whole(params ReadOnlySpan<Tensor> tensors)
    {
        foreach (Tensor x in tensors)
            if (x.Offset * x.DType.SizeInBytes() % 16 != 0) return 0;
        return 1;
    }

    private unsafe void Upload(ReadOnlySpan<byte> source, ArrayView<byte> y)
    {
        try
        {
            if (staged is not null && staged.TryUpload(source, y.LoadEffectiveAddressAsPtr())) return;
            // ILGPU takes the address of the reference without pinning it, and OpenCL copies on a thread of its own meanwhile.
            fixed (byte* first = source) y.CopyFromCPU(Stream, ref *first, source.Length);
        }
        catch (AcceleratorException e)
        {
            throw Failed("uploading", e);
        }
    }

    // ILGPU wraps the sentence that says what is wrong: take the innermost.
    private EngineException Failed(string step, Exception e)
    {
        Exception root = e;
        while (root.InnerException is not null) root = root.InnerException;
        return new EngineException($"{Device} ({Name}): {step} failed: {root.Message}", e);
    }

    /// <summary>The backend for one primitive, or more: until then the lock and the memory of the operands are held.</summary>
    internal ref struct Turn : IDisposable
    {
        private readonly Operands.Scope operands;
        private Lock.Scope gate;

        public Turn(Lock.Scope gate, Operands.Scope operands)
        {
            this.gate = gate;
            this.operands = operands;
        }

        /// <inheritdoc/>
        public void Dispose()
        {
            operands.Dispose();
            gate.Dispose();
        }
    }

    /// <summary>Segments of the pool: raw buffers of the accelerator.</summary>
    private sealed class AcceleratorMemory(Accelerator accelerator) : IMemorySource
    {
        private long taken;

        public long FreeBytes => accelerator is CudaAccelerator cuda ? cuda.GetFreeMemory() : accelerator.MemorySize - taken;

        public object? TryAllocate(long bytes)
        {
            // OpenCL drivers promise memory lazily and fail at a launch: hold to the device's size.
            if (accelerator is not CudaAccelerator && taken + bytes > accelerator.MemorySize) return null;
            try
            {
                MemoryBuffer1D<byte, Stride1D.Dense> buffer = accelerator.Allocate1D<byte>(bytes);
                taken += bytes;
                return buffer;
            }
            catch (AcceleratorException)
            {
                return null;
            }
        }

        public void Release(object segment)
        {
            var buffer = (MemoryBuffer1D<byte, Stride1D.Dense>)segment;
            taken -= buffer.Length;
            buffer.Dispose();
        }

        public static ArrayView<byte> Slice(object segment, long offset, long bytes) =>
            ((MemoryBuffer1D<byte, Stride1D.Dense>)segment).View.BaseView.SubView(offset, bytes);
    }
}
