namespace SeLoRA.Engine;

/// <summary>Element types of the safetensors format (version 0.7 of the reference library), stored little-endian.</summary>
public enum SafetensorsDType
{
    /// <summary>Boolean, one byte (0 or 1).</summary>
    Bool,

    /// <summary>4-bit float (E2M1), two to a byte.</summary>
    F4,

    /// <summary>6-bit float, 2 exponent and 3 mantissa bits, packed.</summary>
    F6E2M3,

    /// <summary>6-bit float, 3 exponent and 2 mantissa bits, packed.</summary>
    F6E3M2,

    /// <summary>Unsigned 8-bit integer.</summary>
    U8,

    /// <summary>Signed 8-bit integer.</summary>
    I8,

    /// <summary>8-bit float, 5 exponent and 2 mantissa bits.</summary>
    F8E5M2,

    /// <summary>8-bit float, 4 exponent and 3 mantissa bits, no infinities.</summary>
    F8E4M3,

    /// <summary>8-bit power of two (a scale), no mantissa.</summary>
    F8E8M0,

    /// <summary>8-bit float E4M3 without negative zero.</summary>
    F8E4M3FNUZ,

    /// <summary>8-bit float E5M2 without negative zero and infinities.</summary>
    F8E5M2FNUZ,

    /// <summary>Signed 16-bit integer.</summary>
    I16,

    /// <summary>Unsigned 16-bit integer.</summary>
    U16,

    /// <summary>IEEE 754 half precision.</summary>
    F16,

    /// <summary>bfloat16: the upper half of a float32.</summary>
    BF16,

    /// <summary>Signed 32-bit integer.</summary>
    I32,

    /// <summary>Unsigned 32-bit integer.</summary>
    U32,

    /// <summary>IEEE 754 single precision.</summary>
    F32,

    /// <summary>Complex number of two float32.</summary>
    C64,

    /// <summary>IEEE 754 double precision.</summary>
    F64,

    /// <summary>Signed 64-bit integer.</summary>
    I64,

    /// <summary>Unsigned 64-bit integer.</summary>
    U64,
}

/// <summary>Names and sizes of <see cref="SafetensorsDType"/>.</summary>
public static class SafetensorsDTypes
{
    // In the enum's order: the name in a header, and bits an element.
    private static readonly (string Name, int Bits)[] Table =
    [
        ("BOOL", 8), ("F4", 4), ("F6_E2M3", 6), ("F6_E3M2", 6), ("U8", 8), ("I8", 8), ("F8_E5M2", 8), ("F8_E4M3", 8),
        ("F8_E8M0", 8), ("F8_E4M3FNUZ", 8), ("F8_E5M2FNUZ", 8), ("I16", 16), ("U16", 16), ("F16", 16), ("BF16", 16),
        ("I32", 32), ("U32", 32), ("F32", 32), ("C64", 64), ("F64", 64), ("I64", 64), ("U64", 64),
    ];

    /// <summary>The type's name in a file's header, such as <c>BF16</c>.</summary>
    /// <param name="dtype">The type.</param>
    public static string HeaderName(this SafetensorsDType dtype) => Table[(int)dtype].Name;

    /// <summary>Bits an element takes; the sub-byte types are packed without padding.</summary>
    /// <param name="dtype">The type.</param>
    public static int Bits(this SafetensorsDType dtype) => Table[(int)dtype].Bits;

    /// <summary>Finds the type of a header's name.</summary>
    /// <param name="name">Name as in a header; case matters.</param>
    /// <param name="dtype">The type, where the name is known.</param>
    /// <returns>Whether the name is known.</returns>
    public static bool TryParse(string name, out SafetensorsDType dtype)
    {
        int index = Array.FindIndex(Table, row => row.Name == name);
        dtype = (SafetensorsDType)Math.Max(index, 0);
        return index >= 0;
    }

    /// <summary>Every name that a header may use, in the order of the enum.</summary>
    public static IEnumerable<string> HeaderNames => Table.Select(row => row.Name);
}
