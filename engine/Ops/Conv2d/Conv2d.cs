namespace SeLoRA.Engine;

/// <summary>Zero padding of a convolution or pooling, in pixels.</summary>
public readonly record struct Padding(int Top, int Bottom, int Left, int Right)
{
    /// <summary>The same on all sides.</summary>
    public static Padding All(int pixels) => new(pixels, pixels, pixels, pixels);
}

public static partial class Ops
{
    /// <summary>Two-dimensional convolution (cross-correlation, as in PyTorch), channels last.</summary>
    /// <param name="x">(N, H, W, C).</param>
    /// <param name="w">(O, KH, KW, C).</param>
    /// <param name="bias">(O) or null.</param>
    /// <param name="stride">Step in both directions.</param>
    /// <param name="padding">Zero padding of each side; asymmetric for the VAE's downsampling.</param>
    /// <param name="residual">(N, OH, OW, O) added to the result, or null.</param>
    public static Tensor Conv2d(Tensor x, Tensor w, Tensor? bias = null, int stride = 1, Padding padding = default,
        Tensor? residual = null)
    {
        Check.Rank("Conv2d", "x", x, 4);
        Check.Weight("Conv2d", w, 4, x);
        Check.SameDevice("Conv2d", x, w);
        if (x.Shape[3] != w.Shape[3]) Check.Fail($"Conv2d: x {x.Shape} has {x.Shape[3]} channels, weight {w.Shape} needs {w.Shape[3]}");
        Check.Vector("Conv2d", "bias", bias, w.Shape[0], x);
        Conv2dShape s = WindowShape("Conv2d", x, w.Shape[0], w.Shape[1], w.Shape[2], stride, padding);
        var yShape = new Shape(s.N, s.OutH, s.OutW, s.O);
        ResidualCheck("Conv2d", x, residual, yShape);
        // A 1x1 convolution over channels-last pixels is a matrix product.
        bool pointwise = s is { KH: 1, KW: 1, Stride: 1 } && padding == default;
        Tensor y = x.EmptyOf(yShape);
        using var scope = new TensorScope(hidden: true);
        if (pointwise)
            x.Backend.Gemm(x, As(w, x), y, Pointwise(s), new GemmEpilogue { Bias = bias, Residual = residual });
        else
            x.Backend.Conv2d(x, As(w, x), bias, residual, y, s);
        return Autograd.Record("Conv2d", y, [x, w, bias, residual], [w.RequiresGrad ? x : null, w], (s, pointwise), static (ctx, state) =>
        {
            (Conv2dShape s, bool pointwise) = state;
            Tensor dy = ctx.Dy, weight = ctx[1];
            IBackend backend = dy.Backend;
            if (ctx.Needs(0))
            {
                Tensor dx = dy.EmptyOf(new Shape(s.N, s.H, s.W, s.C));
                if (pointwise) backend.Gemm(dy, As(weight, dy), dx, new GemmShape(s.N * s.H * s.W, s.C, s.O), new GemmEpilogue());
                else backend.Conv2dBackwardData(dy, As(weight, dy), dx, s);
                ctx.Give(0, dx);
            }
            if (ctx.Needs(1))
            {
                Tensor dw = weight.EmptyLike();
                if (pointwise) backend.Gemm(dy, ctx[0], dw, new GemmShape(s.O, s.C, s.N * s.H * s.W, TransA: true), new GemmEpilogue());
                else backend.Conv2dBackwardWeight(ctx[0], dy, dw, s);
                ctx.Give(1, dw);
            }
            if (ctx.Needs(2)) ctx.Give(2, SumRows(dy));
            if (ctx.Needs(3)) ctx.Give(3, dy);
        });
    }

    private static GemmShape Pointwise(in Conv2dShape s) => new(s.N * s.H * s.W, s.O, s.C, TransB: true);

    private static Conv2dShape WindowShape(string op, Tensor x, int o, int kh, int kw, int stride, Padding p)
    {
        if (stride < 1) Check.Fail($"{op}: stride {stride} must be at least 1");
        int h = x.Shape[1], w = x.Shape[2];
        int oh = (h + p.Top + p.Bottom - kh) / stride + 1, ow = (w + p.Left + p.Right - kw) / stride + 1;
        if (h + p.Top + p.Bottom < kh || w + p.Left + p.Right < kw)
            Check.Fail($"{op}: window {kh}x{kw} is larger than the padded input (x {x.Shape}, padding {p})");
        return new Conv2dShape(x.Shape[0], h, w, x.Shape[3], o, kh, kw, stride, p.Top, p.Left, oh, ow);
    }
}
