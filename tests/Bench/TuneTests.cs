extern alias bench;

using bench::SeLoRA.Bench;
using SeLoRA.Engine;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>The table of measured cuts: what is chosen of given times, how it is written, and that it is asked.</summary>
[Collection("command line")]
public class TuneTests
{
    private static readonly Cut Large = new(TensorCoreTile.Tile128x128, 1), Middle = new(TensorCoreTile.Tile128x64, 1), Split = new(TensorCoreTile.Tile64x64, 4);

    [Fact]
    public void The_fastest_cut_of_a_class_is_taken_where_it_gains()
    {
        TensorCoreShapeClass gains = TensorCoreShapeClass.Of(false, 4096, 320, 320), noise = TensorCoreShapeClass.Of(false, 64, 320, 320),
            two = TensorCoreShapeClass.Of(true, 4096, 320, 2880);
        TensorCoreTunedRow[] rows = [.. TuneChoice.Rows(
        [
            Timing(two, Large, (Large, 1), (Middle, 0.5), (Split, 0.8)),
            Timing(gains, Large, (Large, 1), (Middle, 0.9), (Split, 0.7)),
            Timing(noise, Large, (Large, 1), (Middle, 0.98)),
            // Over both shapes the middle one loses, and what was measured of one only does not count.
            Timing(two, Large, (Large, 1), (Middle, 2.5), (Split, 0.8), (new Cut(TensorCoreTile.Tile16x128, 1), 0.1)),
        ])];
        Assert.Equal([new(gains, Split.Tile, Split.Splits), new(two, Split.Tile, Split.Splits)], rows);
    }

    [Fact]
    public void Classes_are_powers_of_two() =>
        Assert.Equal((new TensorCoreShapeClass(false, 12, 9, 12), new TensorCoreShapeClass(false, 13, 0, 1)),
            (TensorCoreShapeClass.Of(false, 4096, 320, 2880), TensorCoreShapeClass.Of(false, 4097, 1, 2)));

    [Fact]
    public void The_checked_in_table_is_the_text_of_its_own_rows()
    {
        if (Repository.Root is not { } root) { Assert.Skip("no working copy around the test assembly"); return; }
        string file = File.ReadAllText(Path.Combine(root, "engine", "Backends", "Gpu", "TensorCore", "TensorCoreTuned.g.cs"));
        Assert.Equal(TuneTable.Text(TensorCoreTunedRows.DeviceName, TensorCoreTunedRows.Multiprocessors, TensorCoreTunedRows.All), file.ReplaceLineEndings("\n"));
    }

    [Fact]
    public void Rows_are_written_as_the_compiler_reads_them() =>
        Assert.Contains("\n    public static TensorCoreTunedRow[] All { get; } =\n    [\n        new(new(true, 12, 9, 12), TensorCoreTile.Tile64x64, 4),\n    ];\n}\n",
            TuneTable.Text("a card", 132, [new(TensorCoreShapeClass.Of(true, 4096, 320, 2880), TensorCoreTile.Tile64x64, 4)]), StringComparison.Ordinal);

    [Fact]
    public void A_tuned_row_cuts_products_of_its_class_and_no_split_is_empty()
    {
        var shape = new GemmShape(4096, 320, 320);
        var row = new TensorCoreTunedRow(TensorCoreShapeClass.Of(false, 4096, 320, 320), TensorCoreTile.Tile64x64, 7);
        TensorCorePlan plan = TensorCorePlan.For(shape, 0, DType.BF16, TensorCoreTable.Of(row.Tile), 132).Split(row.Splits);
        Assert.Equal((TensorCoreTile.Tile64x64, 10, 2, 5), (plan.Tile, plan.Slices, plan.SlicesOfSplit, plan.Splits));
        Assert.Equal(TensorCorePlan.For(shape, 0, DType.BF16, TensorCoreTable.Choose(4096, 320, 1, 132), 132), TensorCorePlan.For(shape, 0, DType.BF16, 132));
    }

    [Theory]
    [InlineData("cpu")]
    [InlineData("opencl:0")]
    [InlineData("cuda:99")]
    public void Without_tensor_cores_one_line_says_what_is_needed(string device)
    {
        BenchRun run = BenchRun.Of("tune", "--device", device);
        Assert.Equal((1, ""), (run.Code, run.Output));
        Assert.Equal($"error: tune: {device} has no tensor cores to tune; a CUDA device of compute capability 8.0 or later is needed\n", run.Errors);
    }

    private static TuneTiming Timing(TensorCoreShapeClass shape, Cut reckoned, params (Cut Cut, double Ms)[] times) =>
        new(shape, reckoned, times.ToDictionary(t => t.Cut, t => t.Ms));
}
