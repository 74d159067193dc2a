using SeLoRA.Engine;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>Places in shared memory: nothing overlaps, no phase of an access asks a bank twice, fragments hold what mma expects.</summary>
public class TensorCoreLayoutTests
{
    /// <summary>k contiguous or not, log2 of an operand's rows in a tile, rows of a warp.</summary>
    public static TheoryData<bool, int, int> Operands => new()
    {
        { true, 7, 64 }, { true, 7, 32 }, { true, 6, 32 }, { true, 4, 16 }, { false, 7, 64 }, { false, 7, 32 }, { false, 6, 32 }, { false, 4, 16 },
    };

    [Theory]
    [MemberData(nameof(Operands))]
    public void Chunks_fill_the_slice_without_overlap_and_banks_evenly(bool alongK, int log2Rows, int warpRows)
    {
        Assert.True(warpRows <= 1 << log2Rows);
        foreach (int log2Bytes in (int[])[1, 2])
        {
            int log2Line = TensorCoreLayout.Log2LineChunks(alongK, log2Rows, log2Bytes), chunks = TensorCoreLayout.SliceBytes(log2Rows) / 16;
            int[] offsets = [.. Enumerable.Range(0, chunks).Select(i => TensorCoreLayout.ChunkOffset(
                i >> log2Line, i & ((1 << log2Line) - 1), log2Line, TensorCoreLayout.Log2Together(alongK, log2Bytes)))];
            Assert.Equal(Enumerable.Range(0, chunks).Select(i => i * 16), offsets.Order());
            // cp.async: eight threads write 128 bytes at a time.
            foreach (int[] phase in offsets.Chunk(8)) Assert.Equal(1, WarpInstructions.BankUse(phase));
        }
    }

    /// <summary>What the generated text loads of float32 across k: each lane its words, and a warp's 32 of them from 32 banks.</summary>
    [Theory]
    [InlineData(7, 64)]
    [InlineData(7, 32)]
    [InlineData(6, 32)]
    [InlineData(4, 16)]
    public void Words_are_what_mma_expects_and_free_of_bank_conflicts(int log2Rows, int warpRows)
    {
        int log2Line = TensorCoreLayout.Log2LineChunks(false, log2Rows, 2), lineBytes = 4 << log2Rows;
        for (int warp = 0; warp < (1 << log2Rows) / warpRows; warp++)
        {
            for (int step = 0; step < 2; step++)
            {
                for (int eight = 0; eight < warpRows / 8; eight++)
                {
                    for (int high = 0; high < 2; high++)
                    {
                        int[] at = [.. Enumerable.Range(0, 32).Select(lane => (TensorCoreLayout.FragmentOfA(lane, warp * warpRows, false, log2Rows, 2)
                            + step * TensorCoreLayout.StepAcrossK(log2Rows) ^ eight * 32) + high * 4 * lineBytes)];
                        Assert.Equal(32, at.Select(place => place / 4 % 32).Distinct().Count());
                        for (int lane = 0; lane < 32; lane++)
                        {
                            int row = warp * warpRows + eight * 8 + lane / 4, k = step * 8 + high * 4 + lane % 4;
                            Assert.Equal(TensorCoreLayout.ChunkOffset(k, row / 4, log2Line, TensorCoreLayout.Log2Together(false, 2)) + row % 4 * 4, at[lane]);
                        }
                    }
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Operands))]
    public void Fragments_hold_what_mma_expects_and_phases_are_free_of_bank_conflicts(bool alongK, int log2Rows, int warpRows)
    {
        const int Depth = 32;
        int rows = 1 << log2Rows, log2Line = TensorCoreLayout.Log2LineChunks(alongK, log2Rows, 1);
        var shared = new byte[TensorCoreLayout.SliceBytes(log2Rows)];
        for (int row = 0; row < rows; row++)
        {
            for (int k = 0; k < Depth; k++)
            {
                (int line, int within) = alongK ? (row, k) : (k, row);
                int at = TensorCoreLayout.ChunkOffset(line, within / 8, log2Line, 0) + within % 8 * 2;
                BitConverter.TryWriteBytes(shared.AsSpan(at), (ushort)(row * Depth + k));
            }
        }
        for (int warp = 0; warp < rows / warpRows; warp++)
        {
            for (int step = 0; step < 2; step++)
            {
                for (int fragment = 0; fragment < warpRows / 16; fragment++)
                {
                    int row0 = warp * warpRows + fragment * 16, k0 = step * 16;
                    // Registers of A: (low m, low k), (high m, low k), (low m, high k), (high m, high k); of two fragments of B: n and k so.
                    Check(lane => TensorCoreLayout.FragmentOfA(lane, warp * warpRows, alongK, log2Rows, 1), i => (row0 + i % 2 * 8, k0 + i / 2 * 8));
                    Check(lane => TensorCoreLayout.FragmentsOfB(lane, warp * warpRows, alongK, log2Rows, 1), i => (row0 + i / 2 * 8, k0 + i % 2 * 8));

                    void Check(Func<int, int> place, Func<int, (int Row, int K)> corner)
                    {
                        // What the generated text adds to the first place: a step along K, and a fragment.
                        int[] at = [.. Enumerable.Range(0, 32).Select(lane => alongK
                            ? (place(lane) ^ step * TensorCoreLayout.StepAlongK) + fragment * 16 * 64
                            : place(lane) + step * TensorCoreLayout.StepAcrossK(log2Rows) ^ fragment * 32)];
                        foreach (int[] phase in at.Chunk(8)) Assert.Equal(1, WarpInstructions.BankUse(phase));
                        uint[] loaded = WarpInstructions.LdMatrix(shared, at, 4, !alongK);
                        for (int lane = 0; lane < 32; lane++)
                        {
                            for (int i = 0; i < 4; i++)
                            {
                                (int row, int k) = corner(i);
                                uint first = (uint)((row + lane / 4) * Depth + k + lane % 4 * 2);
                                Assert.Equal(first | first + 1 << 16, loaded[lane * 4 + i]);
                            }
                        }
                    }
                }
            }
        }
    }

    [Theory]
    [InlineData(7)]
    [InlineData(6)]
    [InlineData(4)]
    public void Staged_pairs_are_stored_free_of_bank_conflicts(int log2Columns)
    {
        // 8 bytes a lane: half a warp at a time.
        foreach (int[] lanes in Enumerable.Range(0, 32).Chunk(16))
        {
            int[] banks = [.. lanes.SelectMany(lane => new[] { 0, 1 }.Select(word => (TensorCoreLayout.StagedOffset(lane, 1, 0, log2Columns) / 4 + word) % 32))];
            Assert.Equal(32, banks.Distinct().Count());
        }
    }
}
