namespace SeLoRA.Engine;

public static partial class Ops
{
    /// <summary>Sum of all elements, a scalar.</summary>
    public static Tensor Sum(Tensor x) => ReduceTo("Sum", x, new Shape(), 1, x.Count, 1, 1f);

    /// <summary>Mean of all elements, a scalar.</summary>
    public static Tensor Mean(Tensor x) => ReduceTo("Mean", x, new Shape(), 1, x.Count, 1, 1f / x.Count);

    /// <summary>Sum over one axis, which disappears; a negative axis counts from the end.</summary>
    public static Tensor Sum(Tensor x, int axis) => ReduceAxis("Sum", x, axis, mean: false);

    /// <summary>Mean over one axis, which disappears; a negative axis counts from the end.</summary>
    public static Tensor Mean(Tensor x, int axis) => ReduceAxis("Mean", x, axis, mean: true);

    /// <summary>Sum of the squares of all elements, a scalar.</summary>
    public static Tensor SumSquares(Tensor x)
    {
        Check.Float32("SumSquares", "x", x);
        Tensor y = x.EmptyOf(new Shape());
        x.Backend.Reduce(Reduction.SumSquares, x, y, 1, x.Count, 1, 1f);
        return Autograd.Record("SumSquares", y, [x], [x], static ctx =>
        {
            Tensor dx = Binary<MulOp>(ctx[0], ctx.Dy, new BroadcastShape(1, ctx[0].Count, 1));
            dx.Backend.Scale(dx, 2f, dx);
            ctx.Give(0, dx);
        });
    }

    private static Tensor ReduceAxis(string op, Tensor x, int axis, bool mean)
    {
        int rank = x.Shape.Rank, at = axis < 0 ? axis + rank : axis;
        int size = x.Shape[axis];
        Span<int> rest = stackalloc int[rank - 1];
        for (int i = 0; i < rest.Length; i++) rest[i] = x.Shape[i < at ? i : i + 1];
        return ReduceTo(op, x, new Shape(rest), x.Shape.Product(0, at), size, x.Shape.Product(at + 1, rank), mean ? 1f / size : 1f);
    }

    private static Tensor ReduceTo(string op, Tensor x, Shape shape, long outer, long middle, long inner, float scale)
    {
        Check.Float32(op, "x", x);
        Tensor y = x.EmptyOf(shape);
        x.Backend.Reduce(Reduction.Sum, x, y, outer, middle, inner, scale);
        return Autograd.Record(op, y, [x], [], (x.Shape, scale, new BroadcastShape(outer, middle, inner)), static (ctx, s) =>
        {
            (Shape xShape, float scale, BroadcastShape broadcast) = s;
            Tensor dx = ctx.Dy.EmptyOf(xShape);
            dx.Backend.Fill(dx, scale);
            dx.Backend.Binary<MulOp>(dx, ctx.Dy, dx, broadcast);
            ctx.Give(0, dx);
        });
    }
}
