using SeLoRA.Engine;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>The emulated warp-wide instructions against plain matrices, and their conversions against the engine's.</summary>
public class WarpInstructionTests
{
    [Theory]
    [InlineData(1, false)]
    [InlineData(2, false)]
    [InlineData(4, false)]
    [InlineData(1, true)]
    [InlineData(2, true)]
    [InlineData(4, true)]
    public void LdMatrix_gives_each_lane_two_neighbours_of_a_row(int count, bool transposed)
    {
        // Element (row, column) of matrix i is i 64 + row 8 + column; rows lie in reverse order.
        var shared = new byte[count * 128];
        var rows = new int[count * 8];
        for (int i = 0; i < rows.Length; i++)
        {
            rows[i] = (rows.Length - 1 - i) * 16;
            for (int column = 0; column < 8; column++) BitConverter.TryWriteBytes(shared.AsSpan(rows[i] + column * 2), (ushort)(i * 8 + column));
        }
        uint[] loaded = WarpInstructions.LdMatrix(shared, rows, count, transposed);
        for (int lane = 0; lane < 32; lane++)
        {
            for (int i = 0; i < count; i++)
            {
                int row = lane / 4, column = lane % 4 * 2;
                (int first, int second) = transposed ? (column * 8 + row, (column + 1) * 8 + row) : (row * 8 + column, row * 8 + column + 1);
                Assert.Equal((uint)(i * 64 + first) | (uint)(i * 64 + second) << 16, loaded[lane * count + i]);
            }
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Mma_is_a_product_of_the_loaded_matrices(bool isBF16)
    {
        // A as four quarters through ldmatrix.x4, B stored (n, k) through x2: the way from memory to fragments is part of the claim.
        Func<ushort, float> toFloat = isBF16 ? WarpInstructions.FromBF16 : WarpInstructions.FromF16;
        float[] random = GuardedTensor.Random(16 * 16 + 8 * 16 + 32 * 4, 7);
        ushort[] stored = [.. random[..384].Select(x => isBF16 ? WarpInstructions.ToBF16(x) : WarpInstructions.ToF16(x))];
        var shared = new byte[stored.Length * 2];
        Buffer.BlockCopy(stored, 0, shared, 0, shared.Length);
        int[] rowsA = [.. Enumerable.Range(0, 32).Select(i => (i / 8 % 2 * 8 + i % 8) * 32 + i / 16 * 16)];
        int[] rowsB = [.. Enumerable.Range(0, 16).Select(i => 512 + i % 8 * 32 + i / 8 * 16)];
        float[] before = random[384..], sums = [.. before];
        WarpInstructions.Mma(WarpInstructions.LdMatrix(shared, rowsA, 4, false), WarpInstructions.LdMatrix(shared, rowsB, 2, false), sums, toFloat);
        for (int lane = 0; lane < 32; lane++)
        {
            for (int i = 0; i < 4; i++)
            {
                int m = lane / 4 + i / 2 * 8, n = lane % 4 * 2 + i % 2;
                double expected = before[lane * 4 + i];
                for (int k = 0; k < 16; k++) expected += (double)toFloat(stored[m * 16 + k]) * toFloat(stored[256 + n * 16 + k]);
                Assert.Equal(expected, sums[lane * 4 + i], 1e-5);
            }
        }
    }

    [Fact]
    public void Mma_of_TF32_is_a_product_of_the_matrices_as_ldmatrix_loads_them()
    {
        // Lines of eight float32 are two chunks; ldmatrix takes them for 16-bit matrices, as the kernels do.
        float[] random = Array.ConvertAll(GuardedTensor.Random(16 * 8 + 8 * 8 + 32 * 4, 9), WarpInstructions.ToTF32);
        var shared = new byte[192 * 4];
        Buffer.BlockCopy(random, 0, shared, 0, shared.Length);
        int[] rowsA = [.. Enumerable.Range(0, 32).Select(i => (i / 8 % 2 * 8 + i % 8) * 32 + i / 16 * 16)];
        int[] rowsB = [.. Enumerable.Range(0, 16).Select(i => 512 + i % 8 * 32 + i / 8 * 16)];
        float[] before = random[192..], sums = [.. before];
        WarpInstructions.MmaTF32(WarpInstructions.LdMatrix(shared, rowsA, 4, false), WarpInstructions.LdMatrix(shared, rowsB, 2, false), sums);
        for (int lane = 0; lane < 32; lane++)
        {
            for (int i = 0; i < 4; i++)
            {
                int m = lane / 4 + i / 2 * 8, n = lane % 4 * 2 + i % 2;
                double expected = before[lane * 4 + i];
                for (int k = 0; k < 8; k++) expected += (double)random[m * 8 + k] * random[128 + n * 8 + k];
                Assert.Equal(expected, sums[lane * 4 + i], 1e-5);
            }
        }
    }

    /// <summary>A number with 11 bits more than TF32 keeps, a tie on either side of zero, one that carries into the exponent.</summary>
    [Theory]
    [InlineData(0x3F800FFFu, 0x3F800000u)]
    [InlineData(0x3F801000u, 0x3F802000u)]
    [InlineData(0xBF801000u, 0xBF802000u)]
    [InlineData(0x3FFFF000u, 0x40000000u)]
    [InlineData(0x7F800000u, 0x7F800000u)]
    [InlineData(0x00001000u, 0x00002000u)]
    public void Rounding_to_TF32_is_to_nearest_and_away_from_zero(uint bits, uint rounded) =>
        Assert.Equal(rounded, BitConverter.SingleToUInt32Bits(WarpInstructions.ToTF32(BitConverter.UInt32BitsToSingle(bits))));

    [Fact]
    public void Rounding_to_16_bits_is_the_hosts()
    {
        float[] values = [.. GuardedTensor.Random(2000, 3), 0f, -0f, 1e-8f, 65520f, 1e38f, -3.4e38f, 1.00390625f, 1.01171875f, float.PositiveInfinity];
        foreach ((DType dtype, Func<float, ushort> round) in new (DType, Func<float, ushort>)[] { (DType.BF16, WarpInstructions.ToBF16), (DType.F16, WarpInstructions.ToF16) })
        {
            using Tensor x = Tensor.From(values, new Shape(values.Length)), y = Ops.Cast(x, dtype);
            byte[] bytes = TensorCoreProblem.BytesOf(y);
            for (int i = 0; i < values.Length; i++) Assert.True(round(values[i]) == BitConverter.ToUInt16(bytes, i * 2), $"{dtype} of {values[i]:g9}");
        }
    }
}
