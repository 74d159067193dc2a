namespace SeLoRA.Engine;

public static partial class Ops
{
    /// <summary>Group normalisation (Wu and He, 2018), channels last, optionally followed by SiLU in the same pass.</summary>
    /// <param name="x">(N, ..., C).</param>
    /// <param name="w">Scale (C).</param>
    /// <param name="b">Shift (C).</param>
    /// <param name="groups">Number of groups; divides C.</param>
    /// <param name="eps">Added to the variance.</param>
    /// <param name="silu">Apply SiLU to the result.</param>
    public static Tensor GroupNorm(Tensor x, Tensor w, Tensor b, int groups, float eps, bool silu = false)
    {
        Check.Activation("GroupNorm", "x", x);
        if (x.Shape.Rank < 2) Check.Fail($"GroupNorm: x {x.Shape} needs a batch and a channel axis");
        int n = x.Shape[0], c = x.Shape[-1];
        if (groups < 1 || c % groups != 0) Check.Fail($"GroupNorm: channels {c} not divisible by groups {groups} (x is {x.Shape})");
        Check.Vector("GroupNorm", "weight", w, c, x);
        Check.Vector("GroupNorm", "bias", b, c, x);
        var s = new GroupNormShape(n, (int)(x.Count / n / c), c, groups, eps, silu);
        Tensor y = x.EmptyLike();
        using var scope = new TensorScope(hidden: true);
        Tensor stats = x.EmptyF32(new Shape(n, groups, 2));
        x.Backend.GroupNorm(x, w, b, y, stats, s);
        return Autograd.Record("GroupNorm", y, [x, w, b], [x, w, b, stats], s, static (ctx, s) =>
        {
            bool affine = ctx.Needs(1) || ctx.Needs(2);
            Tensor? dx = ctx.Needs(0) ? ctx[0].EmptyLike() : null;
            Tensor? dw = affine ? ctx[1].EmptyLike() : null, db = affine ? ctx[2].EmptyLike() : null;
            ctx.Dy.Backend.GroupNormBackward(ctx[0], ctx[1], ctx[2], ctx[3], ctx.Dy, dx, dw, db, s);
            if (dx is not null) ctx.Give(0, dx);
            if (dw is null || db is null) return;
            ctx.Give(1, dw);
            ctx.Give(2, db);
        });
    }
}
