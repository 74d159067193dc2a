namespace SeLoRA.Engine;

/// <summary>One kernel for each type that activations may lie as. They share their argument: views of 16-bit words.</summary>
internal sealed class FloatKernels<TArgs>(Action<TArgs> f32, Action<TArgs> bf16, Action<TArgs> f16) where TArgs : struct
{
    private readonly Kernel<TArgs> f32 = new(f32), bf16 = new(bf16), f16 = new(f16);

    /// <summary>The kernel for a tensor's type.</summary>
    public Kernel<TArgs> For(Tensor x) => For(x.DType);

    /// <summary>The kernel for a type.</summary>
    public Kernel<TArgs> For(DType type) => type switch
    {
        DType.F32 => f32,
        DType.BF16 => bf16,
        DType.F16 => f16,
        _ => Check.Fail<Kernel<TArgs>>($"{type}: no kernel of floats"),
    };
}
