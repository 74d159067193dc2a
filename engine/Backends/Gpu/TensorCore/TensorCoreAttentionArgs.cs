using ILGPU;

namespace SeLoRA.Engine;

/// <summary>
/// What attention's walks are launched with. Own and Other are the two sides, Rows and Address of q, k, v, dy as the walk's
/// <see cref="ITensorCoreAttentionTile"/> says: forward and for dq queries are owned, for dk and dv keys. Tensors are (N, L, heads D).
/// </summary>
internal struct TensorCoreAttentionArgs
{
    /// <summary>y, dq, or dk; and dv.</summary>
    public ArrayView<ushort> Result, ResultOfValues;

    /// <summary>Device addresses, multiples of 16.</summary>
    public long OwnFirst, OwnSecond, OtherFirst, OtherSecond;

    /// <summary>Device address of lse (N, heads, Lq), or of pairs of lse / ln 2 and delta.</summary>
    public long Statistics;

    public int OwnRows, OtherRows, Heads, D, Causal;

    /// <summary>Groups that share a head's own rows.</summary>
    public int Tiles;

    /// <summary>Factor of the scores, before powers of two are taken; and of dq or dk.</summary>
    public float ScaleOfPowers, Scale;

    /// <summary>Of a walk whose groups own queries, all but views: forward, which has no use for dy, and dq.</summary>
    public static TensorCoreAttentionArgs OwnQueries(in AttentionShape s, long q, long dy, long k, long v, long statistics) => new()
    {
        OwnFirst = q, OwnSecond = dy, OtherFirst = k, OtherSecond = v, Statistics = statistics,
        OwnRows = s.Lq, OtherRows = s.Lk, Heads = s.Heads, D = s.D, Causal = s.Causal ? 1 : 0, Scale = s.Scale, ScaleOfPowers = s.Scale * Log2E,
    };

    /// <summary>Of one whose groups own keys: dk and dv.</summary>
    public static TensorCoreAttentionArgs OwnKeys(in AttentionShape s, long q, long dy, long k, long v, long statistics) =>
        OwnQueries(s, k, v, q, dy, statistics) with { OwnRows = s.Lk, OtherRows = s.Lq };

    /// <summary>log2(e): exponentials are powers of two.</summary>
    public const float Log2E = 1.44269504f;
}

/// <summary>The statistics that both gradient walks read: of every query lse / ln 2 and delta = rowsum(dy y).</summary>
internal struct TensorCoreStatisticsArgs
{
    public ArrayView<ushort> Y, Dy;
    public ArrayView<float> Lse, Statistics;
    public long Count;
    public int D, Heads, Lq;
}
