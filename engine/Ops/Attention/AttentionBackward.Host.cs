using System.Runtime.Intrinsics;

namespace SeLoRA.Engine;

public sealed unsafe partial class HostBackend
{
    /// <inheritdoc/>
    public void AttentionBackward(Tensor q, Tensor k, Tensor v, Tensor y, Tensor lse, Tensor dy, Tensor dq, Tensor dk, Tensor dv,
        in AttentionShape shape)
    {
        using Operands.Scope operands = Enter();
        var at = new AttentionGradients
        {
            Q = Ptr(q), K = Ptr(k), V = Ptr(v), Y = Ptr(y), Lse = Ptr(lse), Dy = Ptr(dy), Dq = Ptr(dq), Dk = Ptr(dk), Dv = Ptr(dv),
        };
        if (Vector512.IsHardwareAccelerated) Run<F32x16>(at, shape);
        else if (Vector256.IsHardwareAccelerated) Run<F32x8>(at, shape);
        else Run<F32x4>(at, shape);

        static void Run<T>(AttentionGradients at, in AttentionShape s) where T : unmanaged, IVectorLane<T>
        {
            // One walk makes all three gradients with five products a block. It keeps threads busy only if heads share out evenly;
            // otherwise two walks with seven products in all, cut finer.
            int heads = s.N * s.Heads;
            if (heads % ParallelFor.Threads == 0 || heads >= 4 * ParallelFor.Threads)
            {
                Walk(new AttentionBackward<T>(at, s, AttentionWalk.Heads));
                return;
            }
            Walk(new AttentionBackward<T>(at, s, AttentionWalk.KeyBlocks));
            Walk(new AttentionBackward<T>(at, s, AttentionWalk.QueryBlocks));
        }

        static void Walk<T>(AttentionBackward<T> body) where T : unmanaged, IVectorLane<T> => ParallelFor.Run(body.Count, body);
    }
}

/// <summary>The tensors of an attention's backward pass.</summary>
internal unsafe struct AttentionGradients
{
    public float* Q, K, V, Y, Lse, Dy, Dq, Dk, Dv;
}

/// <summary>What a piece of the backward pass covers.</summary>
internal enum AttentionWalk
{
    /// <summary>A head: all gradients.</summary>
    Heads,

    /// <summary>A block of keys of a head: dk and dv.</summary>
    KeyBlocks,

    /// <summary>A block of queries of a head: dq.</summary>
    QueryBlocks,
}

