using ILGPU;

namespace SeLoRA.Engine;

/// <summary>Which of attention's four results a kernel computes; each is a sum over the rows of the other side.</summary>
internal interface IAttentionResult
{
    /// <summary>Its rows are keys (dk, dv), and it sums over queries; else its rows are queries (y, dq).</summary>
    static abstract bool OwnsKeys { get; }

    /// <summary>The forward pass: exponentials under a running maximum, since lse is not known yet.</summary>
    static abstract bool Forward { get; }

    /// <summary>The weights are dS (dq, dk); else P (y, dv).</summary>
    static abstract bool ScoreGradient { get; }
}

/// <summary>y = P v, and lse.</summary>
internal readonly struct AttentionOutput : IAttentionResult
{
    public static bool OwnsKeys => false;

    public static bool Forward => true;

    public static bool ScoreGradient => false;
}

/// <summary>dq = scale dS k.</summary>
internal readonly struct AttentionQueryGradient : IAttentionResult
{
    public static bool OwnsKeys => false;

    public static bool Forward => false;

    public static bool ScoreGradient => true;
}

/// <summary>dk = scale dS^T q.</summary>
internal readonly struct AttentionKeyGradient : IAttentionResult
{
    public static bool OwnsKeys => true;

    public static bool Forward => false;

    public static bool ScoreGradient => true;
}

/// <summary>dv = P^T dy.</summary>
internal readonly struct AttentionValueGradient : IAttentionResult
{
    public static bool OwnsKeys => true;

    public static bool Forward => false;

    public static bool ScoreGradient => false;
}

/// <summary>
/// Attention without a score matrix (Dao et al., 2022; Rabe and Staats, 2021). A group of 16x16 threads owns 64 rows (queries or keys)
/// of one head and walks the rows of the other side, 64 at a time: scores from the two sides, each thread 4x4 of them in registers;
/// from those the weights (P or dS), into shared memory; then its sums += weights times the rows of a third matrix. Head dimensions
/// pass through shared memory 16 at a time, so D is not limited; above 192 columns the result is cut into slices, for each of which
/// the scores are computed again. Sums run in a fixed order: no atomics, the same bits in every run.
/// Bound: 4 Lq Lk D operations a head forward, 16 backward (dv 4, dk 6, dq 6). One walk for dk and dv together would save 2 of the 16,
/// for twice the sums in registers and so half the groups on a multiprocessor.
/// </summary>
internal static class AttentionKernels
{
    /// <summary>Rows of a tile, own and other.</summary>
    public const int Rows = 64;

    /// <summary>Columns of the widest slice.</summary>
    public const int MaxColumns = 192;

    // Head dimensions, or rows of the third matrix, between two barriers.
    private const int Depth = 16;

    // Quads between lines of a 64-wide tile in shared memory: one of padding spreads the stores over the banks.
    private const int Line = Rows / 4 + 1;

    // The weights, then what is being staged: under 32 KB in all, which every OpenCL GPU has.
    private const int Staging = Rows * Line, SharedQuads = Staging + Depth * (MaxColumns / 4 + 1);

    // A score of a key that a query does not see; its exponential is zero, differences of two are not NaN.
    private const float Unseen = -1e30f;

    public static class Of<TResult> where TResult : struct, IAttentionResult
    {
        public static readonly FloatKernels<Args>
            Columns64 = new(AttentionKernel<TResult, AttentionColumns64, StoredF32>, AttentionKernel<TResult, AttentionColumns64, StoredBF16>, AttentionKernel<TResult, AttentionColumns64, StoredF16>),
            Columns128 = new(AttentionKernel<TResult, AttentionColumns128, StoredF32>, AttentionKernel<TResult, AttentionColumns128, StoredBF16>, AttentionKernel<TResult, AttentionColumns128, StoredF16>),
            Columns192 = new(AttentionKernel<TResult, AttentionColumns192, StoredF32>, AttentionKernel<TResult, AttentionColumns192, StoredBF16>, AttentionKernel<TResult, AttentionColumns192, StoredF16>);
    }

    public static readonly FloatKernels<DeltaArgs>
        Delta = new(AttentionBackwardDeltaKernel<StoredF32>, AttentionBackwardDeltaKernel<StoredBF16>, AttentionBackwardDeltaKernel<StoredF16>);

