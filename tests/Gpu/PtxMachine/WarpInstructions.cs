using System.Buffers.Binary;

namespace SeLoRA.Tests;

/// <summary>
/// Warp-wide instructions as the PTX manual defines them, on the host: which lane gets which element. Written from the manual's figures,
/// not from the kernels' index arithmetic, which is held against them.
/// </summary>
internal static class WarpInstructions
{
    public const int Lanes = 32;

    /// <summary>
    /// ldmatrix.m8n8.xN: lanes 8i..8i+7 name the eight rows of matrix i, 16 bytes each; lane l receives of each matrix the 16-bit elements
    /// 2 (l % 4), 2 (l % 4) + 1 of row l / 4, or of the transposed matrix's row.
    /// </summary>
    /// <param name="shared">Shared memory.</param>
    /// <param name="rows">An offset for each of 8 count lanes.</param>
    /// <param name="count">Number of matrices: 1, 2 or 4.</param>
    /// <param name="transposed">.trans.</param>
    /// <returns>Register i of lane l at [l count + i].</returns>
    public static uint[] LdMatrix(ReadOnlySpan<byte> shared, ReadOnlySpan<int> rows, int count, bool transposed)
    {
        var registers = new uint[Lanes * count];
        for (int lane = 0; lane < Lanes; lane++)
        {
            for (int i = 0; i < count; i++)
            {
                uint value = 0;
                for (int half = 0; half < 2; half++)
                {
                    int row = lane / 4, column = lane % 4 * 2 + half;
                    if (transposed) (row, column) = (column, row);
                    uint element = BinaryPrimitives.ReadUInt16LittleEndian(shared[(rows[i * 8 + row] + column * 2)..]);
                    value |= element << half * 16;
                }
                registers[lane * count + i] = value;
            }
        }
        return registers;
    }

    /// <summary>
    /// mma.m16n8k16.row.col with 16-bit operands and float32 accumulators, D = A B + C. With g = lane / 4, t = lane % 4 a lane holds
    /// of A (16x16) rows g, g + 8, g, g + 8 at columns 2t, 2t, 2t + 8, 2t + 8 and the next; of B (16x8) column g at rows 2t, 2t + 8
    /// and the next; of C and D (16x8) rows g, g, g + 8, g + 8 at columns 2t, 2t + 1, 2t, 2t + 1.
    /// </summary>
    /// <param name="a">Register i of lane l at [4 l + i].</param>
    /// <param name="b">At [2 l + i].</param>
    /// <param name="c">At [4 l + i]; receives D.</param>
    /// <param name="toFloat">The 16-bit type.</param>
    public static void Mma(ReadOnlySpan<uint> a, ReadOnlySpan<uint> b, Span<float> c, Func<ushort, float> toFloat)
    {
        Span<float> matrixA = stackalloc float[16 * 16], matrixB = stackalloc float[16 * 8];
        for (int lane = 0; lane < Lanes; lane++)
        {
            int g = lane / 4, t = lane % 4;
            for (int half = 0; half < 2; half++)
            {
                for (int i = 0; i < 4; i++)
                    matrixA[(g + i % 2 * 8) * 16 + 2 * t + i / 2 * 8 + half] = toFloat((ushort)(a[lane * 4 + i] >> half * 16));
                for (int i = 0; i < 2; i++)
                    matrixB[(2 * t + i * 8 + half) * 8 + g] = toFloat((ushort)(b[lane * 2 + i] >> half * 16));
            }
        }
        for (int lane = 0; lane < Lanes; lane++)
        {
            for (int i = 0; i < 4; i++)
            {
                int row = lane / 4 + i / 2 * 8, column = lane % 4 * 2 + i % 2;
                float sum = c[lane * 4 + i];
                for (int k = 0; k < 16; k++) sum += matrixA[row * 16 + k] * matrixB[k * 8 + column];
                c[lane * 4 + i] = sum;
            }
        }
    }

