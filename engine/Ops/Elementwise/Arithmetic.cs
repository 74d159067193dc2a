namespace SeLoRA.Engine;

/// <summary>a + b.</summary>
public readonly struct AddOp : IBinaryOp
{
    /// <inheritdoc/>
    public static T Value<T>(T a, T b) where T : struct, ILane<T> => a + b;
}

/// <summary>a - b.</summary>
public readonly struct SubOp : IBinaryOp
{
    /// <inheritdoc/>
    public static T Value<T>(T a, T b) where T : struct, ILane<T> => a - b;
}

/// <summary>a b.</summary>
public readonly struct MulOp : IBinaryOp
{
    /// <inheritdoc/>
    public static T Value<T>(T a, T b) where T : struct, ILane<T> => a * b;
}

/// <summary>a / b.</summary>
public readonly struct DivOp : IBinaryOp
{
    /// <inheritdoc/>
    public static T Value<T>(T a, T b) where T : struct, ILane<T> => a / b;
}

public static partial class Ops
{
    /// <summary>a + b; b may be smaller and is broadcast as <see cref="Broadcast"/> says. The result has a's shape.</summary>
    public static Tensor Add(Tensor a, Tensor b)
    {
        BroadcastShape shape = Broadcast("Add", a, b);
        Shape bShape = b.Shape;
        return Autograd.Record("Add", Binary<AddOp>(a, b, shape), [a, b], [], (shape, bShape), static (ctx, s) =>
        {
            ctx.Give(0, ctx.Dy);
            if (ctx.Needs(1)) ctx.Give(1, SumToB(ctx.Dy, s.shape, s.bShape, 1f));
        });
    }

    /// <summary>a - b, broadcast as <see cref="Add"/>.</summary>
    public static Tensor Sub(Tensor a, Tensor b)
    {
        BroadcastShape shape = Broadcast("Sub", a, b);
        Shape bShape = b.Shape;
        return Autograd.Record("Sub", Binary<SubOp>(a, b, shape), [a, b], [], (shape, bShape), static (ctx, s) =>
        {
            ctx.Give(0, ctx.Dy);
            if (ctx.Needs(1)) ctx.Give(1, SumToB(ctx.Dy, s.shape, s.bShape, -1f));
        });
    }

    /// <summary>a b element by element, broadcast as <see cref="Add"/>.</summary>
    public static Tensor Mul(Tensor a, Tensor b)
    {
        BroadcastShape shape = Broadcast("Mul", a, b);
        Shape bShape = b.Shape;
        Tensor? savedA = b.RequiresGrad ? a : null, savedB = a.RequiresGrad ? b : null;
        return Autograd.Record("Mul", Binary<MulOp>(a, b, shape), [a, b], [savedA, savedB], (shape, bShape), static (ctx, s) =>
        {
            if (ctx.Needs(0)) ctx.Give(0, Binary<MulOp>(ctx.Dy, ctx[1], s.shape));
            if (ctx.Needs(1)) ctx.Give(1, Cast(SumOfProducts(ctx.Dy, ctx[0], s.shape, s.bShape, 1f), ctx.Dy.DType));
        });
    }

    /// <summary>a / b element by element, broadcast as <see cref="Add"/>.</summary>
    public static Tensor Div(Tensor a, Tensor b)
    {
        BroadcastShape shape = Broadcast("Div", a, b);
        Shape bShape = b.Shape;
        Tensor y = Binary<DivOp>(a, b, shape);
        return Autograd.Record("Div", y, [a, b], [b.RequiresGrad ? a : null, b], (shape, bShape), static (ctx, s) =>
        {
            if (ctx.Needs(0)) ctx.Give(0, Binary<DivOp>(ctx.Dy, ctx[1], s.shape));
            if (!ctx.Needs(1)) return;
            Tensor sum = SumOfProducts(ctx.Dy, ctx[0], s.shape, s.bShape, -1f), wide = Cast(ctx[1], DType.F32);
            ctx.Give(1, Cast(Binary<DivOp>(Binary<DivOp>(sum, wide, Same(sum)), wide, Same(sum)), ctx.Dy.DType));
        });
    }