    /// <summary>
    /// Own and Other are q and k in the order that the result says; the gradients beside them dy and v (dP = dy v^T). Summed holds the rows
    /// that the weights multiply, on the other side. Tensors are (N, L, heads D); Lse, Delta (N, heads, Lq) and what is computed are float32.
    /// With the walk cut in chunks the sums go to Partial, (chunk, N, L, heads D), instead of Result.
    /// </summary>
    public struct Args
    {
        public ArrayView<ushort> Own, Other, OwnGradient, OtherGradient, Summed, Result;
        public ArrayView<float> Lse, Delta, Partial;
        public int OwnRows, OtherRows, Heads, D, Causal, Tiles, Slices, Chunks, ChunkRows;
        public long ChunkStride;
        public float Scale, ResultScale;
    }

    public struct DeltaArgs
    {
        public ArrayView<ushort> Y, Dy;
        public ArrayView<float> Delta;
        public long Count;
        public int D, Heads, Lq;
    }

    [Kernel]
    private static void AttentionKernel<TResult, TColumns, T>(Args p)
        where TResult : struct, IAttentionResult where TColumns : struct, IAttentionColumns<TColumns> where T : struct, IStoredFloat
    {
        ArrayView<F4> shared = SharedMemory.Allocate<F4>(SharedQuads);
        ArrayView<float> floats = shared.Cast<float>();
        int t = Group.IdxX, x = t & 15, y = t >> 4;

        int block = Grid.IdxX;
        int tile = block % p.Tiles;
        block /= p.Tiles;
        int slice = block % p.Slices;
        block /= p.Slices;
        int chunk = block % p.Chunks;
        block /= p.Chunks;
        int head = block % p.Heads, n = block / p.Heads;

        int ld = p.Heads * p.D;
        int own0 = tile * Rows, own = own0 + 4 * y, ownRows = IntrinsicMath.Min(Rows, p.OwnRows - own0);
        int column0 = slice * 64 * TColumns.Blocks, columns = p.D - column0;
        long ownAt = ((long)n * p.OwnRows + own0) * ld + head * p.D, otherAt = (long)n * p.OtherRows * ld + head * p.D;
        long statsAt = (long)block * (TResult.OwnsKeys ? p.OtherRows : p.OwnRows);

        int begin = chunk * p.ChunkRows, end = IntrinsicMath.Min(p.OtherRows, begin + p.ChunkRows);
        // How far ahead of its own place a query sees.
        int ahead = p.Causal != 0 ? 0 : 1 << 30;
        if (p.Causal != 0 && TResult.OwnsKeys) begin = IntrinsicMath.Max(begin, own0);
        if (p.Causal != 0 && !TResult.OwnsKeys) end = IntrinsicMath.Min(end, own0 + Rows);

        // Of the four own rows: running maximum and this thread's part of the sum forward, lse and delta backward.
        F4 max = new(Unseen, Unseen, Unseen, Unseen), total = default;
        if (!TResult.Forward && !TResult.OwnsKeys)
        {
            max = Four(p.Lse, statsAt, own, p.OwnRows);
            total = Four(p.Delta, statsAt, own, p.OwnRows);
        }
        TColumns sums = default;
        for (int other0 = begin; other0 < end; other0 += Rows)
        {
            int otherRows = IntrinsicMath.Min(Rows, end - other0), other = other0 + 4 * x;
            long tileAt = otherAt + (long)other0 * ld;
            // Rows of these 4x4 parts are the other side's, lanes are own rows.
            Tile4x4 s = Product<T>(p.Other, tileAt, otherRows, p.Own, ownAt, ownRows, ld, p.D, shared, floats);
            if (TResult.Forward)
            {
                s.R0 = Scores(s.R0, other, own, end, ahead, p.Scale);
                s.R1 = Scores(s.R1, other + 1, own, end, ahead, p.Scale);
                s.R2 = Scores(s.R2, other + 2, own, end, ahead, p.Scale);
                s.R3 = Scores(s.R3, other + 3, own, end, ahead, p.Scale);
                shared[Staging + x * Line + y] = F4.Max(F4.Max(s.R0, s.R1), F4.Max(s.R2, s.R3));
                Group.Barrier();
                F4 now = max;
                for (int i = 0; i < 16; i++) now = F4.Max(now, shared[Staging + i * Line + y]);
                F4 factor = Exp(max, now);
                max = now;
                s.R0 = Exp(s.R0, max);
                s.R1 = Exp(s.R1, max);
                s.R2 = Exp(s.R2, max);
                s.R3 = Exp(s.R3, max);
                total = F4.Add(F4.Multiply(total, factor), F4.Add(F4.Add(s.R0, s.R1), F4.Add(s.R2, s.R3)));
                sums = TColumns.ScaleRows(sums, factor);
            }
            else
            {
                Tile4x4 g = default;
                if (TResult.ScoreGradient)
                    g = Product<T>(p.OtherGradient, tileAt, otherRows, p.OwnGradient, ownAt, ownRows, ld, p.D, shared, floats);
                s.R0 = Weights<TResult>(p, s.R0, g.R0, max, total, statsAt, other, own, end, ahead);
                s.R1 = Weights<TResult>(p, s.R1, g.R1, max, total, statsAt, other + 1, own, end, ahead);
                s.R2 = Weights<TResult>(p, s.R2, g.R2, max, total, statsAt, other + 2, own, end, ahead);
                s.R3 = Weights<TResult>(p, s.R3, g.R3, max, total, statsAt, other + 3, own, end, ahead);
            }
            int line = 4 * x * Line + y;
            shared[line] = s.R0;
            shared[line + Line] = s.R1;
            shared[line + 2 * Line] = s.R2;
            shared[line + 3 * Line] = s.R3;
            Group.Barrier();
            for (int r0 = 0; r0 < otherRows; r0 += Depth)
            {
                int stride = 64 * TColumns.Blocks + 4;
                for (int i = 0; i < 4 * TColumns.Blocks; i++)
                {
                    int row = (t >> 6) + (i & 3) * 4, column = (t & 63) + (i >> 2) * 64;
                    float value = 0f;
                    if (r0 + row < otherRows && column < columns) value = T.Load(p.Summed, tileAt + (long)(r0 + row) * ld + column0 + column);
                    floats[4 * Staging + row * stride + column] = value;
                }
                Group.Barrier();
                for (int r = 0; r < Depth; r++)
                    sums = TColumns.MulAdd(sums, shared[(r0 + r) * Line + y], shared, Staging + r * (stride / 4) + x);
                Group.Barrier();
            }
        }
        F4 last = new(p.ResultScale, p.ResultScale, p.ResultScale, p.ResultScale);
        if (TResult.Forward)
        {
            shared[Staging + x * Line + y] = total;
            Group.Barrier();
            total = default;
            for (int i = 0; i < 16; i++) total = F4.Add(total, shared[Staging + i * Line + y]);
            last = new F4(1f / total.X, 1f / total.Y, 1f / total.Z, 1f / total.W);
            if (x == 0 && slice == 0)
            {
                if (own < p.OwnRows) p.Lse[statsAt + own] = max.X + KernelMath.Log(total.X);
                if (own + 1 < p.OwnRows) p.Lse[statsAt + own + 1] = max.Y + KernelMath.Log(total.Y);
                if (own + 2 < p.OwnRows) p.Lse[statsAt + own + 2] = max.Z + KernelMath.Log(total.Z);
                if (own + 3 < p.OwnRows) p.Lse[statsAt + own + 3] = max.W + KernelMath.Log(total.W);
            }
        }
        sums = TColumns.ScaleRows(sums, last);
        for (int i = 0; i < TColumns.Blocks; i++)
        {
            Tile4x4 part = TColumns.Block(sums, i);
            int left = columns - i * 64 - 4 * x, rows = ownRows - 4 * y;
            long at = chunk * p.ChunkStride + ownAt + (long)(4 * y) * ld + column0 + i * 64 + 4 * x;
            Store<T>(p, at, part.R0, rows > 0 ? left : 0);
            Store<T>(p, at + ld, part.R1, rows > 1 ? left : 0);
            Store<T>(p, at + 2L * ld, part.R2, rows > 2 ? left : 0);
            Store<T>(p, at + 3L * ld, part.R3, rows > 3 ? left : 0);
        }
    }

