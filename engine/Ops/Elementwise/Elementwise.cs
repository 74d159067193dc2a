namespace SeLoRA.Engine;

/// <summary>
/// The operations of the engine: each checks its arguments, computes on the tensors' device and records its own backward. Results
/// are new tensors; inputs are never changed unless the name says so.
/// </summary>
public static partial class Ops
{
    /// <summary>Applies an element-wise function of one's own, derivative included, on any device.</summary>
    public static Tensor Unary<TOp>(string name, Tensor x) where TOp : struct, IUnaryOp
    {
        Check.Activation(name, "x", x);
        Tensor y = x.EmptyLike();
        x.Backend.Unary<TOp>(x, y);
        return Autograd.Record(name, y, [x], [x], static ctx =>
        {
            Tensor dx = ctx.Dy.EmptyLike();
            ctx.Dy.Backend.UnaryBackward<TOp>(ctx[0], ctx.Dy, dx);
            ctx.Give(0, dx);
        },
        static ctx =>
        {
            Tensor again = ctx[0].EmptyLike();
            again.Backend.Unary<TOp>(ctx[0], again);
            return again;
        });
    }

    /// <summary>GEGLU (Shazeer, 2020): with x = [a | b] on the last axis (even size), a gelu(b); the result has half the last axis.</summary>
    public static Tensor Geglu(Tensor x)
    {
        Check.Activation("Geglu", "x", x);
        if (x.Shape.Rank == 0 || x.Shape[-1] % 2 != 0) Check.Fail($"Geglu: the last axis of {x.Shape} must be even");
        Tensor y = x.EmptyOf(x.Shape.With(-1, x.Shape[-1] / 2));
        x.Backend.Glu<GeluOp>(x, y);
        return Autograd.Record("Geglu", y, [x], [x], static ctx =>
        {
            Tensor dx = ctx[0].EmptyLike();
            dx.Backend.GluBackward<GeluOp>(ctx[0], ctx.Dy, dx);
            ctx.Give(0, dx);
        },
        static ctx =>
        {
            Tensor again = ctx[0].EmptyOf(ctx[0].Shape.With(-1, ctx[0].Shape[-1] / 2));
            again.Backend.Glu<GeluOp>(ctx[0], again);
            return again;
        });
    }
}
