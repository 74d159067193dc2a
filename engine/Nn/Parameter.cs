using System.Runtime.InteropServices;

namespace SeLoRA.Engine;

/// <summary>How a parameter is drawn when a network starts from nothing.</summary>
public enum Initialization
{
    /// <summary>Uniform within 1 / sqrt(fan in), PyTorch's default for linear layers and convolutions.</summary>
    FanInUniform,

    /// <summary>All zeros.</summary>
    Zeros,

    /// <summary>All ones.</summary>
    Ones,

    /// <summary>Normal with standard deviation 0.02.</summary>
    Normal,
}

/// <summary>
/// A named weight of a <see cref="Module"/>. It has a shape from the start and memory only once it is loaded or initialised, so a
/// model of any size can be described before its weights are read. Files hold PyTorch's layout; convolution weights are turned from
/// (O, I, KH, KW) to the engine's (O, KH, KW, I) once, on the way in. Frozen matrices and filters may stay at 16 bits on the host.
/// </summary>
public sealed class Parameter
{
    // Elements transposed by one piece of a parallel loop.
    private const long TransposeGrain = 1 << 16;

    private Tensor? value;
    private bool trainable;
    private DType precision = DType.F32;

    /// <summary>A parameter without memory.</summary>
    /// <param name="fileShape">Shape in PyTorch's layout.</param>
    /// <param name="initialization">How <see cref="Initialize"/> draws it.</param>
    /// <param name="fanIn">Inputs per output for <see cref="Initialization.FanInUniform"/>; 0 takes the product of all axes but the first.</param>
    /// <param name="shape">Shape in the engine's layout; null is <paramref name="fileShape"/> with a convolution's channels last.</param>
    public Parameter(Shape fileShape, Initialization initialization, long fanIn = 0, Shape? shape = null)
    {
        FileShape = fileShape;
        Initialization = initialization;
        FanIn = fanIn > 0 ? fanIn : fileShape.Rank > 1 ? fileShape.Product(1, fileShape.Rank) : fileShape.Count;
        Shape = shape ?? (IsConvolution ? new Shape(fileShape[0], fileShape[2], fileShape[3], fileShape[1]) : fileShape);
    }

    /// <summary>Shape in the engine's layout.</summary>
    public Shape Shape { get; }

    /// <summary>Shape in PyTorch's layout, as files have it.</summary>
    public Shape FileShape { get; }

    /// <summary>How a fresh value is drawn.</summary>
    public Initialization Initialization { get; }

    /// <summary>Inputs per output.</summary>
    public long FanIn { get; }

    /// <summary>Whether 16 bits will do while it is frozen and on the host: weights of <see cref="Linear"/> and <see cref="Conv2d"/>.</summary>
    public bool AllowsHalf { get; init; }

    /// <summary>True once the parameter has memory.</summary>
    public bool IsLoaded => value is not null;

    /// <summary>The weight. Reading it before it was loaded or initialised, or after it was unloaded, is an error.</summary>
    public Tensor Value => value ?? Check.Fail<Tensor>($"Parameter {FileShape}: used before weights were loaded or initialised, or after they were unloaded");

    /// <summary>Whether the weight gets a gradient; false (frozen) from the start. A weight of 16 bits becomes float32 to be trained.</summary>
    public bool Trainable
    {
        get => trainable;
        set
        {
            trainable = value;
            if (this.value is not null) Replace(Placed(this.value));
        }
    }

    /// <summary>Type of a frozen weight of two and more axes on a GPU; see <see cref="Module.SetPrecision"/>.</summary>
    internal DType Precision
    {
        get => precision;
        set
        {
            precision = value;
            if (this.value is not null) Replace(Placed(this.value));
        }
    }

    private bool IsConvolution => FileShape.Rank == 4;

    private bool HasPixels => IsConvolution && FileShape[2] * FileShape[3] > 1;

    /// <summary>Sets the weight from values in PyTorch's layout; the count must match.</summary>
    public void Load(ReadOnlySpan<float> values, Device device) => Load(values, device, DType.F32);

    /// <summary>
    /// Sets a frozen weight from the bits of float16 or bfloat16 values in PyTorch's layout, and keeps them so. They must be of the type that the
    /// weight has on that device, see <see cref="TypeOn"/>; on the host products widen them, exactly, where they read them.
    /// </summary>
    /// <param name="bits">As many as the shape has elements.</param>
    /// <param name="dtype">F16 or BF16.</param>
    /// <param name="device">Where the weight shall lie.</param>
    public void LoadHalves(ReadOnlySpan<ushort> bits, DType dtype, Device device)
    {
        if (dtype is not (DType.F16 or DType.BF16)) Check.Fail($"Parameter {FileShape}: {dtype} is no type of 16-bit floats");
        if (TypeOn(device, dtype) != dtype)
        {
            Check.Fail(device.Kind == DeviceKind.Cpu
                ? $"Parameter {FileShape}: only frozen weights of linear layers and convolutions are kept at 16 bits"
                : $"Parameter {FileShape}: has the type {TypeOn(device, dtype)} on {device}, not {dtype}");
        }
        Load(bits, device, dtype);
    }

