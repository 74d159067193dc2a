using System.Runtime.CompilerServices;

namespace SeLoRA.Engine;

/// <summary>Shared pieces of the activation formulas.</summary>
internal static class Formula
{
    /// <summary>1 / (1 + e^-x), without overflow for any x: e^-|x| stays in (0, 1].</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Sigmoid<T>(T x) where T : struct, ILane<T>
    {
        T zero = T.Of(0f), one = T.Of(1f);
        T e = T.Exp(zero - T.Abs(x));
        return T.IfLess(x, zero, e, one) / (one + e);
    }

    /// <summary>
    /// Normal distribution function Phi(x) = (1 + erf(x / sqrt 2)) / 2, through erfc by Abramowitz and Stegun 7.1.26's form with
    /// coefficients good to 1.5e-7 absolute.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T NormalCdf<T>(T x) where T : struct, ILane<T>
    {
        T one = T.Of(1f);
        T z = T.Abs(x) * T.Of(0.70710678f);
        T t = one / (one + T.Of(0.3275911f) * z);
        T poly = t * (T.Of(0.254829592f) + t * (T.Of(-0.284496736f) + t * (T.Of(1.421413741f)
            + t * (T.Of(-1.453152027f) + t * T.Of(1.061405429f)))));
        T upper = T.Of(0.5f) * poly * T.Exp(T.Of(0f) - z * z);
        return T.IfLess(x, T.Of(0f), upper, one - upper);
    }
}

/// <summary>x sigmoid(x).</summary>
public readonly struct SiluOp : IUnaryOp
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Value<T>(T x) where T : struct, ILane<T> => x * Formula.Sigmoid(x);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Grad<T>(T x, T dy) where T : struct, ILane<T>
    {
        T s = Formula.Sigmoid(x);
        return dy * s * (T.Of(1f) + x * (T.Of(1f) - s));
    }
}

/// <summary>Exact GELU: x Phi(x), Phi the normal distribution function.</summary>
public readonly struct GeluOp : IUnaryOp
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Value<T>(T x) where T : struct, ILane<T> => x * Formula.NormalCdf(x);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Grad<T>(T x, T dy) where T : struct, ILane<T>
    {
        T density = T.Of(0.39894228f) * T.Exp(T.Of(-0.5f) * x * x);
        return dy * (Formula.NormalCdf(x) + x * density);
    }
}

/// <summary>CLIP's GELU: x sigmoid(1.702 x).</summary>
public readonly struct QuickGeluOp : IUnaryOp
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Value<T>(T x) where T : struct, ILane<T> => x * Formula.Sigmoid(T.Of(1.702f) * x);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Grad<T>(T x, T dy) where T : struct, ILane<T>
    {
        T ax = T.Of(1.702f) * x;
        T s = Formula.Sigmoid(ax);
        return dy * s * (T.Of(1f) + ax * (T.Of(1f) - s));
    }
}

/// <summary>max(x, 0).</summary>
public readonly struct ReluOp : IUnaryOp
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Value<T>(T x) where T : struct, ILane<T> => T.Max(x, T.Of(0f));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Grad<T>(T x, T dy) where T : struct, ILane<T> => T.IfLess(T.Of(0f), x, dy, T.Of(0f));
}

/// <summary>e^x.</summary>
public readonly struct ExpOp : IUnaryOp
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Value<T>(T x) where T : struct, ILane<T> => T.Exp(x);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Grad<T>(T x, T dy) where T : struct, ILane<T> => dy * T.Exp(x);
}

/// <summary>Square root.</summary>
public readonly struct SqrtOp : IUnaryOp
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Value<T>(T x) where T : struct, ILane<T> => T.Sqrt(x);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Grad<T>(T x, T dy) where T : struct, ILane<T> => dy * T.Of(0.5f) / T.Sqrt(x);
}

public static partial class Ops
{
    /// <summary>x sigmoid(x), any shape.</summary>
    public static Tensor Silu(Tensor x) => Unary<SiluOp>("Silu", x);

    /// <summary>Exact GELU x Phi(x) (Hendrycks and Gimpel, 2016), any shape.</summary>
    public static Tensor Gelu(Tensor x) => Unary<GeluOp>("Gelu", x);

    /// <summary>x sigmoid(1.702 x), CLIP's activation, any shape.</summary>
    public static Tensor QuickGelu(Tensor x) => Unary<QuickGeluOp>("QuickGelu", x);

    /// <summary>max(x, 0), any shape.</summary>
    public static Tensor Relu(Tensor x) => Unary<ReluOp>("Relu", x);

    /// <summary>e^x, any shape.</summary>
    public static Tensor Exp(Tensor x) => Unary<ExpOp>("Exp", x);

    /// <summary>Square root, any shape.</summary>
    public static Tensor Sqrt(Tensor x) => Unary<SqrtOp>("Sqrt", x);
}
