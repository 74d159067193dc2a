namespace SeLoRA.Engine;

public static partial class Ops
{
    /// <summary>Layer normalisation over the last axis (Ba et al., 2016).</summary>
    /// <param name="x">(..., C).</param>
    /// <param name="w">Scale (C).</param>
    /// <param name="b">Shift (C).</param>
    /// <param name="eps">Added to the variance.</param>
    public static Tensor LayerNorm(Tensor x, Tensor w, Tensor b, float eps)
    {
        Check.Activation("LayerNorm", "x", x);
        int c = x.Shape[-1];
        Check.Vector("LayerNorm", "weight", w, c, x);
        Check.Vector("LayerNorm", "bias", b, c, x);
        Tensor y = x.EmptyLike();
        using var scope = new TensorScope(hidden: true);
        Tensor stats = x.EmptyF32(new Shape(checked((int)x.Shape.Rows), 2));
        x.Backend.LayerNorm(x, w, b, y, stats, eps);
        return Autograd.Record("LayerNorm", y, [x, w, b], [x, w, stats, b], eps, static (ctx, _) =>
        {
            bool affine = ctx.Needs(1) || ctx.Needs(2);
            Tensor? dx = ctx.Needs(0) ? ctx[0].EmptyLike() : null;
            Tensor? dw = affine ? ctx[1].EmptyLike() : null, db = affine ? ctx[1].EmptyLike() : null;
            ctx.Dy.Backend.LayerNormBackward(ctx[0], ctx[1], ctx[2], ctx.Dy, dx, dw, db);
            if (dx is not null) ctx.Give(0, dx);
            if (dw is null || db is null) return;
            ctx.Give(1, dw);
            ctx.Give(2, db);
        },
        static (ctx, eps) =>
        {
            Tensor again = ctx[0].EmptyLike(), same = ctx[2].EmptyLike();
            again.Backend.LayerNorm(ctx[0], ctx[1], ctx[3], again, same, eps);
            same.Dispose();
            return again;
        });
    }
}
