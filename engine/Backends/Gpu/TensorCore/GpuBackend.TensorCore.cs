using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace SeLoRA.Engine;

/// <summary>Products and convolutions on tensor cores: of 16-bit tensors, and of float32 ones rounded to TF32 where that is asked for.</summary>
public sealed partial class GpuBackend
{
    /// <summary>True on CUDA devices whose tensor cores the kernels use.</summary>
    public bool HasTensorCores => accelerator is CudaAccelerator cuda && cuda.Architecture >= CudaArchitecture.SM_80;

    /// <summary>What groups are spread over.</summary>
    internal int Multiprocessors => accelerator.NumMultiprocessors;

    /// <summary>
    /// As <see cref="Gemm"/> with a and b of one type of floats, c of that or float32, the residual of either, the bias float32, and the
    /// factors of a low-rank term of a's type. The caller has asked <see cref="HasTensorCores"/> and <see cref="TensorCoreContract"/>.
    /// </summary>
    internal void GemmTensorCore(Tensor a, Tensor b, Tensor c, in GemmShape shape, in GemmEpilogue epilogue)
    {
        using Turn turn = Enter();
        TensorCorePlan plan = TensorCorePlan.For(shape, epilogue.LowRank?.Rank ?? 0, a.DType, Multiprocessors);
        GemmTensorCore(a, b, c, shape, epilogue, plan);
    }

    /// <summary>The same with a plan of the caller's.</summary>
    internal void GemmTensorCore(Tensor a, Tensor b, Tensor c, in GemmShape shape, in GemmEpilogue epilogue, in TensorCorePlan plan)
    {
        using Turn turn = Enter();
        var args = TensorCoreArgs.For(plan, c, shape, epilogue);
        if (epilogue.LowRank is { } term)
        {
            args.Appended.A = Address(term.U);
            args.Appended.B = Address(term.V);
        }
        RunTensorCore(TensorCoreKernels.Find(plan.Tile, a.DType, shape.TransA, shape.TransB), args, plan, a, b, c, epilogue);
    }

    /// <summary>
    /// As <see cref="Conv2d"/>, or <see cref="Conv2dBackwardData"/> with dy for the image, of types as in
    /// <see cref="GemmTensorCore(Tensor, Tensor, Tensor, in GemmShape, in GemmEpilogue)"/>.
    /// </summary>
    internal void Conv2dTensorCore(Tensor image, Tensor w, Tensor result, in TensorCoreConv2d conv, in GemmEpilogue epilogue)
    {
        using Turn turn = Enter();
        Conv2dTensorCore(image, w, result, conv, epilogue, TensorCorePlan.For(conv, image.DType, Multiprocessors));
    }

    /// <summary>The same with a plan of the caller's.</summary>
    internal void Conv2dTensorCore(Tensor image, Tensor w, Tensor result, in TensorCoreConv2d conv, in GemmEpilogue epilogue, in TensorCorePlan plan)
    {
        using Turn turn = Enter();
        RunTensorCore(TensorCoreKernels.FindConv2d(plan.Tile, image.DType, conv.Backward), conv.Args(plan, image.DType, result, epilogue), plan, image, w, result, epilogue);
    }

    /// <summary>As <see cref="Conv2dBackwardWeight"/>, of types as in <see cref="GemmTensorCore(Tensor, Tensor, Tensor, in GemmShape, in GemmEpilogue)"/>.</summary>
    internal void Conv2dBackwardWeightTensorCore(Tensor x, Tensor dy, Tensor dw, in Conv2dShape shape)
    {
        using Turn turn = Enter();
        Conv2dBackwardWeightTensorCore(x, dy, dw, shape, TensorCorePlan.For(TensorCoreConv2d.WeightProduct(shape), 0, x.DType, Multiprocessors));
    }

    /// <summary>The same with a plan of the caller's.</summary>
    internal void Conv2dBackwardWeightTensorCore(Tensor x, Tensor dy, Tensor dw, in Conv2dShape shape, in TensorCorePlan plan)
    {
        using Turn turn = Enter();
        RunTensorCore(TensorCoreKernels.FindConv2dWeight(plan.Tile, x.DType), TensorCoreConv2d.WeightArgs(shape, plan, dw), plan, dy, x, dw, new GemmEpilogue());
    }

    private void RunTensorCore(Kernel<TensorCoreArgs> kernel, TensorCoreArgs args, in TensorCorePlan plan, Tensor a, Tensor b, Tensor c, in GemmEpilogue epilogue)
    {
        ArrayView<ushort> view = View<ushort>(c);
        args.First.A = Address(a);
        args.First.B = Address(b);
        args.Output.C = view;
        args.Output.CAddress = Address(c);
        args.Output.Residual = epilogue.Residual is null ? view : View<ushort>(epilogue.Residual);
        args.Output.Bias = Floats(epilogue.Bias, view.Cast<float>());
        GpuStorage? partial = plan.Splits > 1 ? Workspace((long)plan.Splits * args.Output.Batch * args.Output.M * args.Output.N) : null;
        args.Output.Partial = partial is null ? view.Cast<float>() : Floats(partial);
        kernel.Run(this, plan.Groups, args);
        if (partial is null) return;
        TensorCoreKernels.CombineArgs combine = TensorCoreKernels.CombineArgs.For(args.Output);
        TensorCoreKernels.FindCombine(a.DType).RunFlat(this, combine.Quads, combine);
        partial.Release();
    }

    private long Address(Tensor x) => Bytes(x).LoadEffectiveAddressAsPtr().ToInt64();
}