/// <summary>
/// Gradients of attention, block by block (Dao et al., 2022, algorithm 4): P = exp(scale q k^T - lse) is computed again, dP = dy v^T,
/// dS = P (dP - rowsum(dy y)); then dv += P^T dy, dk += scale dS^T q, dq += scale dS k. Sums over blocks run in ascending order in every
/// walk, so their bits do not depend on the walk or on threads.
/// </summary>
internal readonly unsafe struct AttentionBackward<T> : IChunkBody where T : unmanaged, IVectorLane<T>
{
    private const int QueryBlock = 96;

    // P and dS of a block of queries and the packed keys and values stay in a second-level cache of 512 KB.
    private const int MostKeys = 128;

    private readonly AttentionGradients t;
    private readonly AttentionShape s;
    private readonly AttentionTiles<T> tiles;
    private readonly AttentionWalk walk;
    private readonly int keyBlock;

    public AttentionBackward(AttentionGradients tensors, in AttentionShape shape, AttentionWalk walk)
    {
        t = tensors;
        s = shape;
        tiles = new AttentionTiles<T>(s.D);
        this.walk = walk;
        keyBlock = AttentionTiles<T>.Padded(AttentionTiles<T>.Even(s.Lk, MostKeys));
    }

    public int Count => s.N * s.Heads * PiecesOfHead;

    private int KeyBlocks => (s.Lk + keyBlock - 1) / keyBlock;

    private int QueryBlocks => (s.Lq + QueryBlock - 1) / QueryBlock;

    private int PiecesOfHead => walk switch
    {
        AttentionWalk.KeyBlocks => KeyBlocks,
        AttentionWalk.QueryBlocks => QueryBlocks,
        _ => 1,
    };

    private bool WantsQuery => walk != AttentionWalk.KeyBlocks;

    private bool WantsKey => walk != AttentionWalk.QueryBlocks;

    // An odd number of cache lines: rows of P start in different sets of the first-level cache, so that its columns can be read.
    private int LdP => ((keyBlock + CacheHint.Line - 1) / CacheHint.Line | 1) * CacheHint.Line;

    private nint Ld => (nint)s.Heads * s.D;

    public void Run(int chunk)
    {
        int piece = chunk % PiecesOfHead, nh = chunk / PiecesOfHead, n = nh / s.Heads, head = nh % s.Heads;
        int key0 = walk == AttentionWalk.KeyBlocks ? piece : 0, key1 = walk == AttentionWalk.KeyBlocks ? piece + 1 : KeyBlocks;
        int query0 = walk == AttentionWalk.QueryBlocks ? piece : 0, query1 = walk == AttentionWalk.QueryBlocks ? piece + 1 : QueryBlocks;
        int dp = tiles.PaddedD, queries0 = query0 * QueryBlock, queries1 = Math.Min(query1 * QueryBlock, s.Lq);
        var b = new Buffers(ThreadScratch.Bytes(Buffers.Bytes(keyBlock, LdP, s.D, dp, queries1 - queries0)), keyBlock, LdP, s.D, dp);
        nint queryAt = (nint)n * s.Lq * Ld + head * s.D;
        for (int i = queries0; i < queries1; i++)
        {
            float* dy = t.Dy + queryAt + i * Ld, y = t.Y + queryAt + i * Ld;
            CacheHint.Fetch(dy + AttentionTiles<T>.FetchAhead * Ld, s.D);
            CacheHint.Fetch(y + AttentionTiles<T>.FetchAhead * Ld, s.D);
            b.Delta[i - queries0] = s.Scale * Dot(dy, y);
        }

        for (int j = key0; j < key1; j++)
        {
            int k0 = j * keyBlock, keys = Math.Min(keyBlock, s.Lk - k0);
            nint keyAt = ((nint)n * s.Lk + k0) * Ld + head * s.D;
            tiles.PackLines(t.K + keyAt, Ld, keys, s.Scale * AttentionTiles<T>.Log2E, b.KeyLines);
            tiles.PackLines(t.V + keyAt, Ld, keys, s.Scale, b.ValueLines);
            if (WantsQuery) tiles.PackSteps(t.K + keyAt, Ld, keys, b.KeySteps);
            bool add = false;
            for (int q0 = queries0; q0 < queries1; q0 += QueryBlock)
            {
                int queries = Math.Min(QueryBlock, s.Lq - q0);
                if (s.Causal && q0 + queries <= k0) continue;
                nint at = queryAt + q0 * Ld, next = at + queries * Ld;
                int coming = Math.Min(QueryBlock, queries1 - q0 - queries);
                tiles.Fetch(t.Q + next, Ld, coming);
                tiles.Fetch(t.Dy + next, Ld, coming);
                if (WantsQuery) tiles.Fetch(t.Dq + at, Ld, queries);
                Scores(b, at, t.Lse + (nint)nh * s.Lq + q0, b.Delta + q0 - queries0, queries, keys, q0 - k0);
                if (WantsKey) AddToKeys(b, at, queries, keys, add);
                if (WantsQuery) AddToQueries(b, at, queries, keys, j > 0);
                add = true;
            }
            if (!WantsKey) continue;
            for (int r = 0; r < keys; r++)
            {
                GemmOperand.PackLine(b.Dk + (nint)r * dp, s.D, s.D, t.Dk + keyAt + r * Ld);
                GemmOperand.PackLine(b.Dv + (nint)r * dp, s.D, s.D, t.Dv + keyAt + r * Ld);
            }
        }
    }

    /// <summary>P and dS of a block of queries with one of keys, zero for keys that are not seen: query r sees keys 0 .. first + r.</summary>
    private void Scores(in Buffers b, nint at, float* lse, float* delta, int queries, int keys, int first)
    {
        tiles.Multiply(t.Q + at, Ld, 1, queries, s.D, b.KeyLines, keys, b.P, LdP);
        tiles.Multiply(t.Dy + at, Ld, 1, queries, s.D, b.ValueLines, keys, b.Ds, LdP);
        float* p = b.P, ds = b.Ds;
        for (int r = 0; r < queries; r++, p += LdP, ds += LdP)
        {
            int seen = s.Causal ? Math.Clamp(first + r + 1, 0, keys) : keys;
            tiles.Exponentials(p, p + seen, T.Width, T.Of(lse[r] * AttentionTiles<T>.Log2E));
            T mean = T.Of(delta[r]);
            for (int j = 0; j < seen; j += T.Width) T.Store(ds + j, T.Load(p + j) * (T.Load(ds + j) - mean));
            for (int j = seen; j < keys; j++) p[j] = ds[j] = 0f;
        }
    }

    /// <summary>dv [+]= P^T dy, dk [+]= dS^T q.</summary>
    private void AddToKeys(in Buffers b, nint at, int queries, int keys, bool add)
    {
        tiles.PackSteps(t.Dy + at, Ld, queries, b.Steps);
        tiles.Multiply(b.P, 1, LdP, keys, queries, b.Steps, s.D, b.Dv, tiles.PaddedD, add);
        tiles.PackSteps(t.Q + at, Ld, queries, b.Steps);
        tiles.Multiply(b.Ds, 1, LdP, keys, queries, b.Steps, s.D, b.Dk, tiles.PaddedD, add);
    }

    /// <summary>dq [+]= dS k. Not summed in dq itself: its rows have no room for whole vectors.</summary>
    private void AddToQueries(in Buffers b, nint at, int queries, int keys, bool add)
    {
        tiles.Multiply(b.Ds, LdP, 1, queries, keys, b.KeySteps, s.D, b.Product, tiles.PaddedD);
        float* x = b.Product, y = t.Dq + at;
        for (int r = 0; r < queries; r++, x += tiles.PaddedD, y += Ld)
        {
            if (!add)
            {
                GemmOperand.PackLine(x, s.D, s.D, y);
                continue;
            }
            int i = 0;
            for (; i + T.Width <= s.D; i += T.Width) T.Store(y + i, T.Load(y + i) + T.Load(x + i));
            for (; i < s.D; i++) y[i] += x[i];
        }
    }

    private float Dot(float* a, float* b)
    {
        T sum = T.Of(0f);
        int i = 0;
        for (; i + T.Width <= s.D; i += T.Width) sum = T.MulAdd(T.Load(a + i), T.Load(b + i), sum);
        float total = T.Sum(sum);
        for (; i < s.D; i++) total += a[i] * b[i];
        return total;
    }

    /// <summary>Where a thread keeps its blocks.</summary>
    private readonly struct Buffers
    {
        public readonly float* P, Ds, KeyLines, ValueLines, KeySteps, Steps, Product, Dk, Dv, Delta;

        public Buffers(byte* memory, int keyBlock, int ldp, int d, int dp)
        {
            P = (float*)memory;
            Ds = P + QueryBlock * ldp;
            KeyLines = Ds + QueryBlock * ldp;
            ValueLines = KeyLines + (nint)keyBlock * d;
            KeySteps = ValueLines + (nint)keyBlock * d;
            Steps = KeySteps + (nint)keyBlock * dp;
            Product = Steps + (nint)QueryBlock * dp;
            Dk = Product + (nint)QueryBlock * dp;
            Dv = Dk + (nint)keyBlock * dp;
            Delta = Dv + (nint)keyBlock * dp;
        }

        public static long Bytes(int keyBlock, int ldp, int d, int dp, int queries) =>
            sizeof(float) * (2L * QueryBlock * ldp + 2L * keyBlock * d + (3L * keyBlock + 2L * QueryBlock) * dp + queries);
    }
}
