using SeLoRA.Engine;
using SeLoRA.Train;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>Splits by patient, and which layout a folder is taken for.</summary>
public class DataSplitTests
{
    private static readonly SplitShares Shares = new(Validation: 0.16, Test: 0.04);

    // 500 patients with one to three images each.
    private static CaptionedImage[] Many { get; } =
        [.. Enumerable.Range(0, 500).SelectMany(p => Enumerable.Range(0, 1 + p % 3).Select(i => new CaptionedImage($"{p}-{i}.png", "x", $"p{p}", 1, 1)))];

    [Fact]
    public void No_patient_stands_in_two_parts_and_shares_are_met()
    {
        DataSplit split = DataSplit.Draw(Many, Shares, seed: 42);
        IReadOnlyList<CaptionedImage>[] parts = [split.Train, split.Validation, split.Test];
        Assert.Equal(Many.OrderBy(i => i.Path), parts.SelectMany(p => p).OrderBy(i => i.Path));
        Assert.Equal(500, parts.Sum(p => p.Select(i => i.Patient).Distinct().Count()));
        Assert.Equal(0.16 * Many.Length, split.Validation.Count, 2.0);
        Assert.Equal(0.04 * Many.Length, split.Test.Count, 2.0);
    }

    [Fact]
    public void A_split_depends_on_seed_and_names_and_not_on_the_order_of_files()
    {
        static string[] Test(IEnumerable<CaptionedImage> images, ulong seed) =>
            [.. DataSplit.Draw([.. images], Shares, seed).Test.Select(i => i.Path).Order(StringComparer.Ordinal)];
        Assert.Equal(Test(Many, 42), Test(Many.Reverse(), 42));
        Assert.NotEqual(Test(Many, 42), Test(Many, 43));
        // A patient more moves no other one from one side to the other, but for the few at the edges.
        Assert.True(Test(Many.Append(new CaptionedImage("new.png", "x", "new", 1, 1)), 42).Intersect(Test(Many, 42)).Count() >= Test(Many, 42).Length - 3);
    }

    [Theory]
    [InlineData(1, 1, 0, 0)]
    [InlineData(2, 1, 0, 1)]
    [InlineData(3, 1, 1, 1)]
    public void Few_patients_are_spread_as_far_as_they_go(int patients, int train, int validation, int test)
    {
        DataSplit split = DataSplit.Draw([.. Many.DistinctBy(i => i.Patient).Take(patients)], Shares, 42);
        Assert.Equal((train, validation, test), (split.Train.Count, split.Validation.Count, split.Test.Count));
    }

    [Fact]
    public void A_missing_validation_part_is_taken_from_training_by_patient()
    {
        DataSplit split = DataSplit.Draw(Many, Shares with { Validation = 0 }, 42);
        Assert.Empty(split.Validation);
        DataSplit full = split.WithValidation(0.1, 42);
        Assert.Equal(0.1 * split.Train.Count, full.Validation.Count, 2.0);
        Assert.Equal(split.Test, full.Test);
        Assert.Empty(full.Train.Select(i => i.Patient).Intersect(full.Validation.Select(i => i.Patient)));
        Assert.Same(full, full.WithValidation(0.5, 42));
    }

    [Fact]
    public void Metadata_beside_a_published_data_set_wins_unless_the_layout_is_named()
    {
        using var set = new DataFolderBuilder();
        set.Images("CXR_png/a.png").Text("ClinicalReadings/a.txt", "Patient's Sex: F\nPatient's Age: 030Y\nnormal");
        set.Text("metadata.csv", "file_name,text\nCXR_png/a.png,mine\n");
        Assert.Equal("mine", Assert.Single(set.Load().Images).Caption);
        Assert.Equal("age:30, gender:F, findings:normal", Assert.Single(set.Load(dataset: "montgomery").Images).Caption);
        Assert.Contains("--column", Assert.Throws<EngineException>(() => DataFolder.Load(set.Path, "montgomery", 42, false, "text2")).Message);
    }

    [Fact]
    public void An_unknown_folder_gets_what_each_layout_needs()
    {
        using var set = new DataFolderBuilder();
        set.Text("readme.txt", "x");
        foreach (string folder in (string[])[set.Path, Path.Combine(set.Path, "gone"), Path.Combine(set.Path, "readme.txt")])
        {
            string message = Assert.Throws<EngineException>(() => DataFolder.Load(folder, "auto", 42, false)).Message;
            Assert.StartsWith(folder, message);
            Assert.All(DataLayouts.Names.Skip(1), name => Assert.Contains(name + " needs", message));
            Assert.DoesNotContain('\n', message);
        }
    }

    [Fact]
    public void A_table_named_captions_need_not_be_the_gastric_one()
    {
        using var set = new DataFolderBuilder();
        set.Images("a.png").Text("a.txt", "mine").Text("captions.csv", "image,caption\na.png,x\n");
        Assert.Equal("mine", Assert.Single(set.Load().Images).Caption);
        Assert.Contains("no column id", Assert.Throws<EngineException>(() => set.Load(dataset: "patchgastric")).Message);
    }

    [Fact]
    public void A_scan_can_be_cancelled()
    {
        using var set = new DataFolderBuilder();
        set.Images("a.png").Text("a.txt", "x");
        Assert.Throws<OperationCanceledException>(() => DataFolder.Load(set.Path, "auto", 42, false, cancel: new CancellationToken(canceled: true)));
    }

    [Fact]
    public void An_image_folder_keeps_its_own_three_parts()
    {
        using var set = new DataFolderBuilder();
        foreach (string part in (string[])["train", "validation", "test"])
            set.Images($"{part}/a.png").Text($"{part}/metadata.csv", $"file_name,text\na.png,{part}\n");
        DataFolder data = set.Load();
        Assert.Equal(["train", "validation", "test"], data.Images.Select(i => i.Caption));
        Assert.False(data.DrawsSplit);
    }
}
