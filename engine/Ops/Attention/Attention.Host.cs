using System.Runtime.Intrinsics;

namespace SeLoRA.Engine;

public sealed unsafe partial class HostBackend
{
    /// <inheritdoc/>
    public void Attention(Tensor q, Tensor k, Tensor v, Tensor y, Tensor lse, in AttentionShape shape)
    {
        float* pq = Ptr(q), pk = Ptr(k), pv = Ptr(v), py = Ptr(y), pl = Ptr(lse);
        if (Vector512.IsHardwareAccelerated) Run(new AttentionForward<F32x16>(pq, pk, pv, py, pl, shape));
        else if (Vector256.IsHardwareAccelerated) Run(new AttentionForward<F32x8>(pq, pk, pv, py, pl, shape));
        else Run(new AttentionForward<F32x4>(pq, pk, pv, py, pl, shape));

        static void Run<T>(AttentionForward<T> body) where T : unmanaged, IVectorLane<T> => ParallelFor.Run(body.Count, body);
    }
}

/// <summary>
/// Attention without a score matrix, after Dao et al. (2022): a piece (batch item, head, block of queries) walks the keys in blocks,
/// packs keys and values once for all its queries, and for each tile of query rows computes scores, their exponentials under a running
/// maximum, and the weighted values, all in the first-level cache. A row's result depends on the key blocks only, so its bits do
/// not depend on how queries are cut.
/// </summary>
internal readonly unsafe struct AttentionForward<T> : IChunkBody where T : unmanaged, IVectorLane<T>
{
    // Accumulators of one piece: about 128 KB, to stay in the second-level cache next to the packed keys and values.
    private const int AccumulatorFloats = 32 * 1024;

    // Fewer queries than this do not earn back the packing of keys and values.
    private const int FewQueries = 96;

    private readonly float* q, k, v, y, lse;
    private readonly AttentionShape s;
    private readonly AttentionTiles<T> tiles;
    private readonly int queryBlocks, keyBlock;

    public AttentionForward(float* q, float* k, float* v, float* y, float* lse, in AttentionShape shape)
    {
        this.q = q;
        this.k = k;
        this.v = v;
        this.y = y;
        this.lse = lse;
        s = shape;
        tiles = new AttentionTiles<T>(s.D);
        keyBlock = Math.Min(AttentionTiles<T>.Padded(s.Lk), AttentionTiles<T>.KeyBlock(s.D));
        int longest = Math.Max(AttentionTiles<T>.Rows, AccumulatorFloats / tiles.PaddedD);
        int wanted = 6 * ParallelFor.Threads / (s.N * s.Heads) + 1;
        queryBlocks = Math.Max((s.Lq + longest - 1) / longest, Math.Min(wanted, Math.Max(1, s.Lq / FewQueries)));
    }

    public int Count => s.N * s.Heads * queryBlocks;

    public void Run(int chunk)
    {
        int block = chunk % queryBlocks, nh = chunk / queryBlocks, head = nh % s.Heads, n = nh / s.Heads;
        int q0 = (int)((long)s.Lq * block / queryBlocks), q1 = (int)((long)s.Lq * (block + 1) / queryBlocks), rows = q1 - q0;
        nint ld = (nint)s.Heads * s.D;
        float* qs = q + ((nint)n * s.Lq + q0) * ld + head * s.D, ks = k + (nint)n * s.Lk * ld + head * s.D;
        float* vs = v + (ks - k), ys = y + (qs - q), lses = lse + (nint)nh * s.Lq + q0;

        int dp = tiles.PaddedD;
        float* at = (float*)ThreadScratch.Bytes(sizeof(float) * ((long)keyBlock * (s.D + dp) + (long)rows * (dp + 2)
            + (long)AttentionTiles<T>.Rows * (keyBlock + dp) + 64));
        float* keys = at, values = keys + (nint)keyBlock * s.D, sums = values + (nint)keyBlock * dp, scores = sums + (nint)rows * dp;
        float* weighted = scores + AttentionTiles<T>.Rows * keyBlock, max = weighted + AttentionTiles<T>.Rows * dp, total = max + rows;
        new Span<float>(sums, rows * dp).Clear();
        new Span<float>(total, rows).Clear();
        // The kernels leave columns beyond D's last vector alone: zeros there stay zeros.
        new Span<float>(weighted, AttentionTiles<T>.Rows * dp).Clear();
        new Span<float>(max, rows).Fill(float.NegativeInfinity);

        int visible = s.Causal ? q1 : s.Lk;
        for (int k0 = 0; k0 < visible; k0 += keyBlock)
        {
            int count = Math.Min(keyBlock, s.Lk - k0);
            tiles.PackLines(ks + k0 * ld, ld, count, s.Scale * AttentionTiles<T>.Log2E, keys);
            tiles.PackSteps(vs + k0 * ld, ld, count, values);
            for (int r = 0; r < rows; r += AttentionTiles<T>.Rows)
            {
                int some = Math.Min(AttentionTiles<T>.Rows, rows - r), first = q0 + r - k0;
                // The last row of the tile sees the most keys.
                if (s.Causal && first + some <= 0) continue;
                tiles.Multiply(qs + r * ld, ld, 1, some, s.D, keys, count, scores, keyBlock);
                for (int i = 0; i < some; i++)
                {
                    int seen = s.Causal ? Math.Clamp(first + i + 1, 0, count) : count;
                    Exponentials(scores + i * keyBlock, seen, count, ref max[r + i], ref total[r + i], sums + (nint)(r + i) * dp);
                }
                tiles.Multiply(scores, keyBlock, 1, some, count, values, s.D, weighted, dp);
                for (nint i = 0, end = (nint)some * dp; i < end; i += T.Width)
                {
                    float* sum = sums + (nint)r * dp + i;
                    T.Store(sum, T.Load(sum) + T.Load(weighted + i));
                }
            }
        }
        for (int r = 0; r < rows; r++)
        {
            AttentionTiles<T>.Scaled(sums + (nint)r * dp, 1f / total[r], s.D, ys + r * ld);
            lses[r] = (max[r] + MathF.Log2(total[r])) * AttentionTiles<T>.Ln2;
        }
    }

    /// <summary>
    /// Turns a row's scores into exponentials relative to its running maximum (zero for keys it does not see), adds them to its total, and
    /// scales what it has gathered so far where the maximum rose.
    /// </summary>
    private void Exponentials(float* row, int seen, int count, ref float max, ref float total, float* sums)
    {
        // Keys that are not seen, up to the end of the last vector.
        int padded = (count + T.Width - 1) / T.Width * T.Width;
        for (int j = seen; j < padded; j++) row[j] = float.NegativeInfinity;
        T largest = T.Of(max);
        for (int j = 0; j < padded; j += T.Width) largest = T.Max(largest, T.Load(row + j));
        float now = VectorMath.MaxAcross(largest);
        if (now == float.NegativeInfinity)
        {
            new Span<float>(row, count).Clear();
            return;
        }
        if (now != max)
        {
            if (total != 0f)
            {
                float factor = float.Exp2(max - now);
                total *= factor;
                AttentionTiles<T>.Scaled(sums, factor, tiles.PaddedD, sums);
            }
            max = now;
        }
        T sum = T.Of(0f), shift = T.Of(now);
        for (int j = 0; j < padded; j += T.Width)
        {
            T p = AttentionTiles<T>.Exp2(T.Load(row + j) - shift);
            T.Store(row + j, p);
            sum += p;
        }
        total += T.Sum(sum);
        for (int j = seen; j < count; j++) row[j] = 0f;
    }
}