    /// <summary>This thread's 4x4 of a b^T over D: rows 4x.. of a, rows 4y.. of b.</summary>
    private static Tile4x4 Product<T>(ArrayView<ushort> a, long aAt, int aRows, ArrayView<ushort> b, long bAt, int bRows, int ld, int d,
        ArrayView<F4> shared, ArrayView<float> floats) where T : struct, IStoredFloat
    {
        int x = Group.IdxX & 15, y = Group.IdxX >> 4;
        Tile4x4 sums = default;
        for (int k0 = 0; k0 < d; k0 += Depth)
        {
            Stage<T>(a, aAt + k0, aRows, ld, d - k0, floats, 4 * Staging);
            Stage<T>(b, bAt + k0, bRows, ld, d - k0, floats, 4 * (Staging + Depth * Line));
            Group.Barrier();
            for (int k = 0; k < Depth; k++)
                sums = Tile4x4.MulAdd(sums, shared[Staging + k * Line + x], shared[Staging + (Depth + k) * Line + y]);
            Group.Barrier();
        }
        return sums;
    }

    /// <summary>Puts 64 rows of 16 values into shared memory, columns as lines; zeros beyond the rows and values that exist.</summary>
    private static void Stage<T>(ArrayView<ushort> from, long at, int rows, int ld, int values, ArrayView<float> floats, int to)
        where T : struct, IStoredFloat
    {
        int k = Group.IdxX % Depth;
        for (int i = 0; i < Rows * Depth / 256; i++)
        {
            int row = Group.IdxX / Depth + i * (256 / Depth);
            float value = 0f;
            if (row < rows && k < values) value = T.Load(from, at + (long)row * ld + k);
            floats[to + k * 4 * Line + row] = value;
        }
    }

