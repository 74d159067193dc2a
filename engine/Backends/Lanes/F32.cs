namespace SeLoRA.Engine;

/// <summary>One float: what GPU kernels compute with, hence plain arithmetic and nothing else.</summary>
public readonly struct F32 : ILane<F32>
{
    /// <summary>The number itself.</summary>
    public readonly float Value;

    /// <summary>Wraps a number.</summary>
    public F32(float value) => Value = value;

    /// <inheritdoc/>
    public static F32 Of(float value) => new(value);

    /// <inheritdoc/>
    public static F32 operator +(F32 a, F32 b) => new(a.Value + b.Value);

    /// <inheritdoc/>
    public static F32 operator -(F32 a, F32 b) => new(a.Value - b.Value);

    /// <inheritdoc/>
    public static F32 operator *(F32 a, F32 b) => new(a.Value * b.Value);

    /// <inheritdoc/>
    public static F32 operator /(F32 a, F32 b) => new(a.Value / b.Value);

    /// <inheritdoc/>
    public static F32 Exp(F32 x) => new(MathF.Exp(x.Value));

    /// <inheritdoc/>
    public static F32 Sqrt(F32 x) => new(MathF.Sqrt(x.Value));

    /// <inheritdoc/>
    public static F32 Abs(F32 x) => new(MathF.Abs(x.Value));

    /// <inheritdoc/>
    public static F32 Max(F32 a, F32 b) => new(a.Value < b.Value ? b.Value : a.Value);

    /// <inheritdoc/>
    public static F32 IfLess(F32 a, F32 b, F32 then, F32 otherwise) => new(a.Value < b.Value ? then.Value : otherwise.Value);
}
