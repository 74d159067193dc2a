namespace SeLoRA.Engine;

public static partial class Ops
{
    /// <summary>Largest element of each window of (N, H, W, C); padding never wins.</summary>
    public static Tensor MaxPool2d(Tensor x, int window, int stride, int padding = 0) =>
        Pool2d("MaxPool2d", PoolKind.Max, x, window, stride, padding);

    /// <summary>Mean of each window of (N, H, W, C); padding is not counted.</summary>
    public static Tensor AvgPool2d(Tensor x, int window, int stride, int padding = 0) =>
        Pool2d("AvgPool2d", PoolKind.Average, x, window, stride, padding);

    private static Tensor Pool2d(string op, PoolKind kind, Tensor x, int window, int stride, int padding)
    {
        Check.Rank(op, "x", x, 4);
        if (padding < 0 || padding >= window) Check.Fail($"{op}: padding {padding} must be below the window {window}");
        Conv2dShape s = WindowShape(op, x, x.Shape[3], window, window, stride, Padding.All(padding));
        Tensor y = x.EmptyOf(new Shape(s.N, s.OutH, s.OutW, s.C));
        x.Backend.Pool2d(kind, x, y, s);
        return Autograd.Record(op, y, [x], [x], (kind, s), static (ctx, state) =>
        {
            Tensor dx = ctx[0].EmptyLike();
            dx.Backend.Pool2dBackward(state.kind, ctx[0], ctx.Dy, dx, state.s);
            ctx.Give(0, dx);
        });
    }
}
