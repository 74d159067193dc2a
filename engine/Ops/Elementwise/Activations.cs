using System.Runtime.CompilerServices;

namespace SeLoRA.Engine;

/// <summary>Shared pieces of the activation formulas.</summary>
internal static class Formula
{
    /// <summary>1 / (1 + e^-x). Where e^-x is infinite the result is 0, as it should be. Within 2.3 ulp above -87 (LaneTests).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Sigmoid<T>(T x) where T : struct, ILane<T> => T.Of(1f) / (T.Of(1f) + T.Exp(T.Of(0f) - x));

    /// <summary>
    /// Normal distribution function Phi(x) = (1 + erf(x / sqrt 2)) / 2, through erfc by Abramowitz and Stegun 7.1.26's form with
    /// coefficients good to 1.5e-7 absolute.
    /// </summary>
    /// <param name="x">Argument.</param>
    /// <param name="bell"><see cref="Bell"/> of x.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T NormalCdf<T>(T x, T bell) where T : struct, ILane<T>
    {
        T one = T.Of(1f);
        T t = one / (one + T.Of(0.3275911f * 0.70710678f) * T.Abs(x));
        T poly = t * (T.Of(0.254829592f) + t * (T.Of(-0.284496736f) + t * (T.Of(1.421413741f)
            + t * (T.Of(-1.453152027f) + t * T.Of(1.061405429f)))));
        T upper = T.Of(0.5f) * poly * bell;
        return T.IfLess(x, T.Of(0f), upper, one - upper);
    }

    /// <summary>e^(-x^2 / 2), of which the normal distribution and its density are made.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Bell<T>(T x) where T : struct, ILane<T> => T.Exp(T.Of(-0.5f) * x * x);
}

/// <summary>x sigmoid(x). Within 2.5 ulp above -87 (LaneTests).</summary>
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

/// <summary>
/// Exact GELU: x Phi(x), Phi the normal distribution function. Within 3e-7 of the larger of 1 and its size (LaneTests).
/// </summary>
public readonly struct GeluOp : IUnaryOp
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Value<T>(T x) where T : struct, ILane<T> => x * Formula.NormalCdf(x, Formula.Bell(x));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Grad<T>(T x, T dy) where T : struct, ILane<T>
    {
        T bell = Formula.Bell(x);
        return dy * (Formula.NormalCdf(x, bell) + x * T.Of(0.39894228f) * bell);
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
