namespace SeLoRA.Engine;

public static partial class Ops
{
    /// <summary>
    /// Batched matrix product op(a) op(b) over the last two axes; leading axes are equal, or b has none and is shared.
    /// </summary>
    /// <param name="a">(..., M, K), or (..., K, M) if <paramref name="transA"/>.</param>
    /// <param name="b">(..., K, N) or (K, N); (..., N, K) or (N, K) if <paramref name="transB"/>.</param>
    /// <param name="transA">Use a's transpose.</param>
    /// <param name="transB">Use b's transpose.</param>
    /// <param name="alpha">Factor of the product.</param>
    public static Tensor MatMul(Tensor a, Tensor b, bool transA = false, bool transB = false, float alpha = 1f)
    {
        Check.Activation("MatMul", "a", a);
        Check.SameDevice("MatMul", a, b);
        Check.SameType("MatMul", a, b);
        Shape sa = a.Shape, sb = b.Shape;
        if (sa.Rank < 2 || sb.Rank < 2) Check.Fail($"MatMul: shapes {sa} and {sb}, at least two axes each are needed");
        int m = sa[transA ? -1 : -2], k = sa[transA ? -2 : -1], n = sb[transB ? -2 : -1];
        bool shared = sb.Rank == 2 && sa.Rank > 2;
        bool fits = k == sb[transB ? -1 : -2] && (shared || sa.Rank == sb.Rank);
        for (int i = 0; fits && !shared && i < sa.Rank - 2; i++) fits = sa[i] == sb[i];
        if (!fits) Check.Fail($"MatMul: shapes {sa}{(transA ? "^T" : "")} and {sb}{(transB ? "^T" : "")} do not fit");

        Tensor y = a.EmptyOf(sa.With(-2, m).With(-1, n));
        Product(a, transA, b, transB, y, alpha, shared);
        return Autograd.Record("MatMul", y, [a, b], [a, b], (transA, transB, alpha, shared), static (ctx, s) =>
        {
            Tensor x = ctx[0], w = ctx[1], dy = ctx.Dy;
            (bool transA, bool transB, float alpha, bool shared) = s;
            if (ctx.Needs(0))
            {
                Tensor dx = x.EmptyLike();
                if (transA) Product(w, transB, dy, true, dx, alpha, false, sharedA: shared);
                else Product(dy, false, w, !transB, dx, alpha, shared);
                ctx.Give(0, dx);
            }
            if (ctx.Needs(1))
            {
                Tensor dw = w.EmptyLike();
                if (shared) SharedWeightGradient(x, transA, dy, dw, transB, alpha);
                else if (transB) Product(dy, true, x, transA, dw, alpha, false);
                else Product(x, !transA, dy, false, dw, alpha, false);
                ctx.Give(1, dw);
            }
        });
    }

    /// <summary>dw of a weight that all matrices of the batch share: the sum over the batch, one product if a's rows are plain.</summary>
    private static void SharedWeightGradient(Tensor x, bool transA, Tensor dy, Tensor dw, bool transB, float alpha)
    {
        int batch = (int)x.Shape.Product(0, x.Shape.Rank - 2);
        if (!transA)
        {
            Tensor rows = x.Alias(new Shape(batch * x.Shape[-2], x.Shape[-1]), x.Offset);
            Tensor drows = dy.Alias(new Shape(batch * dy.Shape[-2], dy.Shape[-1]), dy.Offset);
            if (transB) Product(drows, true, rows, false, dw, alpha, false);
            else Product(rows, true, drows, false, dw, alpha, false);
            return;
        }
        long xs = (long)x.Shape[-2] * x.Shape[-1], ds = (long)dy.Shape[-2] * dy.Shape[-1];
        for (int i = 0; i < batch; i++)
        {
            Tensor xi = x.Alias(new Shape(x.Shape[-2], x.Shape[-1]), x.Offset + i * xs);
            Tensor di = dy.Alias(new Shape(dy.Shape[-2], dy.Shape[-1]), dy.Offset + i * ds);
            // a is stored (K, M): dw (K, N) = a dy, or (N, K) = dy^T a^T.
            if (transB) Product(di, true, xi, true, dw, alpha, false, accumulate: i > 0);
            else Product(xi, false, di, false, dw, alpha, false, accumulate: i > 0);
        }
    }

    private static void Product(Tensor a, bool transA, Tensor b, bool transB, Tensor y, float alpha, bool shared,
        bool sharedA = false, bool accumulate = false)
    {
        Shape sa = a.Shape, sb = b.Shape, sy = y.Shape;
        int batch = (int)sy.Product(0, sy.Rank - 2);
        var shape = new GemmShape(sy[-2], sy[-1], sa[transA ? -2 : -1], transA, transB)
        {
            Batch = batch,
            StrideA = sharedA ? 0 : (long)sa[-2] * sa[-1],
            StrideB = shared ? 0 : (long)sb[-2] * sb[-1],
            StrideC = (long)sy[-2] * sy[-1],
        };
        // Plain rows times one shared matrix is a single tall product.
        if (shared && !transA && batch > 1) shape = shape with { M = shape.M * batch, Batch = 1 };
        y.Backend.Gemm(a, b, y, shape, new GemmEpilogue { Alpha = alpha, Accumulate = accumulate });
    }
}
