namespace SeLoRA.Engine;

/// <summary>Replaces the computation of a <see cref="Linear"/> layer, as a low-rank adapter does.</summary>
public interface ILinearAdapter
{
    /// <summary>The layer's output for x (..., in), with <paramref name="residual"/> (..., out) added if there is one.</summary>
    Tensor Forward(Tensor x, Tensor weight, Tensor? bias, Tensor? residual);
}

/// <summary>y = x weight^T + bias.</summary>
public sealed class Linear : Module
{
    /// <summary>Weight (out, in), bias (out).</summary>
    /// <param name="inFeatures">Width of the input.</param>
    /// <param name="outFeatures">Width of the output.</param>
    /// <param name="bias">With a bias.</param>
    /// <param name="pointwise">See <see cref="IsPointwise"/>.</param>
    public Linear(int inFeatures, int outFeatures, bool bias = true, bool pointwise = false)
    {
        InFeatures = inFeatures;
        OutFeatures = outFeatures;
        IsPointwise = pointwise;
        var shape = new Shape(outFeatures, inFeatures);
        Shape fileShape = pointwise ? new Shape(outFeatures, inFeatures, 1, 1) : shape;
        Weight = Register("weight", new Parameter(fileShape, Initialization.FanInUniform, shape: shape) { AllowsHalf = true });
        if (bias) Bias = Register("bias", new Parameter(new Shape(outFeatures), Initialization.FanInUniform, inFeatures));
    }

    /// <summary>Width of the input.</summary>
    public int InFeatures { get; }

    /// <summary>Width of the output.</summary>
    public int OutFeatures { get; }

    /// <summary>A 1x1 convolution elsewhere, with weight (out, in, 1, 1) in files: channels last, it is the same product.</summary>
    public bool IsPointwise { get; }

    /// <summary>(out, in).</summary>
    public Parameter Weight { get; }

    /// <summary>(out) or null.</summary>
    public Parameter? Bias { get; }

    /// <summary>Takes over the computation while set.</summary>
    public ILinearAdapter? Adapter { get; set; }

    /// <summary>(..., in) to (..., out); <paramref name="residual"/> of the result's shape is added.</summary>
    public Tensor Forward(Tensor x, Tensor? residual = null) =>
        Adapter is null ? Ops.Linear(x, Weight.Value, Bias?.Value, residual) : Adapter.Forward(x, Weight.Value, Bias?.Value, residual);
}

/// <summary>Two-dimensional convolution, channels last.</summary>
public sealed class Conv2d : Module
{
    private readonly int stride;
    private readonly Padding padding;

    /// <summary>Square kernel; weight (out, in, kernel, kernel) in files.</summary>
    public Conv2d(int inChannels, int outChannels, int kernel, int stride = 1, Padding padding = default, bool bias = true)
    {
        this.stride = stride;
        this.padding = padding;
        Weight = Register("weight", new Parameter(new Shape(outChannels, inChannels, kernel, kernel), Initialization.FanInUniform) { AllowsHalf = true });
        if (bias)
            Bias = Register("bias", new Parameter(new Shape(outChannels), Initialization.FanInUniform, (long)inChannels * kernel * kernel));
    }

    /// <summary>(O, KH, KW, C) in memory.</summary>
    public Parameter Weight { get; }

    /// <summary>(O) or null.</summary>
    public Parameter? Bias { get; }

    /// <summary>(N, H, W, C) to (N, OH, OW, O); <paramref name="residual"/> of the result's shape is added.</summary>
    public Tensor Forward(Tensor x, Tensor? residual = null) =>
        Ops.Conv2d(x, Weight.Value, Bias?.Value, stride, padding, residual);
}

/// <summary>Group normalisation, channels last, with an optional SiLU in the same pass.</summary>
public sealed class GroupNorm : Module
{
    private readonly int groups;
    private readonly float eps;

    /// <summary>Scale and shift (channels).</summary>
    public GroupNorm(int groups, int channels, float eps)
    {
        this.groups = groups;
        this.eps = eps;
        Weight = Register("weight", new Parameter(new Shape(channels), Initialization.Ones));
        Bias = Register("bias", new Parameter(new Shape(channels), Initialization.Zeros));
    }

    /// <summary>Scale (C).</summary>
    public Parameter Weight { get; }

    /// <summary>Shift (C).</summary>
    public Parameter Bias { get; }

    /// <summary>(N, ..., C), same shape out.</summary>
    public Tensor Forward(Tensor x, bool silu = false) => Ops.GroupNorm(x, Weight.Value, Bias.Value, groups, eps, silu);
}

/// <summary>Layer normalisation over the last axis.</summary>
public sealed class LayerNorm : Module
{
    private readonly float eps;

    /// <summary>Scale and shift (width).</summary>
    public LayerNorm(int width, float eps = 1e-5f)
    {
        this.eps = eps;
        Weight = Register("weight", new Parameter(new Shape(width), Initialization.Ones));
        Bias = Register("bias", new Parameter(new Shape(width), Initialization.Zeros));
    }

    /// <summary>Scale (C).</summary>
    public Parameter Weight { get; }

    /// <summary>Shift (C).</summary>
    public Parameter Bias { get; }

    /// <summary>(..., C), same shape out.</summary>
    public Tensor Forward(Tensor x) => Ops.LayerNorm(x, Weight.Value, Bias.Value, eps);
}

/// <summary>A table of vectors by index.</summary>
public sealed class Embedding : Module
{
    /// <summary>Weight (count, width).</summary>
    public Embedding(int count, int width) =>
        Weight = Register("weight", new Parameter(new Shape(count, width), Initialization.Normal));

    /// <summary>(count, width).</summary>
    public Parameter Weight { get; }

    /// <summary>Row-major ids in <paramref name="shape"/> to (shape..., width).</summary>
    public Tensor Forward(ReadOnlySpan<int> ids, Shape shape) => Ops.Embedding(Weight.Value, ids, shape);

    /// <summary>Ids that lie on the device and were checked, (...) to (..., width).</summary>
    public Tensor Forward(Tensor ids) => Ops.Embedding(Weight.Value, ids);
}

/// <summary>A numbered list of modules (<c>ModuleList</c> in PyTorch): children are named 0, 1, ...</summary>
/// <typeparam name="T">Type of the items.</typeparam>
public sealed class ModuleList<T> : Module, IReadOnlyList<T> where T : Module
{
    private readonly List<T> items = [];

    /// <summary>The items in order.</summary>
    public ModuleList(IEnumerable<T> modules)
    {
        foreach (T module in modules) items.Add(Register(items.Count.ToString(), module));
    }

    /// <inheritdoc/>
    public int Count => items.Count;

    /// <inheritdoc/>
    public T this[int index] => items[index];

    /// <inheritdoc/>
    public IEnumerator<T> GetEnumerator() => items.GetEnumerator();

    System.Collections.IEnumerator System.Collections.IEnumerable.GetEnumerator() => items.GetEnumerator();
}
