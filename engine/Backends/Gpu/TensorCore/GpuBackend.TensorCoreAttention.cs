using ILGPU.Runtime;

namespace SeLoRA.Engine;

/// <summary>Attention of 16-bit tensors on tensor cores, forward and backward. The float32 path does not come here.</summary>
public sealed partial class GpuBackend
{
    /// <summary>
    /// As <see cref="Attention"/> with all tensors of one 16-bit type and lse float32. The caller has asked <see cref="HasTensorCores"/> and
    /// <see cref="TensorCoreContract"/>.
    /// </summary>
    internal void AttentionTensorCore(Tensor q, Tensor k, Tensor v, Tensor y, Tensor lse, in AttentionShape shape)
    {
        using Turn turn = Enter();
        TensorCoreAttentionArgs args = TensorCoreAttentionArgs.OwnQueries(shape, Address(q), 0, Address(k), Address(v), Address(lse));
        args.Result = args.ResultOfValues = View<ushort>(y);
        RunTensorCore(TensorCoreAttentionTable.Find(shape.D, q.DType).Forward, args, shape.N);
    }

    /// <summary>As <see cref="AttentionBackward"/>, of the same types.</summary>
    internal void AttentionBackwardTensorCore(Tensor q, Tensor k, Tensor v, Tensor y, Tensor lse, Tensor dy, Tensor dq, Tensor dk, Tensor dv,
        in AttentionShape shape)
    {
        using Turn turn = Enter();
        TensorCoreAttentionRow row = TensorCoreAttentionTable.Find(shape.D, q.DType);
        GpuStorage pairs = Workspace(2L * shape.N * shape.Heads * shape.Lq);
        TensorCoreStatisticsArgs statistics = TensorCoreAttentionKernels.StatisticsOf(shape) with
        {
            Y = View<ushort>(y), Dy = View<ushort>(dy), Lse = Floats(lse), Statistics = Floats(pairs),
        };
        TensorCoreAttentionKernels.StatisticsFor(q.DType).RunFlat(this, statistics.Count, statistics);

        long address = pairs.View.LoadEffectiveAddressAsPtr().ToInt64();
        (long atQ, long atDy, long atK, long atV) = (Address(q), Address(dy), Address(k), Address(v));
        TensorCoreAttentionArgs args = TensorCoreAttentionArgs.OwnQueries(shape, atQ, atDy, atK, atV, address);
        args.Result = args.ResultOfValues = View<ushort>(dq);
        RunTensorCore(row.QueryGradient, args, shape.N);

        args = TensorCoreAttentionArgs.OwnKeys(shape, atQ, atDy, atK, atV, address);
        (args.Result, args.ResultOfValues) = (View<ushort>(dk), View<ushort>(dv));
        foreach (TensorCoreAttentionWalk walk in row.KeyGradients) RunTensorCore(walk, args, shape.N);
        pairs.Release();
    }

    private void RunTensorCore(TensorCoreAttentionWalk walk, TensorCoreAttentionArgs args, int n)
    {
        args.Tiles = walk.Tiles(args.OwnRows);
        walk.Kernel.Run(this, (long)args.Tiles * args.Heads * n, args);
    }
}
