namespace SeLoRA.Engine;

/// <summary>What a low-rank layer saw in one backward pass, before its gradients are summed over the batch.</summary>
/// <param name="X">Input (N, ..., in).</param>
/// <param name="Dy">Gradient of the output (N, ..., out).</param>
/// <param name="U">scale x A^T, (N, ..., rank).</param>
/// <param name="V">scale dy B, (N, ..., rank).</param>
public readonly record struct AdaptedLinearSignals(Tensor X, Tensor Dy, Tensor U, Tensor V);

public static partial class Ops
{
    /// <summary>
    /// Linear layer with a low-rank update: y = x w^T + bias + scale (x A^T) B^T + residual (Hu et al., 2021, eq. 3). A and B are buffers
    /// with room for <c>capacity</c> ranks; rows of A and columns of B beyond <paramref name="rank"/> take no part and get zero gradients.
    /// </summary>
    /// <remarks>
    /// With u = scale x A^T and v = scale dy B, the result is the one product [x u] [w B]^T, and dx = [dy v] [w; A]; dA = v^T x, dB = dy^T u.
    /// </remarks>
    /// <param name="x">(N, ..., in).</param>
    /// <param name="w">Base weight (out, in).</param>
    /// <param name="bias">(out) or null.</param>
    /// <param name="a">Down projection (capacity, in).</param>
    /// <param name="b">Up projection (out, capacity).</param>
    /// <param name="rank">Ranks in use, at most the capacity.</param>
    /// <param name="scale">Factor of the update (alpha / r in LoRA's terms).</param>
    /// <param name="residual">(N, ..., out), added last, or null.</param>
    /// <param name="observer">
    /// Asked once in backward for what to call, if anything, with the signals that per-sample scores are made of; they are disposed after the
    /// call. Null for none.
    /// </param>
    public static Tensor AdaptedLinear(Tensor x, Tensor w, Tensor? bias, Tensor a, Tensor b, int rank, float scale,
        Tensor? residual = null, Func<Action<AdaptedLinearSignals>?>? observer = null)
    {
        LinearCheck("AdaptedLinear", x, w, bias);
        Check.Rank("AdaptedLinear", "A", a, 2);
        Check.Rank("AdaptedLinear", "B", b, 2);
        Check.SameDevice("AdaptedLinear", x, a);
        Check.SameDevice("AdaptedLinear", x, b);
        int capacity = a.Shape[0];
        if (a.Shape[1] != w.Shape[1] || b.Shape[0] != w.Shape[0] || b.Shape[1] != capacity)
            Check.Fail($"AdaptedLinear: A {a.Shape} and B {b.Shape} do not fit weight {w.Shape}");
        if (rank < 1 || rank > capacity) Check.Fail($"AdaptedLinear: rank {rank} is outside 1..{capacity}");
        Shape yShape = x.Shape.With(-1, w.Shape[0]);
        if (residual is not null && residual.Shape != yShape)
            Check.Fail($"AdaptedLinear: residual {residual.Shape} must have the result's shape {yShape}");

        IBackend backend = x.Backend;
        Tensor y = x.EmptyOf(yShape);
        using var scope = new TensorScope(hidden: true);
        Tensor u = x.EmptyOf(x.Shape.With(-1, rank));
        backend.Gemm(x, a, u, new GemmShape((int)x.Shape.Rows, rank, w.Shape[1], TransB: true), new GemmEpilogue { Alpha = scale });
        backend.Gemm(x, w, y, LinearShape(x, w),
            new GemmEpilogue { Bias = bias, Residual = residual, LowRank = new LowRankTerm(u, b, TransV: true, rank) });
        return Autograd.Record("AdaptedLinear", y, [x, w, bias, a, b, residual], [x, w, a, b, u], (rank, scale, observer), static (ctx, s) =>
        {
            Tensor dy = ctx.Dy, x0 = ctx[0], a0 = ctx[2], b0 = ctx[3], u0 = ctx[4];
            int rows = (int)dy.Shape.Rows, outs = dy.Shape[-1], ins = x0.Shape[-1], rank = s.rank, capacity = a0.Shape[0];
            IBackend backend = dy.Backend;
            Tensor v = dy.EmptyOf(dy.Shape.With(-1, rank));
            backend.Gemm(dy, b0, v, new GemmShape(rows, rank, outs) { Ldb = capacity }, new GemmEpilogue { Alpha = s.scale });
            if (ctx.Needs(0))
            {
                Tensor dx = dy.EmptyOf(x0.Shape);
                backend.Gemm(dy, ctx[1], dx, new GemmShape(rows, ins, outs),
                    new GemmEpilogue { LowRank = new LowRankTerm(v, a0, TransV: false, rank) });
                ctx.Give(0, dx);
            }
            if (ctx.Needs(1)) ctx.Give(1, LinearBackwardWeight(x0, dy, ctx[1]));
            if (ctx.Needs(2)) ctx.Give(2, SumRows(dy));
            if (ctx.Needs(3))
            {
                Tensor da = a0.EmptyLike();
                if (rank < capacity) backend.Zero(da);
                backend.Gemm(v, x0, da, new GemmShape(rank, ins, rows, TransA: true), new GemmEpilogue());
                ctx.Give(3, da);
            }
            if (ctx.Needs(4))
            {
                Tensor db = b0.EmptyLike();
                if (rank < capacity) backend.Zero(db);
                backend.Gemm(dy, u0, db, new GemmShape(outs, rank, rows, TransA: true) { Ldc = capacity }, new GemmEpilogue());
                ctx.Give(4, db);
            }
            if (ctx.Needs(5)) ctx.Give(5, dy);
            if (s.observer?.Invoke() is not { } observe) return;
            // The observer's own handles: those of backward serve again.
            using var scope = new TensorScope();
            observe(new AdaptedLinearSignals(x0.Detach(), dy.Detach(), u0.Detach(), v.Detach()));
        });
    }
}
