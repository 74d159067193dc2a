namespace SeLoRA.Engine;

/// <summary>
/// What a low-rank layer saw in one backward pass, before its gradients are summed over the batch; of the activations' type. U and V may be
/// wider than the rank.
/// </summary>
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
    /// A and B are float32, and so are their gradients. Where x is 16 bits wide they are rounded to its type for the products, in copies
    /// whose rank is filled up with zeros to a multiple of 8, as tensor cores ask for.
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
        Check.Float32("AdaptedLinear", "A", a);
        Check.Float32("AdaptedLinear", "B", b);
        Check.SameDevice("AdaptedLinear", x, a);
        Check.SameDevice("AdaptedLinear", x, b);
        int capacity = a.Shape[0];
        if (a.Shape[1] != w.Shape[1] || b.Shape[0] != w.Shape[0] || b.Shape[1] != capacity)
            Check.Fail($"AdaptedLinear: A {a.Shape} and B {b.Shape} do not fit weight {w.Shape}");
        if (rank < 1 || rank > capacity) Check.Fail($"AdaptedLinear: rank {rank} is outside 1..{capacity}");
        Shape yShape = x.Shape.With(-1, w.Shape[0]);
        ResidualCheck("AdaptedLinear", x, residual, yShape);

        IBackend backend = x.Backend;
        Tensor y = x.EmptyOf(yShape);
        using var scope = new TensorScope(hidden: true);
        int width = x.DType == DType.F32 ? rank : (rank + 7) / 8 * 8;
        Tensor down = x.DType == DType.F32 ? a : Padded(a, x, rank, w.Shape[1], new Shape(width, w.Shape[1]));
        Tensor up = x.DType == DType.F32 ? b : Padded(b, x, w.Shape[0], rank, new Shape(w.Shape[0], width));
        Tensor u = x.EmptyOf(x.Shape.With(-1, width));
        backend.Gemm(x, down, u, new GemmShape((int)x.Shape.Rows, width, w.Shape[1], TransB: true), new GemmEpilogue { Alpha = scale });
        backend.Gemm(x, As(w, x), y, LinearShape(x, w),
            new GemmEpilogue { Bias = bias, Residual = residual, LowRank = new LowRankTerm(u, up, TransV: true, width) });
        return Autograd.Record("AdaptedLinear", y, [x, w, bias, a, b, residual], [x, w, down, up, u], (rank, capacity, scale, observer), static (ctx, s) =>
        {
            Tensor dy = ctx.Dy, x0 = ctx[0], a0 = ctx[2], b0 = ctx[3], u0 = ctx[4];
            int rows = (int)dy.Shape.Rows, outs = dy.Shape[-1], ins = x0.Shape[-1], rank = s.rank, capacity = s.capacity, width = u0.Shape[-1];
            IBackend backend = dy.Backend;
            Tensor v = dy.EmptyOf(dy.Shape.With(-1, width));
            backend.Gemm(dy, b0, v, new GemmShape(rows, width, outs) { Ldb = b0.Shape[1] }, new GemmEpilogue { Alpha = s.scale });
            if (ctx.Needs(0))
            {
                Tensor dx = dy.EmptyOf(x0.Shape);
                backend.Gemm(dy, As(ctx[1], dy), dx, new GemmShape(rows, ins, outs),
                    new GemmEpilogue { LowRank = new LowRankTerm(v, a0, TransV: false, width) });
                ctx.Give(0, dx);
            }
            if (ctx.Needs(1)) ctx.Give(1, LinearBackwardWeight(x0, dy, ctx[1]));
            if (ctx.Needs(2)) ctx.Give(2, SumRows(dy));
            if (ctx.Needs(3))
            {
                Tensor da = dy.EmptyF32(new Shape(capacity, ins));
                if (rank < capacity) backend.Zero(da);
                backend.Gemm(v, x0, da, new GemmShape(rank, ins, rows, TransA: true) { Lda = width }, new GemmEpilogue());
                ctx.Give(3, da);
            }
            if (ctx.Needs(4))
            {
                Tensor db = dy.EmptyF32(new Shape(outs, capacity));
                if (rank < capacity) backend.Zero(db);
                backend.Gemm(dy, u0, db, new GemmShape(outs, rank, rows, TransA: true) { Ldb = width, Ldc = capacity }, new GemmEpilogue());
                ctx.Give(4, db);
            }
            if (ctx.Needs(5)) ctx.Give(5, dy);
            if (s.observer?.Invoke() is not { } observe) return;
            // The observer's own handles: those of backward serve again.
            using var scope = new TensorScope();
            observe(new AdaptedLinearSignals(x0.Detach(), dy.Detach(), u0.Detach(), v.Detach()));
        });
    }

    /// <summary>The first rows and columns of a factor, rounded to x's type, in a matrix of zeros.</summary>
    private static Tensor Padded(Tensor factor, Tensor x, int rows, int columns, Shape shape)
    {
        Tensor padded = x.EmptyOf(shape);
        x.Backend.CastPadded(factor, padded, rows, columns);
        return padded;
    }
}
