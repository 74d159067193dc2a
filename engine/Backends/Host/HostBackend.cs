using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace SeLoRA.Engine;

/// <summary>The host processor: SIMD code at the widest vector the machine has, on all cores.</summary>
public sealed unsafe partial class HostBackend : IBackend
{
    [ThreadStatic]
    private static Operands? mine;

    private readonly HostMemory memory = new(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes);

    internal HostBackend()
    {
        string? text = Environment.GetEnvironmentVariable("SELORA_THREADS");
        if (string.IsNullOrWhiteSpace(text)) return;
        if (!int.TryParse(text, out int count) || count < 1)
            Check.Fail($"SELORA_THREADS: '{text}' is not a number of threads, 1 or more is needed");
        Threads = count;
    }

    /// <inheritdoc/>
    public Device Device => Device.Cpu;

    /// <inheritdoc/>
    public string Name => $"host ({VectorBits}-bit vectors, {Threads} thread{(Threads == 1 ? "" : "s")})";

    /// <summary>
    /// Threads that host operations use, the caller's own included: the environment variable SELORA_THREADS, else one a processor.
    /// Results do not depend on it, to the last bit.
    /// </summary>
    public static int Threads
    {
        get => ParallelFor.Threads;
        set => ParallelFor.Threads = value;
    }

    /// <summary>Width of the vectors that host loops use, in bits: 512, 256 or 128.</summary>
    public static int VectorBits => Vector512.IsHardwareAccelerated ? 512 : Vector256.IsHardwareAccelerated ? 256 : 128;

    /// <inheritdoc/>
    public MemoryStats Memory => memory.Stats;

    /// <inheritdoc/>
    public void ResetPeak() => memory.ResetPeak();

    /// <inheritdoc/>
    public Storage Allocate(long bytes) => new HostStorage(this, memory, memory.Rent(bytes), bytes);

    /// <inheritdoc/>
    public void ReleaseCached() => memory.ReleaseCached();

    /// <inheritdoc/>
    public void Synchronize()
    {
        // Host operations have finished when they return.
    }

    /// <inheritdoc/>
    public void Upload(ReadOnlySpan<byte> source, Tensor y)
    {
        using Operands.Scope operands = Enter();
        fixed (byte* s = source) CopyBytes(s, Bytes(y), source.Length);
    }

    /// <inheritdoc/>
    public void Download(Tensor x, Span<byte> destination)
    {
        using Operands.Scope operands = Enter();
        fixed (byte* d = destination) CopyBytes(Bytes(x), d, destination.Length);
    }

    /// <inheritdoc/>
    public void Copy(Tensor x, Tensor y)
    {
        using Operands.Scope operands = Enter();
        CopyBytes(Bytes(x), Bytes(y), x.Count * x.DType.SizeInBytes());
    }

    /// <inheritdoc/>
    public void Zero(Tensor y)
    {
        using Operands.Scope operands = Enter();
        ParallelFor.Range(y.Count * y.DType.SizeInBytes(), BytesGrain, new ZeroBody(Bytes(y)));
    }

    /// <inheritdoc/>
    public void Fill(Tensor y, float value)
    {
        using Operands.Scope operands = Enter();
        ParallelFor.Range(y.Count, BytesGrain / 4, new FillBody(Ptr(y), value));
    }

    /// <inheritdoc/>
    public void CopyColumns(Tensor x, long xOffset, long xStride, Tensor y, long yOffset, long yStride, long rows, long columns)
    {
        using Operands.Scope operands = Enter();
        int size = x.DType.SizeInBytes();
        var body = new CopyColumnsBody(Bytes(x) + xOffset * size, xStride * size, Bytes(y) + yOffset * size, yStride * size,
            columns * size);
        // One long row (a narrowed tensor) is split by bytes instead of rows.
        if (rows == 1) CopyBytes(body.X, body.Y, columns * size);
        else ParallelFor.Range(rows, ParallelFor.Grain(BytesGrain, columns * size), body);
    }

    /// <summary>First element of a float32 tensor on the host, its offset included.</summary>
    internal static float* Ptr(Tensor t) => (float*)Start(t) + t.Offset;

    /// <summary>First element of a 16-bit tensor on the host, its offset included.</summary>
    internal static ushort* Ptr16(Tensor t) => (ushort*)Start(t) + t.Offset;

    /// <summary>First element of an int32 tensor on the host, its offset included.</summary>
    internal static int* PtrI32(Tensor t) => (int*)Start(t) + t.Offset;

    /// <summary>First byte of a tensor on the host, its offset included.</summary>
    internal static byte* Bytes(Tensor t) => Start(t) + t.Offset * t.DType.SizeInBytes();

    /// <summary>Begins a primitive: the operands whose addresses are taken keep their memory until it is over.</summary>
    internal static Operands.Scope Enter() => (mine ??= new Operands()).Open();

    private static byte* Start(Tensor t) => ((HostStorage)mine!.Hold(t)).Pointer;

    // Below this a second thread costs more than it saves: 128 KB take a core about 10 us to move.
    private const int BytesGrain = 128 * 1024;

    private static void CopyBytes(byte* x, byte* y, long bytes) => ParallelFor.Range(bytes, BytesGrain, new CopyBody(x, y));

    private readonly struct CopyBody(byte* x, byte* y) : IRangeBody
    {
        private readonly byte* x = x, y = y;

        public void Run(long begin, long end) => Buffer.MemoryCopy(x + begin, y + begin, end - begin, end - begin);
    }

    private readonly struct ZeroBody(byte* y) : IRangeBody
    {
        private readonly byte* y = y;

        public void Run(long begin, long end) => new Span<byte>(y + begin, (int)(end - begin)).Clear();
    }

    private readonly struct FillBody(float* y, float value) : IRangeBody
    {
        private readonly float* y = y;
        private readonly float value = value;

        public void Run(long begin, long end) => new Span<float>(y + begin, (int)(end - begin)).Fill(value);
    }

    private readonly struct CopyColumnsBody(byte* x, long xStride, byte* y, long yStride, long bytes) : IRangeBody
    {
        public readonly byte* X = x, Y = y;
        private readonly long xStride = xStride, yStride = yStride, bytes = bytes;

        public void Run(long begin, long end)
        {
            for (long r = begin; r < end; r++) Unsafe.CopyBlockUnaligned(Y + r * yStride, X + r * xStride, (uint)bytes);
        }
    }
}
