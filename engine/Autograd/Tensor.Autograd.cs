namespace SeLoRA.Engine;

public sealed partial class Tensor
{
    internal Variable? Variable { get; set; }

    /// <summary>
    /// Whether operations on this tensor are recorded. Setting it on a fresh tensor makes it a leaf whose <see cref="Grad"/> is
    /// filled by <see cref="Backward"/>; setting it false detaches it.
    /// </summary>
    public bool RequiresGrad
    {
        get => Variable is not null;
        set
        {
            if (value && !DType.IsFloat()) Check.Fail($"RequiresGrad: a {DType} tensor has no gradient");
            Variable = value ? Variable ?? new Variable() : null;
        }
    }

    /// <summary>
    /// Gradient after <see cref="Backward"/>: of leaves that require one, and of intermediate tensors that called
    /// <see cref="RetainGrad"/>; null before. Owned by this tensor; <see cref="ZeroGrad"/> frees it.
    /// </summary>
    public Tensor? Grad => Variable is { IsVisible: true } variable ? variable.Grad : null;

    /// <summary>Keeps the gradient of this intermediate tensor through <see cref="Backward"/>.</summary>
    public Tensor RetainGrad()
    {
        if (Variable is null) Check.Fail($"RetainGrad: tensor {Shape} does not require a gradient");
        Variable.Retain = true;
        return this;
    }

    /// <summary>Adds to the gradient of this leaf, as a backward pass does.</summary>
    /// <param name="grad">Same shape and type.</param>
    public void AddGrad(Tensor grad)
    {
        if (Variable is null) Check.Fail($"AddGrad: tensor {Shape} does not require a gradient");
        Check.SameShape("AddGrad", this, grad);
        Check.SameType("AddGrad", this, grad);
        Variable.Accumulate(grad);
    }

    /// <summary>Frees the gradient.</summary>
    public void ZeroGrad() => Variable?.Free();

    /// <summary>
    /// Differentiates this scalar, or the sum of this tensor's elements weighted by <paramref name="seed"/> (same shape), with
    /// respect to every leaf behind it; gradients add up over calls. The graph is freed as it is walked: a second call on the same
    /// graph is an error.
    /// </summary>
    public void Backward(Tensor? seed = null)
    {
        if (Variable is null)
            Check.Fail($"Backward: tensor {Shape} has no history; no input required a gradient, or it was made under NoGrad()");
        if (seed is null)
        {
            if (Count != 1) Check.Fail($"Backward: shape {Shape} is not a scalar; give a seed gradient of the same shape");
            Check.Float32("Backward", "the loss", this);
            using Tensor one = TensorScope.Detach(Full(Shape, 1f, Device));
            Autograd.Backward(Variable, one);
            return;
        }
        Check.SameShape("Backward", this, seed);
        Check.SameType("Backward", this, seed);
        Autograd.Backward(Variable, seed);
    }

    /// <summary>Frees what the graph behind this tensor saved, for a forward pass whose backward will not run.</summary>
    public void ReleaseGraph()
    {
        if (Variable is not null) Autograd.Abandon(Variable);
    }
}
