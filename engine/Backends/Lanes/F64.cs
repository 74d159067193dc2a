namespace SeLoRA.Engine;

/// <summary>One double: the reference that formulas are checked against.</summary>
public readonly struct F64 : ILane<F64>
{
    /// <summary>The number itself.</summary>
    public readonly double Value;

    /// <summary>Wraps a number.</summary>
    public F64(double value) => Value = value;

    /// <inheritdoc/>
    public static F64 Of(float value) => new(value);

    /// <inheritdoc/>
    public static F64 operator +(F64 a, F64 b) => new(a.Value + b.Value);

    /// <inheritdoc/>
    public static F64 operator -(F64 a, F64 b) => new(a.Value - b.Value);

    /// <inheritdoc/>
    public static F64 operator *(F64 a, F64 b) => new(a.Value * b.Value);

    /// <inheritdoc/>
    public static F64 operator /(F64 a, F64 b) => new(a.Value / b.Value);

    /// <inheritdoc/>
    public static F64 Exp(F64 x) => new(Math.Exp(x.Value));

    /// <inheritdoc/>
    public static F64 Sqrt(F64 x) => new(Math.Sqrt(x.Value));

    /// <inheritdoc/>
    public static F64 Abs(F64 x) => new(Math.Abs(x.Value));

    /// <inheritdoc/>
    public static F64 Max(F64 a, F64 b) => new(a.Value < b.Value ? b.Value : a.Value);

    /// <inheritdoc/>
    public static F64 IfLess(F64 a, F64 b, F64 then, F64 otherwise) => new(a.Value < b.Value ? then.Value : otherwise.Value);
}
