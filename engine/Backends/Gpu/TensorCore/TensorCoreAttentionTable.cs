namespace SeLoRA.Engine;

/// <summary>A walk: its kernel, and the rows that a group of it owns.</summary>
internal readonly record struct TensorCoreAttentionWalk(Kernel<TensorCoreAttentionArgs> Kernel, int OwnRows)
{
    /// <summary>Groups that share some rows.</summary>
    public int Tiles(int rows) => (rows + OwnRows - 1) / OwnRows;
}

/// <summary>The walks for heads of some size.</summary>
/// <param name="MaxD">The largest head.</param>
/// <param name="Type">Of all tensors.</param>
/// <param name="Forward">y and lse.</param>
/// <param name="QueryGradient">dq.</param>
/// <param name="KeyGradients">dk and dv, together or, where registers hold only one, one after the other.</param>
internal sealed record TensorCoreAttentionRow(
    int MaxD, DType Type, TensorCoreAttentionWalk Forward, TensorCoreAttentionWalk QueryGradient, TensorCoreAttentionWalk[] KeyGradients);

/// <summary>Which walks serve a head. Sizes are those of the U-Net; smaller heads are filled up with zeros in shared memory.</summary>
internal static class TensorCoreAttentionTable
{
    /// <summary>The largest head.</summary>
    public const int MaxD = 160;

    public static readonly TensorCoreAttentionRow[] Rows =
    [
        new(40, DType.BF16, Forward<Forward40BF16>(), Queries<QueryGradient40BF16>(), [Keys<KeyGradient40BF16>()]),
        new(80, DType.BF16, Forward<Forward80BF16>(), Queries<QueryGradient80BF16>(), [Keys<KeyGradient80BF16>()]),
        new(MaxD, DType.BF16, Forward<Forward160BF16>(), Queries<QueryGradient160BF16>(), [Keys<KeyGradient160BF16>(), Keys<ValueGradient160BF16>()]),
        new(40, DType.F16, Forward<Forward40F16>(), Queries<QueryGradient40F16>(), [Keys<KeyGradient40F16>()]),
        new(80, DType.F16, Forward<Forward80F16>(), Queries<QueryGradient80F16>(), [Keys<KeyGradient80F16>()]),
        new(MaxD, DType.F16, Forward<Forward160F16>(), Queries<QueryGradient160F16>(), [Keys<KeyGradient160F16>(), Keys<ValueGradient160F16>()]),
    ];

    /// <summary>The first row that a head fits in.</summary>
    public static TensorCoreAttentionRow Find(int d, DType type) => Array.Find(Rows, row => d <= row.MaxD && type == row.Type)!;

    private static TensorCoreAttentionWalk Forward<TTile>() where TTile : struct, ITensorCoreForwardTile =>
        new(TensorCoreAttentionKernels.Forward<TTile>.Kernel, TTile.OwnRows);

    private static TensorCoreAttentionWalk Queries<TTile>() where TTile : struct, ITensorCoreQueryGradientTile =>
        new(TensorCoreAttentionKernels.QueryGradient<TTile>.Kernel, TTile.OwnRows);

    private static TensorCoreAttentionWalk Keys<TTile>() where TTile : struct, ITensorCoreKeyGradientTile =>
        new(TensorCoreAttentionKernels.KeyGradient<TTile>.Kernel, TTile.OwnRows);
}