    /// <summary>
    /// The type in which the weight lies on a device. A weight that is trained is float32. A frozen one on a GPU has the type that
    /// <see cref="Module.SetPrecision"/> chose, if it has two and more axes; on the host it keeps 16 bits where that <see cref="AllowsHalf"/>.
    /// </summary>
    /// <param name="device">The device.</param>
    /// <param name="given">The type of the values that it is loaded from.</param>
    public DType TypeOn(Device device, DType given)
    {
        if (trainable) return DType.F32;
        if (device.Kind == DeviceKind.Cpu) return AllowsHalf && given is (DType.F16 or DType.BF16) ? given : DType.F32;
        return Shape.Rank > 1 ? precision : DType.F32;
    }

    /// <summary>Draws the weight: element i is a pure function of (seed, i).</summary>
    public void Initialize(ulong seed, Device device)
    {
        var values = new float[FileShape.Count];
        float bound = 1f / MathF.Sqrt(FanIn);
        switch (Initialization)
        {
            case Initialization.Ones:
                Array.Fill(values, 1f);
                break;
            case Initialization.FanInUniform:
                for (int i = 0; i < values.Length; i++) values[i] = bound * (2f * Philox.Uniform(seed, (ulong)i) - 1f);
                break;
            case Initialization.Normal:
                for (int i = 0; i < values.Length; i++) values[i] = 0.02f * Philox.Normal(seed, (ulong)i);
                break;
        }
        Load(values, device);
    }

    /// <summary>The weight's values in PyTorch's layout.</summary>
    public float[] ToFileLayout()
    {
        Tensor wide = Widened(Value);
        float[] values = wide.ToArray();
        if (wide != value) wide.Dispose();
        return HasPixels ? ToFile(values) : values;
    }

    /// <summary>Frees the weight's memory; operations that are running with it keep it until they return.</summary>
    public void Unload()
    {
        value?.Dispose();
        value = null;
    }

    private void Replace(Tensor tensor)
    {
        if (!ReferenceEquals(tensor, value))
        {
            value?.Dispose();
            value = TensorScope.Detach(tensor);
        }
        tensor.RequiresGrad = trainable;
    }

    /// <summary>The same weight in the type that it shall have where it lies.</summary>
    private Tensor Placed(Tensor weight) => Converted(weight, TypeOn(weight.Device, weight.DType));

    private static Tensor Widened(Tensor weight) => Converted(weight, DType.F32);

    /// <summary>The same weight in another type: itself if it has that, else a new tensor that no scope owns.</summary>
    private static Tensor Converted(Tensor weight, DType type)
    {
        if (weight.DType == type) return weight;
        Tensor converted = TensorScope.Detach(Tensor.Empty(weight.Shape, weight.Device, type));
        weight.Backend.Cast(weight, converted);
        return converted;
    }

    private void Load<T>(ReadOnlySpan<T> values, Device device, DType dtype) where T : unmanaged
    {
        if (values.Length != FileShape.Count) Check.Fail($"Parameter {FileShape}: {values.Length} values given");
        Tensor tensor = value is { } held && held.Device == device && held.DType == dtype ? held : Tensor.Empty(Shape, device, dtype);
        if (HasPixels) LoadPixels(values, tensor);
        else tensor.Backend.Upload(MemoryMarshal.AsBytes(values), tensor);
        Tensor placed = Placed(tensor);
        if (!ReferenceEquals(placed, tensor) && !ReferenceEquals(tensor, value)) tensor.Dispose();
        Replace(placed);
    }

    /// <summary>Turns the weight on its way in, straight into the tensor's memory where that is the host's.</summary>
    private unsafe void LoadPixels<T>(ReadOnlySpan<T> values, Tensor tensor) where T : unmanaged
    {
        using Operands.Scope operands = HostBackend.Enter();
        bool onHost = tensor.Device.Kind == DeviceKind.Cpu;
        Tensor turned = onHost ? tensor : TensorScope.Detach(Tensor.Empty(Shape, Device.Cpu, tensor.DType));
        var target = new Span<T>(HostBackend.Bytes(turned), values.Length);
        TransposeEach(values, target, FileShape[1], FileShape[2] * FileShape[3]);
        if (onHost) return;
        tensor.Backend.Upload(MemoryMarshal.AsBytes(target), tensor);
        turned.Dispose();
    }

    private float[] ToFile(ReadOnlySpan<float> engine)
    {
        var file = new float[engine.Length];
        TransposeEach<float>(engine, file, FileShape[2] * FileShape[3], FileShape[1]);
        return file;
    }

    /// <summary>Transposes the (rows, columns) matrix of each output channel.</summary>
    private unsafe void TransposeEach<T>(ReadOnlySpan<T> values, Span<T> result, int rows, int columns) where T : unmanaged
    {
        fixed (T* source = values, target = result)
        {
            long grain = ParallelFor.Grain(TransposeGrain, (long)rows * columns);
            ParallelFor.Range(FileShape[0], grain, new TransposeBody<T>(source, target, rows, columns));
        }
    }

    private readonly unsafe struct TransposeBody<T>(T* source, T* target, int rows, int columns) : IRangeBody where T : unmanaged
    {
        public void Run(long begin, long end)
        {
            long size = (long)rows * columns;
            for (long matrix = begin; matrix < end; matrix++)
            {
                T* from = source + matrix * size, to = target + matrix * size;
                for (int j = 0; j < columns; j++)
                    for (int i = 0; i < rows; i++) *to++ = from[i * columns + j];
            }
        }
    }
}