    /// <summary>
    /// mma.m16n8k8.row.col with TF32 operands and float32 accumulators, D = A B + C. With g = lane / 4, t = lane % 4 a lane holds of A (16x8)
    /// (g, t), (g + 8, t), (g, t + 4), (g + 8, t + 4); of B (8x8) rows t, t + 4 of column g; of C and D what <see cref="Mma"/> says. Of an
    /// operand's register the lower 13 bits are not looked at.
    /// </summary>
    /// <param name="a">Register i of lane l at [4 l + i].</param>
    /// <param name="b">At [2 l + i].</param>
    /// <param name="c">At [4 l + i]; receives D.</param>
    public static void MmaTF32(ReadOnlySpan<uint> a, ReadOnlySpan<uint> b, Span<float> c)
    {
        Span<float> matrixA = stackalloc float[16 * 8], matrixB = stackalloc float[8 * 8];
        for (int lane = 0; lane < Lanes; lane++)
        {
            int g = lane / 4, t = lane % 4;
            for (int i = 0; i < 4; i++) matrixA[(g + i % 2 * 8) * 8 + t + i / 2 * 4] = Upper(a[lane * 4 + i]);
            for (int i = 0; i < 2; i++) matrixB[(t + i * 4) * 8 + g] = Upper(b[lane * 2 + i]);
        }
        for (int lane = 0; lane < Lanes; lane++)
        {
            for (int i = 0; i < 4; i++)
            {
                int row = lane / 4 + i / 2 * 8, column = lane % 4 * 2 + i % 2;
                for (int k = 0; k < 8; k++) c[lane * 4 + i] += matrixA[row * 8 + k] * matrixB[k * 8 + column];
            }
        }

        static float Upper(uint bits) => BitConverter.UInt32BitsToSingle(bits & 0xFFFFE000);
    }

    /// <summary>cvt.rna: to 10 bits of mantissa, to nearest, ties away from zero; by arithmetic on doubles.</summary>
    public static float ToTF32(float value)
    {
        if (!float.IsFinite(value) || value == 0) return value;
        double unit = Math.ScaleB(1, Math.Max(-126, Math.ILogB(value)) - 10);
        return (float)(Math.Round(value / unit, MidpointRounding.AwayFromZero) * unit);
    }

    /// <summary>How many times over a phase of ldmatrix, eight rows of 16 bytes, asks a bank: 1 is free of conflicts.</summary>
    public static int BankUse(ReadOnlySpan<int> rows)
    {
        Span<int> uses = stackalloc int[32];
        uses.Clear();
        int most = 0;
        foreach (int row in rows)
            for (int word = 0; word < 4; word++) most = Math.Max(most, ++uses[(row / 4 + word) % 32]);
        return most;
    }

    public static float FromBF16(ushort bits) => BitConverter.Int32BitsToSingle(bits << 16);

    public static float FromF16(ushort bits) => (float)BitConverter.UInt16BitsToHalf(bits);

    public static ushort ToF16(float value) => BitConverter.HalfToUInt16Bits((Half)value);

    /// <summary>Rounded to nearest, ties to even; by arithmetic on doubles, apart from the engine's bit trick.</summary>
    public static ushort ToBF16(float value)
    {
        if (float.IsNaN(value)) return 0x7FFF;
        uint below = BitConverter.SingleToUInt32Bits(value) & 0xFFFF0000, above = below + 0x10000;
        double low = BitConverter.UInt32BitsToSingle(below);
        double high = (above & 0x7FFFFFFF) == 0x7F800000 ? Math.CopySign(Math.ScaleB(1, 128), value) : BitConverter.UInt32BitsToSingle(above);
        double toLow = Math.Abs(value - low), toHigh = Math.Abs(high - value);
        bool up = toHigh < toLow || (toHigh == toLow && (below & 0x10000) != 0);
        return (ushort)((up ? above : below) >> 16);
    }
}
