using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace SeLoRA.Engine;

/// <summary>
/// A dense row-major array on one device. A tensor is a handle: views made by <c>Reshape</c>, <see cref="Narrow"/> and
/// <see cref="Detach"/> share the storage, and disposing a handle frees the memory only when the last one is gone.
/// Feature maps are channels-last (N, H, W, C), token sequences (N, L, C).
/// </summary>
/// <remarks>
/// Several threads may read one tensor at once, operations on it included, and each may work on tensors of its own. What writes a tensor
/// (<see cref="CopyFrom"/>, an optimiser's step), sets <see cref="RequiresGrad"/> or walks its graph must be alone with it. Any thread may
/// dispose of it at any time: operations that run keep the memory until they return, later ones are refused.
/// </remarks>
public sealed partial class Tensor : IDisposable
{
    // All that a handle knows, until it is disposed: then the record serves another tensor.
    private TensorRecord? record;
    private int turn;

    private Tensor()
    {
    }

    /// <summary>Sizes, outermost first.</summary>
    public Shape Shape
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get
        {
            TensorRecord held = Record;
            Shape shape = held.Shape;
            Confirm(held);
            return shape;
        }
    }

    /// <summary>Element type.</summary>
    public DType DType
    {
        get
        {
            TensorRecord held = Record;
            DType type = held.DType;
            Confirm(held);
            return type;
        }
    }

    /// <summary>First element's index within the storage.</summary>
    public long Offset
    {
        get
        {
            TensorRecord held = Record;
            long offset = held.Offset;
            Confirm(held);
            return offset;
        }
    }

    /// <summary>Number of elements.</summary>
    public long Count => Shape.Count;

    /// <summary>The shared memory. Using a disposed tensor is an error.</summary>
    public Storage Storage
    {
        get
        {
            TensorRecord held = Record;
            Storage? storage = held.Storage;
            Confirm(held);
            return storage!;
        }
    }

    /// <summary>The backend that computes on this tensor.</summary>
    public IBackend Backend => Storage.Backend;

    /// <summary>Where the tensor lives.</summary>
    public Device Device => Backend.Device;

    /// <summary>True once <see cref="Dispose"/> was called on this handle.</summary>
    public bool IsDisposed => record is null;

    /// <summary>Number of the scope that disposes this handle; 0 for none.</summary>
    internal long Scope
    {
        get => record is { } held && held.Turn == turn ? held.Scope : 0;
        // Where another thread disposes of the handle at this very moment, the record's next tensor is not freed by its scope but by its finaliser.
        set
        {
            if (record is { } held && held.Turn == turn) held.Scope = value;
        }
    }

    private TensorRecord Record
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get
        {
            TensorRecord? held = record;
            if (held is null) FailDisposed();
            return held;
        }
    }

    /// <summary>A tensor with undefined contents.</summary>
    public static Tensor Empty(Shape shape, Device device = default, DType dtype = DType.F32) =>
        Empty(shape, SeLoRA.Engine.Backend.Get(device), dtype);

    /// <summary>A tensor of zeros.</summary>
    public static Tensor Zeros(Shape shape, Device device = default, DType dtype = DType.F32)
    {
        Tensor y = Empty(shape, device, dtype);
        y.Backend.Zero(y);
        return y;
    }

    /// <summary>A float32 tensor with every element <paramref name="value"/>.</summary>
    public static Tensor Full(Shape shape, float value, Device device = default)
    {
        Tensor y = Empty(shape, device);
        y.Backend.Fill(y, value);
        return y;
    }

    /// <summary>A float32 tensor with a copy of <paramref name="values"/>, row-major; the count must match the shape.</summary>
    public static Tensor From(ReadOnlySpan<float> values, Shape shape, Device device = default)
    {
        Tensor y = Empty(shape, device);
        y.CopyFrom(values);
        return y;
    }

    /// <summary>An int32 tensor (indices) with a copy of <paramref name="values"/>.</summary>
    public static Tensor From(ReadOnlySpan<int> values, Shape shape, Device device = default)
    {
        if (values.Length != shape.Count) Check.Fail($"Tensor.From: {values.Length} values for shape {shape}");
        Tensor y = Empty(shape, device, DType.I32);
        y.Backend.Upload(MemoryMarshal.AsBytes(values), y);
        return y;
    }

    internal static Tensor Empty(Shape shape, IBackend backend, DType dtype = DType.F32) =>
        Create(shape, dtype, backend.Allocate(shape.Count * dtype.SizeInBytes()), 0);

    /// <summary>Undefined contents, same shape, dtype and device as this tensor.</summary>
    internal Tensor EmptyLike() => Empty(Shape, Backend, DType);

    /// <summary>Undefined contents, another shape, dtype and device of this tensor.</summary>
    internal Tensor EmptyOf(Shape shape) => Empty(shape, Backend, DType);

    /// <summary>Undefined float32 contents on this tensor's device: statistics, sums, gradients of parameters.</summary>
    internal Tensor EmptyF32(Shape shape) => Empty(shape, Backend);

    /// <summary>Overwrites a float32 tensor with host values; the count must match.</summary>
    public void CopyFrom(ReadOnlySpan<float> values)
    {
        if (DType != DType.F32 || values.Length != Count)
            Check.Fail($"Tensor.CopyFrom: {values.Length} float32 values into {DType} {Shape}");
        Backend.Upload(MemoryMarshal.AsBytes(values), this);
    }

    /// <summary>Copies a float32 tensor to the host, waiting for the device.</summary>
    public void CopyTo(Span<float> values)
    {
        if (DType != DType.F32 || values.Length != Count)
            Check.Fail($"Tensor.CopyTo: {DType} {Shape} into {values.Length} float32 values");
        Backend.Download(this, MemoryMarshal.AsBytes(values));
    }

    /// <summary>The float32 values as a new host array.</summary>
    public float[] ToArray()
    {
        var values = new float[checked((int)Count)];
        CopyTo(values);
        return values;
    }

    /// <summary>The only element of a float32 tensor; more than one element is an error.</summary>
    public float Item()
    {
        if (Count != 1) Check.Fail($"Tensor.Item: shape {Shape} has {Count} elements, one is needed");
        Span<float> value = stackalloc float[1];
        CopyTo(value);
        return value[0];
    }

    /// <summary>Another handle to the same memory that records no gradient history.</summary>
    public Tensor Detach() => Alias(Shape, Offset);

    internal Tensor Alias(Shape shape, long offset) => Create(shape, DType, RetainStorage(), offset);

    /// <summary>The memory with a reference more, for the caller to release; an error if the handle is disposed.</summary>
    internal Storage RetainStorage()
    {
        TensorRecord held = Record;
        Storage? storage = held.Storage;
        if (storage is null || !storage.TryRetain()) FailDisposed();
        if (held.Turn == turn) return storage;
        // The record serves another tensor by now, whose memory this was.
        storage.Release();
        FailDisposed();
        return storage;
    }

    /// <summary>Another handle to the same memory, in no scope, for the engine's own use: it must end with <see cref="Recycle"/>.</summary>
    internal Tensor Hold()
    {
        Tensor handle = Idle<Tensor>.Take() ?? new Tensor();
        handle.Begin(Shape, DType, RetainStorage(), Offset);
        return handle;
    }

    /// <summary>Disposes a handle that nobody but its caller knows, and lets it serve again.</summary>
    internal void Recycle()
    {
        Storage? storage = record?.EndAlone(turn);
        record = null;
        storage?.Release();
        Variable = null;
        Idle<Tensor>.Give(this);
    }

    /// <summary>
    /// Releases this handle; the memory returns to the pool when no view, tape entry or running operation holds it any more. Any thread may
    /// dispose, at any time, and again.
    /// </summary>
    public void Dispose()
    {
        Storage? storage = record?.End(turn);
        record = null;
        storage?.Release();
    }

    /// <inheritdoc/>
    public override string ToString() => IsDisposed ? "Tensor (disposed)" : $"Tensor {DType} {Shape} on {Device}";

    private static Tensor Create(Shape shape, DType dtype, Storage storage, long offset)
    {
        Tensor handle = (TensorScope.IsHidden ? Idle<Tensor>.Take() : null) ?? new Tensor();
        handle.Begin(shape, dtype, storage, offset);
        handle.Scope = TensorScope.Register(handle);
        return handle;
    }

    [DoesNotReturn]
    private static void FailDisposed() => Check.Fail("Tensor: used after it was disposed");

    private void Begin(Shape shape, DType dtype, Storage storage, long offset)
    {
        TensorRecord mine = TensorRecord.Take(shape, dtype, storage, offset);
        turn = mine.Turn;
        record = mine;
    }

    /// <summary>What was read of a record was this tensor's: no other thread has disposed of the handle meanwhile.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Confirm(TensorRecord held)
    {
        Volatile.ReadBarrier();
        if (held.Turn != turn) FailDisposed();
    }
}
