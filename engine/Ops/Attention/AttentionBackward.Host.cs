using System.Runtime.Intrinsics;

namespace SeLoRA.Engine;

public sealed unsafe partial class HostBackend
{
    /// <inheritdoc/>
    public void AttentionBackward(Tensor q, Tensor k, Tensor v, Tensor y, Tensor lse, Tensor dy, Tensor dq, Tensor dk, Tensor dv,
        in AttentionShape shape)
    {
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
        keyBlock = AttentionTiles<T>.KeyBlock(s.D);
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

    // Rows of P start in different sets of the first-level cache, so that its columns can be read.
    private int LdP => keyBlock + 16;

    private nint Ld => (nint)s.Heads * s.D;

    public void Run(int chunk)
    {
        int piece = chunk % PiecesOfHead, nh = chunk / PiecesOfHead;
        int key0 = walk == AttentionWalk.KeyBlocks ? piece : 0, key1 = walk == AttentionWalk.KeyBlocks ? piece + 1 : KeyBlocks;
        int query0 = walk == AttentionWalk.QueryBlocks ? piece : 0, query1 = walk == AttentionWalk.QueryBlocks ? piece + 1 : QueryBlocks;
        int dp = tiles.PaddedD;
        var b = new Buffers(ThreadScratch.Bytes(Buffers.Bytes(keyBlock, LdP, s.D, dp)), keyBlock, LdP, s.D, dp);
        // The kernels leave columns beyond D's last vector alone: zeros there stay zeros.
        new Span<float>(b.Product, keyBlock * dp).Clear();

        for (int j = key0; j < key1; j++)
        {
            int k0 = j * keyBlock, keys = Math.Min(keyBlock, s.Lk - k0);
            nint keyAt = ((nint)(nh / s.Heads) * s.Lk + k0) * Ld + nh % s.Heads * s.D;
            tiles.PackLines(t.K + keyAt, Ld, keys, s.Scale * AttentionTiles<T>.Log2E, b.KeyLines);
            tiles.PackLines(t.V + keyAt, Ld, keys, 1f, b.ValueLines);
            if (WantsQuery) tiles.PackSteps(t.K + keyAt, Ld, keys, b.KeySteps);
            if (WantsKey)
            {
                new Span<float>(b.Dk, keyBlock * dp).Clear();
                new Span<float>(b.Dv, keyBlock * dp).Clear();
            }
            for (int i = query0; i < query1; i++)
            {
                int q0 = i * QueryBlock, queries = Math.Min(QueryBlock, s.Lq - q0);
                if (s.Causal && q0 + queries <= k0) continue;
                Pair(b, nh, q0, queries, k0, keys, j == 0);
            }
            if (!WantsKey) continue;
            for (int r = 0; r < keys; r++)
            {
                AttentionTiles<T>.Scaled(b.Dk + (nint)r * dp, s.Scale, s.D, t.Dk + keyAt + r * Ld);
                AttentionTiles<T>.Scaled(b.Dv + (nint)r * dp, 1f, s.D, t.Dv + keyAt + r * Ld);
            }
        }
    }

    /// <summary>One block of queries with one block of keys.</summary>
    private void Pair(in Buffers b, int nh, int q0, int queries, int k0, int keys, bool firstKeys)
    {
        int dp = tiles.PaddedD;
        nint at = ((nint)(nh / s.Heads) * s.Lq + q0) * Ld + nh % s.Heads * s.D;
        float* q = t.Q + at, dy = t.Dy + at, y = t.Y + at, lse = t.Lse + (nint)nh * s.Lq + q0;
        tiles.Multiply(q, Ld, 1, queries, s.D, b.KeyLines, keys, b.P, LdP);
        tiles.Multiply(dy, Ld, 1, queries, s.D, b.ValueLines, keys, b.Ds, LdP);
        for (int r = 0; r < queries; r++)
        {
            int seen = s.Causal ? Math.Clamp(q0 + r - k0 + 1, 0, keys) : keys;
            ScoreGradients(b.P + r * LdP, b.Ds + r * LdP, lse[r] * AttentionTiles<T>.Log2E, Dot(dy + r * Ld, y + r * Ld), seen, keys);
        }
        if (WantsKey)
        {
            tiles.PackSteps(dy, Ld, queries, b.Steps);
            tiles.Multiply(b.P, 1, LdP, keys, queries, b.Steps, s.D, b.Product, dp);
            Add(b.Product, (nint)keys * dp, b.Dv);
            tiles.PackSteps(q, Ld, queries, b.Steps);
            tiles.Multiply(b.Ds, 1, LdP, keys, queries, b.Steps, s.D, b.Product, dp);
            Add(b.Product, (nint)keys * dp, b.Dk);
        }
        if (!WantsQuery) return;
        tiles.Multiply(b.Ds, LdP, 1, queries, keys, b.KeySteps, s.D, b.Product, dp);
        for (int r = 0; r < queries; r++) AddScaled(b.Product + (nint)r * dp, !firstKeys, t.Dq + at + r * Ld);
    }

    /// <summary>Scores become P, dP becomes dS; both zero for keys that are not seen.</summary>
    private static void ScoreGradients(float* p, float* ds, float lse, float delta, int seen, int keys)
    {
        T shift = T.Of(lse), mean = T.Of(delta);
        for (int j = 0; j < seen; j += T.Width)
        {
            T e = AttentionTiles<T>.Exp2(T.Load(p + j) - shift);
            T.Store(p + j, e);
            T.Store(ds + j, e * (T.Load(ds + j) - mean));
        }
        for (int j = seen; j < keys; j++) p[j] = ds[j] = 0f;
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

    private static void Add(float* x, nint count, float* y)
    {
        for (nint i = 0; i < count; i += T.Width) T.Store(y + i, T.Load(y + i) + T.Load(x + i));
    }

    /// <summary>y [+]= scale x over D values.</summary>
    private void AddScaled(float* x, bool add, float* y)
    {
        T scale = T.Of(s.Scale);
        int i = 0;
        for (; i + T.Width <= s.D; i += T.Width)
            T.Store(y + i, add ? T.Load(x + i) * scale + T.Load(y + i) : T.Load(x + i) * scale);
        for (; i < s.D; i++) y[i] = add ? x[i] * s.Scale + y[i] : x[i] * s.Scale;
    }

    /// <summary>Where a thread keeps its blocks.</summary>
    private readonly struct Buffers
    {
        public readonly float* P, Ds, KeyLines, ValueLines, KeySteps, Steps, Product, Dk, Dv;

        public Buffers(byte* memory, int keyBlock, int ldp, int d, int dp)
        {
            P = (float*)memory;
            Ds = P + QueryBlock * ldp;
            KeyLines = Ds + QueryBlock * ldp;
            ValueLines = KeyLines + (nint)keyBlock * d;
            KeySteps = ValueLines + (nint)keyBlock * d;
            Steps = KeySteps + (nint)keyBlock * dp;
            Product = Steps + (nint)QueryBlock * dp;
            Dk = Product + (nint)keyBlock * dp;
            Dv = Dk + (nint)keyBlock * dp;
        }

        public static long Bytes(int keyBlock, int ldp, int d, int dp) =>
            sizeof(float) * (2L * QueryBlock * ldp + 2L * keyBlock * d + (4L * keyBlock + QueryBlock) * dp);
    }
}
