using SeLoRA.Engine;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>Places of attention's rows in shared memory: nothing overlaps, no phase of an access asks a bank twice.</summary>
public class TensorCoreAttentionLayoutTests
{
    private const int Rows = 64;

    /// <summary>Chunks of a row: heads of 40, 80 and 160.</summary>
    public static TheoryData<int> Chunks => [6, 10, 20];

    [Theory]
    [MemberData(nameof(Chunks))]
    public void Chunks_fill_the_tile_without_overlap(int chunks) => Assert.Equal(
        Enumerable.Range(0, Rows * chunks).Select(i => i * TensorCoreAttentionLayout.ChunkBytes),
        Enumerable.Range(0, Rows * chunks).Select(i => TensorCoreAttentionLayout.ChunkOffset(i / chunks, i % chunks, chunks)).Order());

    [Theory]
    [MemberData(nameof(Chunks))]
    public void Fragments_are_the_chunks_that_mma_expects_and_phases_are_free_of_bank_conflicts(int chunks)
    {
        for (int row = 0; row < Rows; row += 16)
        {
            for (int chunk = 0; chunk < chunks; chunk += 2)
            {
                Check(TensorCoreAttentionLayout.RowsFirst, i => (i % 2 * 8, i / 2));
                Check(TensorCoreAttentionLayout.ColumnsFirst, i => (i / 2 * 8, i % 2));

                void Check(Func<int, int, int> place, Func<int, (int Row, int Chunk)> matrix)
                {
                    // What the generated text adds: chunks within a swizzled pair or four by XOR, the others and 16 rows by addition.
                    int swizzled = chunks % 4 == 0 ? 4 : 2, chunkBytes = TensorCoreAttentionLayout.ChunkBytes;
                    int[] at = [.. Enumerable.Range(0, 32).Select(lane => (place(lane, chunks) ^ (chunk & (swizzled - 1)) * chunkBytes)
                        + (chunk & -swizzled) * chunkBytes + row * chunks * chunkBytes)];
                    foreach (int[] phase in at.Chunk(8)) Assert.Equal(1, WarpInstructions.BankUse(phase));
                    for (int lane = 0; lane < 32; lane++)
                    {
                        (int lower, int further) = matrix(lane / 8);
                        Assert.Equal(TensorCoreAttentionLayout.ChunkOffset(row + lower + lane % 8, chunk + further, chunks), at[lane]);
                    }
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Chunks))]
    public void Copies_take_each_chunk_once_and_write_banks_evenly(int chunks)
    {
        int[] threads = [.. Enumerable.Range(0, TensorCoreAttentionLayout.Threads)];
        Assert.Equal(Enumerable.Range(0, TensorCoreAttentionLayout.CopiedRows), threads.Select(t => TensorCoreAttentionLayout.CopiedRow(t, chunks)).Distinct().Order());
        for (int chunk = 0; chunk + 4 <= chunks; chunk += 4)
        {
            int[] at = [.. threads.Select(t => TensorCoreAttentionLayout.ChunkOffset(TensorCoreAttentionLayout.CopiedRow(t, chunks), t % 4 + chunk, chunks))];
            // Eight threads write 128 bytes at a time.
            foreach (int[] phase in at.Chunk(8)) Assert.Equal(1, WarpInstructions.BankUse(phase));
        }
    }

    [Theory]
    [MemberData(nameof(Chunks))]
    public void Pairs_of_a_result_are_stored_free_of_bank_conflicts(int chunks) => Assert.Equal(32,
        Enumerable.Range(0, 32).Select(lane => TensorCoreAttentionLayout.Pair(lane, chunks) / 4 % 32).Distinct().Count());
}
