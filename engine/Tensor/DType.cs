namespace SeLoRA.Engine;

/// <summary>Element type of a <see cref="Tensor"/>.</summary>
public enum DType
{
    /// <summary>32-bit IEEE float; the compute type of every operation.</summary>
    F32,

    /// <summary>16-bit IEEE float, stored as bits; converted with <see cref="Ops.Cast"/>.</summary>
    F16,

    /// <summary>bfloat16 (upper half of a float32), stored as bits; converted with <see cref="Ops.Cast"/>.</summary>
    BF16,

    /// <summary>32-bit signed integer; indices (token ids).</summary>
    I32,
}

/// <summary>Facts about a <see cref="DType"/>.</summary>
public static class DTypeExtensions
{
    /// <summary>Bytes of one element.</summary>
    public static int SizeInBytes(this DType dtype) => dtype is DType.F32 or DType.I32 ? 4 : 2;

    /// <summary>True for types a gradient can exist for.</summary>
    public static bool IsFloat(this DType dtype) => dtype != DType.I32;
}
