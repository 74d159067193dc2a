using SeLoRA.Engine;

namespace SeLoRA.Tests;

/// <summary>A launch of the tensor-core kernels, on the host's tensors; addresses and views are filled in where it runs.</summary>
/// <param name="A">First operand, <see cref="Guard"/> elements around it included; so are B and C.</param>
internal sealed record TensorCoreLaunch(Kernel<TensorCoreArgs> Kernel, TensorCoreArgs Args, TensorCorePlan Plan, Tensor A, Tensor B, Tensor C, GemmEpilogue Epilogue)
{
    /// <summary>Elements before and after each.</summary>
    public int Guard { get; init; }
}
