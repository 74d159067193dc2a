using System.Runtime.Intrinsics;

namespace SeLoRA.Engine;

public sealed unsafe partial class HostBackend
{
    /// <inheritdoc/>
    public void Attention(Tensor q, Tensor k, Tensor v, Tensor y, Tensor lse, in AttentionShape shape)
    {
        using Operands.Scope operands = Enter();
        float* pq = Ptr(q), pk = Ptr(k), pv = Ptr(v), py = Ptr(y), pl = Ptr(lse);
        if (Vector512.IsHardwareAccelerated) Run(new AttentionForward<F32x16>(pq, pk, pv, py, pl, shape));
        else if (Vector256.IsHardwareAccelerated) Run(new AttentionForward<F32x8>(pq, pk, pv, py, pl, shape));
        else Run(new AttentionForward<F32x4>(pq, pk, pv, py, pl, shape));

        static void Run<T>(AttentionForward<T> body) where T : unmanaged, IVectorLane<T> => ParallelFor.Run(body.Count, body);
    }
}

/// <summary>
/// Attention without a score matrix, after Dao et al. (2022): a piece (batch item, head, block of queries) walks the keys in blocks,
/// and for each tile of queries computes scores, their exponentials under a running maximum, and the weighted values.
/// Scores are kept transposed, keys in rows and queries in vector lanes: keys are read where they lie, queries are packed once, and
/// maxima and sums over keys need no shuffles. A query's result depends on the key blocks only, so its bits do not depend on how
/// queries are cut.
/// </summary>
internal readonly unsafe struct AttentionForward<T> : IChunkBody where T : unmanaged, IVectorLane<T>
{
    // Sums of one piece: about 96 KB, and as much for its packed queries, to stay in a second-level cache of 512 KB.
    private const int PieceFloats = 24 * 1024;

    // Fewer queries than this do not earn back the packing of values.
    private const int FewQueries = 96;

    // Scores of a tile of queries stay in the first-level cache or close to it.
    private const int MostKeys = 128;

    private readonly float* q, k, v, y, lse;
    private readonly AttentionShape s;
    private readonly AttentionTiles<T> tiles;
    private readonly int queryBlock, queryBlocks, keyBlock;

    public AttentionForward(float* q, float* k, float* v, float* y, float* lse, in AttentionShape shape)
    {
        this.q = q;
        this.k = k;
        this.v = v;
        this.y = y;
        this.lse = lse;
        s = shape;
        tiles = new AttentionTiles<T>(s.D);
        keyBlock = AttentionTiles<T>.Even(s.Lk, MostKeys);
        int fewest = (s.Lq * tiles.PaddedD + PieceFloats - 1) / PieceFloats;
        int wanted = Math.Min(6 * ParallelFor.Threads / (s.N * s.Heads) + 1, Math.Max(1, s.Lq / FewQueries));
        queryBlock = AttentionTiles<T>.Padded((s.Lq - 1) / Math.Max(fewest, wanted) + 1);
        queryBlocks = (s.Lq + queryBlock - 1) / queryBlock;
    }

    public int Count => s.N * s.Heads * queryBlocks;

    // Three panels of queries are a whole number of full kernel tiles at every width.
    private static int Tile => 3 * AttentionTiles<T>.Width;

    public void Run(int chunk)
    {
        int block = chunk % queryBlocks, nh = chunk / queryBlocks, head = nh % s.Heads, n = nh / s.Heads;
        int q0 = block * queryBlock, rows = Math.Min(queryBlock, s.Lq - q0), dp = tiles.PaddedD;
        nint ld = (nint)s.Heads * s.D;
        float* qs = q + ((nint)n * s.Lq + q0) * ld + head * s.D, ks = k + (nint)n * s.Lk * ld + head * s.D;
        float* vs = v + (ks - k), ys = y + (qs - q), lses = lse + (nint)nh * s.Lq + q0;

        float* queries = (float*)ThreadScratch.Bytes(sizeof(float) * ((long)queryBlock * (s.D + dp + 2) + (long)keyBlock * (dp + Tile)));
        float* max = queries + (nint)queryBlock * s.D, total = max + queryBlock, scores = total + queryBlock;
        float* values = scores + (nint)keyBlock * Tile, sums = values + (nint)keyBlock * dp;
        new Span<float>(max, queryBlock).Fill(float.NegativeInfinity);
        new Span<float>(total, queryBlock).Clear();

        int visible = s.Causal ? q0 + rows : s.Lk;
        for (int k0 = 0; k0 < visible; k0 += keyBlock)
        {
            int count = Math.Min(keyBlock, visible - k0);
            tiles.Fetch(ks + k0 * ld, ld, count);
            tiles.PackSteps(vs + k0 * ld, ld, count, values);
            for (int r = 0; r < rows; r += Tile)
            {
                int some = Math.Min(Tile, rows - r), first = q0 + r - k0;
                if (k0 == 0)
                {
                    tiles.PackLines(qs + r * ld, ld, some, s.Scale * AttentionTiles<T>.Log2E, queries + (nint)r * s.D);
                    tiles.Fetch(qs + (r + some) * ld, ld, Math.Min(Tile, rows - r - some));
                }
                bool last = k0 + count == visible;
                if (last) tiles.Fetch(ys + r * ld, ld, some);
                // The last query of the tile sees the most keys.
                int keys = s.Causal ? Math.Min(count, first + some) : count;
                for (int i = 0; i < some && keys > 0; i += AttentionTiles<T>.Width)
                {
                    float* panel = scores + (nint)i * keyBlock;
                    int columns = Math.Min(AttentionTiles<T>.Width, some - i);
                    tiles.Multiply(ks + k0 * ld, ld, 1, keys, s.D, queries + (nint)(r + i) * s.D, columns, panel, AttentionTiles<T>.Width);
                    if (s.Causal) Hide(panel, keys, first + i, columns, float.NegativeInfinity);
                    Exponentials(panel, keys, max + r + i, total + r + i, k0 > 0, columns, sums + (nint)(r + i) * dp);
                    if (s.Causal) Hide(panel, keys, first + i, columns, 0f);
                }
                if (keys > 0) tiles.MultiplyPanels(scores, keyBlock, some, keys, values, count, sums + (nint)r * dp, k0 > 0);
                for (int i = r; i < r + some && last; i++)
                {
                    AttentionTiles<T>.Scaled(sums + (nint)i * dp, 1f / total[i], s.D, ys + i * ld);
                    lses[i] = (max[i] + MathF.Log2(total[i])) * AttentionTiles<T>.Ln2;
                }
            }
        }
    }

    /// <summary>
    /// Writes <paramref name="value"/> over the scores of keys that queries do not see; query i of the panel sees keys 0 .. first + i.
    /// </summary>
    private static void Hide(float* panel, int keys, int first, int columns, float value)
    {
        for (int j = Math.Max(0, first + 1); j < keys; j++)
            for (int i = 0; i < Math.Min(columns, j - first); i++) panel[(nint)j * AttentionTiles<T>.Width + i] = value;
    }

    /// <summary>
    /// Turns a panel's scores (keys, Width) into exponentials relative to its queries' running maxima, adds them to their totals, and scales what
    /// they have gathered so far where the maximum rose.
    /// </summary>
    private void Exponentials(float* panel, int keys, float* max, float* total, bool gathered, int columns, float* sums)
    {
        int w = T.Width;
        T oldA = T.Load(max), oldB = T.Load(max + w), nowA = oldA, nowB = oldB;
        float* end = panel + (nint)keys * 2 * w;
        for (float* p = panel; p != end; p += 2 * w)
        {
            nowA = T.Max(nowA, T.Load(p));
            nowB = T.Max(nowB, T.Load(p + w));
        }
        T.Store(max, nowA);
        T.Store(max + w, nowB);
        T totalA = tiles.Exponentials(panel, end, 2 * w, nowA), totalB = tiles.Exponentials(panel + w, end, 2 * w, nowB);
        if (gathered)
        {
            float* factors = stackalloc float[GemmPack.MaxWidth];
            T.Store(factors, oldA);
            T.Store(factors + w, oldB);
            T factorA = tiles.Exponentials(factors, factors + w, w, nowA), factorB = tiles.Exponentials(factors + w, factors + 2 * w, w, nowB);
            totalA = T.MulAdd(T.Load(total), factorA, totalA);
            totalB = T.MulAdd(T.Load(total + w), factorB, totalB);
            for (int i = 0; i < columns; i++, sums += tiles.PaddedD)
                if (factors[i] != 1f) AttentionTiles<T>.Scaled(sums, factors[i], s.D, sums);
        }
        T.Store(total, totalA);
        T.Store(total + w, totalB);
    }
}
