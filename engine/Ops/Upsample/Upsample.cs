namespace SeLoRA.Engine;

public static partial class Ops
{
    /// <summary>Nearest-neighbour resize of (N, H, W, C) to the given height and width: source = floor(destination * in / out).</summary>
    public static Tensor UpsampleNearest(Tensor x, int height, int width)
    {
        Check.Rank("UpsampleNearest", "x", x, 4);
        Tensor y = x.EmptyOf(new Shape(x.Shape[0], height, width, x.Shape[3]));
        x.Backend.UpsampleNearest(x, y);
        return Autograd.Record("UpsampleNearest", y, [x], [], x.Shape, static (ctx, xShape) =>
        {
            Tensor dx = ctx.Dy.EmptyOf(xShape);
            dx.Backend.UpsampleNearestBackward(ctx.Dy, dx);
            ctx.Give(0, dx);
        });
    }
}
