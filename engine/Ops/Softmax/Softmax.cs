namespace SeLoRA.Engine;

public static partial class Ops
{
    /// <summary>Softmax over the last axis.</summary>
    public static Tensor Softmax(Tensor x)
    {
        Check.Activation("Softmax", "x", x);
        if (x.Shape.Rank == 0) Check.Fail("Softmax: x is a scalar, an axis is needed");
        Tensor y = x.EmptyLike();
        x.Backend.Softmax(x, y);
        return Autograd.Record("Softmax", y, [x], [y], static ctx =>
        {
            Tensor dx = ctx.Dy.EmptyLike();
            dx.Backend.SoftmaxBackward(ctx[0], ctx.Dy, dx);
            ctx.Give(0, dx);
        });
    }
}