    private static F4 Scores(F4 s, int key, int query, int end, int ahead, float scale)
    {
        // The first of the four queries that sees the key.
        int first = key < end ? key - ahead - query : 4;
        return new(first <= 0 ? s.X * scale : Unseen, first <= 1 ? s.Y * scale : Unseen,
            first <= 2 ? s.Z * scale : Unseen, first <= 3 ? s.W * scale : Unseen);
    }

    /// <summary>P = exp(scale s - lse) or dS = P (dP - delta) of one row of the other side; zero where query and key do not meet.</summary>
    private static F4 Weights<TResult>(Args p, F4 s, F4 g, F4 ownLse, F4 ownDelta, long statsAt, int other, int own, int end, int ahead)
        where TResult : struct, IAttentionResult
    {
        F4 lse = ownLse, delta = ownDelta;
        int lane = other < end ? 4 : 0, first = 0;
        if (TResult.OwnsKeys)
        {
            long at = statsAt + IntrinsicMath.Min(other, end - 1);
            float l = p.Lse[at];
            lse = new F4(l, l, l, l);
            if (TResult.ScoreGradient)
            {
                float d = p.Delta[at];
                delta = new F4(d, d, d, d);
            }
            // The four keys up to the query's own.
            lane = IntrinsicMath.Min(lane, other + ahead - own + 1);
        }
        else
        {
            first = other - ahead - own;
        }
        return new(Weight<TResult>(s.X, g.X, lse.X, delta.X, p.Scale, first <= 0 && lane > 0),
            Weight<TResult>(s.Y, g.Y, lse.Y, delta.Y, p.Scale, first <= 1 && lane > 1),
            Weight<TResult>(s.Z, g.Z, lse.Z, delta.Z, p.Scale, first <= 2 && lane > 2),
            Weight<TResult>(s.W, g.W, lse.W, delta.W, p.Scale, first <= 3 && lane > 3));
    }

    private static float Weight<TResult>(float s, float g, float lse, float delta, float scale, bool seen)
        where TResult : struct, IAttentionResult
    {
        float weight = KernelMath.Exp(s * scale - lse);
        if (TResult.ScoreGradient) weight *= g - delta;
        return seen ? weight : 0f;
    }

    private static F4 Exp(F4 a, F4 b) =>
        new(KernelMath.Exp(a.X - b.X), KernelMath.Exp(a.Y - b.Y), KernelMath.Exp(a.Z - b.Z), KernelMath.Exp(a.W - b.W));

    private static F4 Four(ArrayView<float> from, long at, int row, int rows) =>
        new(from[at + IntrinsicMath.Min(row, rows - 1)], from[at + IntrinsicMath.Min(row + 1, rows - 1)],
            from[at + IntrinsicMath.Min(row + 2, rows - 1)], from[at + IntrinsicMath.Min(row + 3, rows - 1)]);

    private static void Store<T>(Args p, long at, F4 value, int count) where T : struct, IStoredFloat
    {
        if (count > 0) Store<T>(p, at, value.X);
        if (count > 1) Store<T>(p, at + 1, value.Y);
        if (count > 2) Store<T>(p, at + 2, value.Z);
        if (count > 3) Store<T>(p, at + 3, value.W);
    }

    private static void Store<T>(Args p, long at, float value) where T : struct, IStoredFloat
    {
        if (p.Chunks > 1) p.Partial[at] = value;
        else T.Store(p.Result, at, value);
    }

    /// <summary>delta = rowsum(dy y), one thread a row of a head: what every dS of the row subtracts.</summary>
    [Kernel]
    private static void AttentionBackwardDeltaKernel<T>(DeltaArgs p) where T : struct, IStoredFloat
    {
        long i = Flat.Index;
        if (i >= p.Count) return;
        float sum = 0f;
        for (int k = 0; k < p.D; k++) sum += T.Load(p.Y, i * p.D + k) * T.Load(p.Dy, i * p.D + k);
        long row = Flat.Divide(i, p.Heads), n = Flat.Divide(row, p.Lq);
        p.Delta[(n * p.Heads + (i - row * p.Heads)) * p.Lq + (row - n * p.Lq)] = sum;
    }
}