    /// <summary>factor x.</summary>
    public static Tensor Scale(Tensor x, float factor)
    {
        Check.Activation("Scale", "x", x);
        Tensor y = x.EmptyLike();
        x.Backend.Scale(x, factor, y);
        return Autograd.Record("Scale", y, [x], [], factor, static (ctx, factor) =>
        {
            Tensor dx = ctx.Dy.EmptyLike();
            dx.Backend.Scale(ctx.Dy, factor, dx);
            ctx.Give(0, dx);
        });
    }

    /// <summary>
    /// How b spreads over a: equal shapes; or, with b's axes aligned to a's last ones as in NumPy, equal sizes except one run of
    /// axes where b has 1 or nothing: a scalar, a vector over the last axis, one value a sample (N,1,1,1), one a sample and channel
    /// (N,1,1,C). Anything else is an error that names both shapes.
    /// </summary>
    public static BroadcastShape Broadcast(string op, Tensor a, Tensor b)
    {
        Check.Activation(op, "a", a);
        Check.SameDevice(op, a, b);
        Check.SameType(op, a, b);
        if (a.Shape == b.Shape) return Same(a);
        int rank = a.Shape.Rank, missing = rank - b.Shape.Rank;
        int SizeOfB(int axis) => axis < missing ? 1 : b.Shape[axis - missing];
        int begin = 0, end = rank;
        if (missing >= 0)
        {
            while (begin < rank && SizeOfB(begin) == a.Shape[begin]) begin++;
            while (end > begin && SizeOfB(end - 1) == a.Shape[end - 1]) end--;
        }
        bool fits = missing >= 0;
        for (int axis = begin; fits && axis < end; axis++) fits = SizeOfB(axis) == 1;
        if (!fits) Check.Fail($"{op}: shape {b.Shape} does not broadcast to {a.Shape}");
        return new BroadcastShape(a.Shape.Product(0, begin), a.Shape.Product(begin, end), a.Shape.Product(end, rank));
    }

    private static BroadcastShape Same(Tensor a) => new(1, 1, a.Count);

    private static Tensor Binary<TOp>(Tensor a, Tensor b, BroadcastShape shape) where TOp : struct, IBinaryOp
    {
        Tensor y = a.EmptyLike();
        a.Backend.Binary<TOp>(a, b, y, shape);
        return y;
    }

    // Terms that cancel in their sum: of 16-bit values they are exact in float32, where the sum is too.
    private static Tensor SumOfProducts(Tensor a, Tensor b, BroadcastShape shape, Shape bShape, float scale)
    {
        Tensor wide = Cast(a, DType.F32);
        return SumToB(Binary<MulOp>(wide, Cast(b, DType.F32), Same(wide)), shape, bShape, scale);
    }

    private static Tensor SumToB(Tensor dy, BroadcastShape shape, Shape bShape, float scale)
    {
        if (shape.Middle == 1 && scale == 1f) return dy.Alias(bShape, dy.Offset);
        Tensor db = dy.EmptyF32(bShape);
        dy.Backend.Reduce(Reduction.Sum, dy, db, shape.Outer, shape.Middle, shape.Inner, scale);
        return Cast(db, dy.DType);
    }
}

public sealed partial class Tensor
{
    /// <summary>Element-wise sum; see <see cref="Ops.Add"/>.</summary>
    public static Tensor operator +(Tensor a, Tensor b) => Ops.Add(a, b);

    /// <summary>Element-wise difference; see <see cref="Ops.Sub"/>.</summary>
    public static Tensor operator -(Tensor a, Tensor b) => Ops.Sub(a, b);

    /// <summary>Element-wise product; see <see cref="Ops.Mul"/>.</summary>
    public static Tensor operator *(Tensor a, Tensor b) => Ops.Mul(a, b);

    /// <summary>Element-wise quotient; see <see cref="Ops.Div"/>.</summary>
    public static Tensor operator /(Tensor a, Tensor b) => Ops.Div(a, b);

    /// <summary>Product with a number; see <see cref="Ops.Scale"/>.</summary>
    public static Tensor operator *(Tensor a, float factor) => Ops.Scale(a, factor);
}
