using System.Runtime.InteropServices;

namespace SeLoRA.Engine;

/// <summary>Converts a run of stored elements to float32 or int64.</summary>
internal static class TensorBytes
{
    public static bool IsInteger(SafetensorsDType dtype) => dtype is SafetensorsDType.Bool or SafetensorsDType.U8
        or SafetensorsDType.I8 or SafetensorsDType.I16 or SafetensorsDType.U16 or SafetensorsDType.I32
        or SafetensorsDType.U32 or SafetensorsDType.I64 or SafetensorsDType.U64;

    public static bool IsConvertibleToFloat32(SafetensorsDType dtype) => IsInteger(dtype)
        || dtype is SafetensorsDType.F16 or SafetensorsDType.BF16 or SafetensorsDType.F32 or SafetensorsDType.F64;

    /// <summary>The bytes may begin anywhere: header lengths of foreign files need not be multiples of 8.</summary>
    public static void ToFloat32(ReadOnlySpan<byte> bytes, SafetensorsDType dtype, Span<float> destination)
    {
        switch (dtype)
        {
            case SafetensorsDType.F32:
                bytes.CopyTo(MemoryMarshal.AsBytes(destination));
                break;
            case SafetensorsDType.F16:
                HalfConversion.Float16ToFloat32(MemoryMarshal.Cast<byte, ushort>(bytes), destination);
                break;
            case SafetensorsDType.BF16:
                HalfConversion.BFloat16ToFloat32(MemoryMarshal.Cast<byte, ushort>(bytes), destination);
                break;
            case SafetensorsDType.F64:
                Convert<double, float>(bytes, destination);
                break;
            default:
                ConvertInteger(bytes, dtype, destination);
                break;
        }
    }

    /// <exception cref="OverflowException">A U64 value above 2^63-1.</exception>
    public static void ToInt64(ReadOnlySpan<byte> bytes, SafetensorsDType dtype, Span<long> destination) =>
        ConvertInteger(bytes, dtype, destination);

    private static void ConvertInteger<T>(ReadOnlySpan<byte> bytes, SafetensorsDType dtype, Span<T> destination)
        where T : struct, System.Numerics.INumber<T>
    {
        switch (dtype)
        {
            case SafetensorsDType.Bool:
            case SafetensorsDType.U8: Convert<byte, T>(bytes, destination); break;
            case SafetensorsDType.I8: Convert<sbyte, T>(bytes, destination); break;
            case SafetensorsDType.I16: Convert<short, T>(bytes, destination); break;
            case SafetensorsDType.U16: Convert<ushort, T>(bytes, destination); break;
            case SafetensorsDType.I32: Convert<int, T>(bytes, destination); break;
            case SafetensorsDType.U32: Convert<uint, T>(bytes, destination); break;
            case SafetensorsDType.I64: Convert<long, T>(bytes, destination); break;
            case SafetensorsDType.U64: Convert<ulong, T>(bytes, destination); break;
            default: throw new ArgumentOutOfRangeException(nameof(dtype), dtype, "not an integer type");
        }
    }

    private static void Convert<TFrom, TTo>(ReadOnlySpan<byte> bytes, Span<TTo> destination)
        where TFrom : struct, System.Numerics.INumber<TFrom>
        where TTo : struct, System.Numerics.INumber<TTo>
    {
        ReadOnlySpan<TFrom> source = MemoryMarshal.Cast<byte, TFrom>(bytes);
        for (int i = 0; i < source.Length; i++) destination[i] = TTo.CreateChecked(source[i]);
    }
}
