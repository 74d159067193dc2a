namespace SeLoRA.Engine;

/// <summary>The one place that chooses kernels of products: on tensor cores, for one narrow side, or the tiles that take every type and shape.</summary>
public sealed partial class GpuBackend
{
    private static readonly bool TensorCoresAllowed = Environment.GetEnvironmentVariable("SELORA_TENSOR_CORES") != "0";

    /// <summary>The narrow side of skinny products at most: eight times the first capacity of an adapter that grows.</summary>
    private const int SkinnySide = 64;

    private static bool IsSkinny(in GemmShape shape) => Math.Min(shape.M, shape.N) <= SkinnySide;

    /// <summary>
    /// Whether products and convolutions of float32 tensors may round their operands to TF32 (10 bits of mantissa) and run on tensor cores, where
    /// the device has them: CUDA of compute capability 8.0 and up. Products with a narrow side, which are bound by memory, stay float32, and so
    /// does attention. Off unless it is asked for. Steps that were recorded stay as they are.
    /// </summary>
    public bool AllowsTF32 { get; set; }

    private bool UsesTensorCores(Tensor a, Tensor b, Tensor c, in GemmShape shape, in GemmEpilogue epilogue) =>
        MayUseTensorCores(a) && (a.DType != DType.F32 || !IsSkinny(shape)) && TensorCoreContract.Violation(a, b, c, shape, epilogue) is null;

    private bool UsesTensorCores(Tensor a, Tensor b, Tensor c, in TensorCoreConv2d conv, in GemmEpilogue epilogue) =>
        MayUseTensorCores(a) && TensorCoreContract.Violation(a, b, c, conv, epilogue) is null;

    private bool UsesTensorCores(Tensor dy, Tensor x, Tensor dw, in Conv2dShape shape) =>
        MayUseTensorCores(dy) && TensorCoreContract.Violation(dy, x, dw, shape) is null;

    private bool UsesTensorCores(Tensor lse, in AttentionShape shape, params ReadOnlySpan<Tensor> tensors) =>
        MayUseTensorCores(tensors[0]) && TensorCoreContract.Violation(lse, shape, tensors) is null;

    private bool MayUseTensorCores(Tensor a) => (a.DType != DType.F32 || AllowsTF32) && TensorCoresAllowed && HasTensorCores;
}
