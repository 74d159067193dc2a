namespace SeLoRA.Engine;

public static partial class Ops
{
    /// <summary>y = act(x w^T + bias) + residual over the last axis.</summary>
    /// <param name="x">(..., in).</param>
    /// <param name="w">(out, in), PyTorch's layout.</param>
    /// <param name="bias">(out) or null.</param>
    /// <param name="residual">(..., out), added last, or null.</param>
    /// <param name="activation">Fused activation.</param>
    public static Tensor Linear(Tensor x, Tensor w, Tensor? bias = null, Tensor? residual = null,
        Activation activation = Activation.None)
    {
        LinearCheck("Linear", x, w, bias);
        Shape yShape = x.Shape.With(-1, w.Shape[0]);
        ResidualCheck("Linear", x, residual, yShape);
        // Backward needs the value before the activation: while recording, the activation is an operation of its own.
        if (activation != Activation.None && Autograd.Records([x, w, bias]))
        {
            Tensor activated = Activate(Linear(x, w, bias), activation);
            return residual is null ? activated : Add(activated, residual);
        }
        Tensor y = x.EmptyOf(yShape);
        using var scope = new TensorScope(hidden: true);
        x.Backend.Gemm(x, As(w, x), y, LinearShape(x, w),
            new GemmEpilogue { Bias = bias, Residual = residual, Activation = activation });
        return Autograd.Record("Linear", y, [x, w, bias, residual], [w.RequiresGrad ? x : null, w], static ctx =>
        {
            Tensor dy = ctx.Dy, weight = ctx[1];
            if (ctx.Needs(0)) ctx.Give(0, LinearBackwardData(dy, weight));
            if (ctx.Needs(1)) ctx.Give(1, LinearBackwardWeight(ctx[0], dy, weight));
            if (ctx.Needs(2)) ctx.Give(2, SumRows(dy));
            if (ctx.Needs(3)) ctx.Give(3, dy);
        });
    }

    private static Tensor Activate(Tensor x, Activation activation) => activation switch
    {
        Activation.Silu => Silu(x),
        Activation.Gelu => Gelu(x),
        Activation.QuickGelu => QuickGelu(x),
        _ => x,
    };

    private static void LinearCheck(string op, Tensor x, Tensor w, Tensor? bias)
    {
        Check.Activation(op, "x", x);
        Check.Weight(op, w, 2, x);
        Check.SameDevice(op, x, w);
        if (x.Shape.Rank < 1 || x.Shape[-1] != w.Shape[1])
            Check.Fail($"{op}: x {x.Shape} and weight {w.Shape} do not fit; x's last axis must be {w.Shape[1]}");
        Check.Vector(op, "bias", bias, w.Shape[0], x);
    }

    private static void ResidualCheck(string op, Tensor x, Tensor? residual, Shape yShape)
    {
        if (residual is null) return;
        if (residual.Shape != yShape) Check.Fail($"{op}: residual {residual.Shape} must have the result's shape {yShape}");
        Check.SameType(op, x, residual);
    }

    /// <summary>A float32 weight rounded to the type of a 16-bit x, for one product; belongs to the caller's scope. Any other as it is.</summary>
    private static Tensor As(Tensor w, Tensor x)
    {
        if (x.DType == DType.F32 || w.DType == x.DType) return w;
        Tensor rounded = x.EmptyOf(w.Shape);
        x.Backend.Cast(w, rounded);
        return rounded;
    }

    private static GemmShape LinearShape(Tensor x, Tensor w) =>
        new(checked((int)x.Shape.Rows), w.Shape[0], w.Shape[1], TransB: true);

    private static Tensor LinearBackwardData(Tensor dy, Tensor w)
    {
        Tensor dx = dy.EmptyOf(dy.Shape.With(-1, w.Shape[1]));
        dy.Backend.Gemm(dy, As(w, dy), dx, new GemmShape((int)dy.Shape.Rows, w.Shape[1], w.Shape[0]), new GemmEpilogue());
        return dx;
    }

    private static Tensor LinearBackwardWeight(Tensor x, Tensor dy, Tensor w)
    {
        Tensor dw = w.EmptyLike();
        dy.Backend.Gemm(dy, x, dw, new GemmShape(w.Shape[0], w.Shape[1], (int)dy.Shape.Rows, TransA: true), new GemmEpilogue());
        return dw;
    }

    /// <summary>Sum over all axes but the last: a bias's gradient.</summary>
    private static Tensor SumRows(Tensor dy)
    {
        Tensor db = dy.EmptyF32(new Shape(dy.Shape[-1]));
        dy.Backend.Reduce(Reduction.Sum, dy, db, 1, dy.Shape.Rows, dy.Shape[-1], 1f);
        return db;
    }
}
