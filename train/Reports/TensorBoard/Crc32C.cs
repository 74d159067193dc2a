using System.Buffers.Binary;
using System.Numerics;

namespace SeLoRA.Train;

/// <summary>The checksum of TFRecord files: CRC-32C (Castagnoli), and its mask.</summary>
internal static class Crc32C
{
    /// <summary>CRC-32C of the bytes.</summary>
    public static uint Of(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        for (; bytes.Length >= 8; bytes = bytes[8..]) crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        foreach (byte b in bytes) crc = BitOperations.Crc32C(crc, b);
        return ~crc;
    }

    /// <summary>Rotated by 15 bits plus a constant, as the record format has it, so that a checksum over checksums stays a good one.</summary>
    public static uint Masked(ReadOnlySpan<byte> bytes) => unchecked(BitOperations.RotateRight(Of(bytes), 15) + 0xA282EAD8);
}
