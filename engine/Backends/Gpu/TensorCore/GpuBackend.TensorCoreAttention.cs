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
        using Lock.Scope turn = Enter();
        TensorCoreAttentionArgs args = TensorCoreAttentionArgs.OwnQueries(shape) with
        {
            OwnFirst = Address(q), OtherFirst = Address(k), OtherSecond = Address(v), Statistics = Address(lse), Result = View<ushort>(y),
        };
        args.ResultOfValues = args.Result;
        RunTensorCore(TensorCoreAttentionTable.Find(shape.D, q.DType).Forward, args, shape.N);
    }

    /// <summary>As <see cref="AttentionBackward"/>, of the same types.</summary>
    internal void AttentionBackwardTensorCore(Tensor q, Tensor k, Tensor v, Tensor y, Tensor lse, Tensor dy, Tensor dq, Tensor dk, Tensor dv,
        in AttentionShape shape)
    {
        using Lock.Scope turn = Enter();
        TensorCoreAttentionRow row = TensorCoreAttentionTable.Find(shape.D, q.DType);
        GpuStorage pairs = Workspace(2L * shape.N * shape.Heads * shape.Lq);
        TensorCoreStatisticsArgs statistics = TensorCoreAttentionKernels.StatisticsOf(shape) with
        {
            Y = View<ushort>(y), Dy = View<ushort>(dy), Lse = Floats(lse), Statistics = Floats(pairs),
        };
        TensorCoreAttentionKernels.StatisticsFor(q.DType).RunFlat(this, statistics.Count, statistics);

        long address = pairs.View.LoadEffectiveAddressAsPtr().ToInt64();
        TensorCoreAttentionArgs args = TensorCoreAttentionArgs.OwnQueries(shape) with
        {
            OwnFirst = Address(q), OwnSecond = Address(dy), OtherFirst = Address(k), OtherSecond = Address(v), Statistics = address, Result = View<ushort>(dq),
        };
        args.ResultOfValues = args.Result;
        RunTensorCore(row.QueryGradient, args, shape.N);

        args = TensorCoreAttentionArgs.OwnKeys(shape) with
        {
            OwnFirst = args.OtherFirst, OwnSecond = args.OtherSecond, OtherFirst = args.OwnFirst, OtherSecond = args.OwnSecond, Statistics = address,
            Result = View<ushort>(dk), ResultOfValues = View<ushort>(dv),
        };
        foreach (TensorCoreAttentionWalk walk in row.KeyGradients) RunTensorCore(walk, args, shape.N);
        pairs.Release();
    }

    private void RunTensorCore(TensorCoreAttentionWalk walk, TensorCoreAttentionArgs args, int n)
    {
        args.Tiles = walk.Tiles(args.OwnRows);
        walk.Kernel.Run(this, (long)args.Tiles * args.Heads * n, args);
    }
}
