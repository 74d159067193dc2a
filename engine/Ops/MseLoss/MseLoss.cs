namespace SeLoRA.Engine;

public static partial class Ops
{
    /// <summary>Mean of (a - b)^2 over all elements, a scalar; shapes are equal.</summary>
    public static Tensor MseLoss(Tensor a, Tensor b)
    {
        Check.SameShape("MseLoss", a, b);
        Check.Float32("MseLoss", "a", a);
        Check.Float32("MseLoss", "b", b);
        float scale = 1f / a.Count;
        Tensor y = a.EmptyOf(new Shape());
        using var scope = new TensorScope(hidden: true);
        Tensor difference = Binary<SubOp>(a, b, Same(a));
        a.Backend.Reduce(Reduction.SumSquares, difference, y, 1, a.Count, 1, scale);
        return Autograd.Record("MseLoss", y, [a, b], [difference], scale, static (ctx, scale) =>
        {
            Tensor da = Binary<MulOp>(ctx[0], ctx.Dy, new BroadcastShape(1, ctx[0].Count, 1));
            da.Backend.Scale(da, 2f * scale, da);
            ctx.Give(0, da);
            if (!ctx.Needs(1)) return;
            Tensor db = da.EmptyLike();
            db.Backend.Scale(da, -1f, db);
            ctx.Give(1, db);
        });
    }
}
