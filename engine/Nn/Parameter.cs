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
/// (O, I, KH, KW) to the engine's (O, KH, KW, I) once, on the way in.
/// </summary>
public sealed class Parameter
{
    // Elements transposed by one piece of a parallel loop.
    private const long TransposeGrain = 1 << 16;

    private Tensor? value;
    private bool trainable;

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

    /// <summary>True once the parameter has memory.</summary>
    public bool IsLoaded => value is not null;

    /// <summary>The weight. Reading it before it was loaded or initialised is an error.</summary>
    public Tensor Value => value ?? Check.Fail<Tensor>($"Parameter {FileShape}: used before weights were loaded or initialised");

    /// <summary>Whether the weight gets a gradient; false (frozen) from the start.</summary>
    public bool Trainable
    {
        get => trainable;
        set
        {
            trainable = value;
            if (this.value is not null) this.value.RequiresGrad = value;
        }
    }

    private bool IsConvolution => FileShape.Rank == 4;

    private bool HasPixels => IsConvolution && FileShape[2] * FileShape[3] > 1;

    /// <summary>Sets the weight from values in PyTorch's layout; the count must match.</summary>
    public void Load(ReadOnlySpan<float> values, Device device)
    {
        if (values.Length != FileShape.Count) Check.Fail($"Parameter {FileShape}: {values.Length} values given");
        Tensor tensor = value is { } held && held.Device == device ? held : Tensor.Empty(Shape, device);
        if (HasPixels) LoadPixels(values, tensor);
        else tensor.CopyFrom(values);
        Replace(tensor);
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
        float[] values = Value.ToArray();
        return HasPixels ? ToFile(values) : values;
    }

    /// <summary>Frees the weight's memory.</summary>
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

    /// <summary>Turns the weight on its way in, straight into the tensor's memory where that is the host's.</summary>
    private unsafe void LoadPixels(ReadOnlySpan<float> values, Tensor tensor)
    {
        bool onHost = tensor.Device.Kind == DeviceKind.Cpu;
        Tensor turned = onHost ? tensor : TensorScope.Detach(Tensor.Empty(Shape));
        var target = new Span<float>(HostBackend.Ptr(turned), values.Length);
        TransposeEach(values, target, FileShape[1], FileShape[2] * FileShape[3]);
        if (onHost) return;
        tensor.CopyFrom(target);
        turned.Dispose();
    }

    private float[] ToFile(ReadOnlySpan<float> engine)
    {
        var file = new float[engine.Length];
        TransposeEach(engine, file, FileShape[2] * FileShape[3], FileShape[1]);
        return file;
    }

    /// <summary>Transposes the (rows, columns) matrix of each output channel.</summary>
    private unsafe void TransposeEach(ReadOnlySpan<float> values, Span<float> result, int rows, int columns)
    {
        fixed (float* source = values, target = result)
        {
            long grain = ParallelFor.Grain(TransposeGrain, (long)rows * columns);
            ParallelFor.Range(FileShape[0], grain, new TransposeBody(source, target, rows, columns));
        }
    }

    private readonly unsafe struct TransposeBody(float* source, float* target, int rows, int columns) : IRangeBody
    {
        public void Run(long begin, long end)
        {
            long size = (long)rows * columns;
            for (long matrix = begin; matrix < end; matrix++)
            {
                float* from = source + matrix * size, to = target + matrix * size;
                for (int j = 0; j < columns; j++)
                    for (int i = 0; i < rows; i++) *to++ = from[i * columns + j];
            }
        }
    }
}
