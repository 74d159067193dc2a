namespace SeLoRA.Engine;

/// <summary>
/// A bundle of floats that element-wise formulas are written against once: one float (<c>F32</c>: GPU kernels and loop tails),
/// a SIMD vector on the host, or a double (<c>F64</c>: references in tests).
/// </summary>
/// <typeparam name="T">The implementing struct.</typeparam>
public interface ILane<T> where T : struct, ILane<T>
{
    /// <summary>The constant in every lane.</summary>
    static abstract T Of(float value);

    /// <summary>Sum.</summary>
    static abstract T operator +(T a, T b);

    /// <summary>Difference.</summary>
    static abstract T operator -(T a, T b);

    /// <summary>Product.</summary>
    static abstract T operator *(T a, T b);

    /// <summary>Quotient.</summary>
    static abstract T operator /(T a, T b);

    /// <summary>e^x; 0 below about -87, finite up to about 88; within 1.01 ulp in vectors.</summary>
    static abstract T Exp(T x);

    /// <summary>Square root.</summary>
    static abstract T Sqrt(T x);

    /// <summary>Magnitude.</summary>
    static abstract T Abs(T x);

    /// <summary>Larger of two.</summary>
    static abstract T Max(T a, T b);

    /// <summary>Per lane: a below b ? then : otherwise.</summary>
    static abstract T IfLess(T a, T b, T then, T otherwise);
}

/// <summary>An element-wise function and its derivative.</summary>
public interface IUnaryOp
{
    /// <summary>f(x).</summary>
    static abstract T Value<T>(T x) where T : struct, ILane<T>;

    /// <summary>f'(x) dy.</summary>
    static abstract T Grad<T>(T x, T dy) where T : struct, ILane<T>;
}

/// <summary>An element-wise function of two arguments; the operation that uses it composes the derivative.</summary>
public interface IBinaryOp
{
    /// <summary>f(a, b).</summary>
    static abstract T Value<T>(T a, T b) where T : struct, ILane<T>;
}
