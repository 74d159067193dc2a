using SeLoRA.Train;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>The real report tables, with made-up images: the published data sets' images may not be shipped.</summary>
public class RealTablesTests
{
    [Fact]
    public void Real_indiana_tables_are_read_without_a_problem()
    {
        string reports = RealData.Require("iu-xray/indiana_reports.csv"), projections = RealData.Require("iu-xray/indiana_projections.csv");
        using var set = new DataFolderBuilder();
        File.Copy(reports, Path.Combine(set.Path, Path.GetFileName(reports)));
        File.Copy(projections, Path.Combine(set.Path, Path.GetFileName(projections)));
        LayoutRows table = new IuXrayLayout().Read(set.Path, 42);
        Assert.Equal(3818 - 24, table.Rows.Count);
        Assert.All(table.Rows, row => Assert.Null(row.Problem));
        Assert.DoesNotContain(table.Rows, row => row.Caption.Contains("XXX", StringComparison.Ordinal));
        Assert.DoesNotContain(table.Rows, row => row.Caption.Contains("  ", StringComparison.Ordinal) || row.Caption != row.Caption.Trim());
        string[] notes =
        [
            "3,648 lateral views left out", "24 frontal views left out: the report has neither findings nor impression", "162 reports have no frontal view",
        ];
        Assert.Equal(notes, table.Notes);
        DataSplit split = DataSplit.Draw([.. table.Rows.Select(r => r.ToImage())], IuXrayLayout.IuSplit, 42);
        Assert.Equal((3035, 607, 152), (split.Train.Count, split.Validation.Count, split.Test.Count));
    }

    [Fact]
    public void Real_gastric_captions_are_read_without_a_problem()
    {
        string captions = RealData.Require("patchgastric/captions.csv");
        using var set = new DataFolderBuilder();
        File.Copy(captions, Path.Combine(set.Path, "captions.csv"));
        string[] ids = [.. CsvTable.Read(captions, "").Rows.Select(row => row.Fields[0])];
        // The layout looks at names; two empty files a slide stand for its patches.
        foreach (string id in ids)
            for (int i = 0; i < 2; i++) set.Text($"patches_captions/{id}_{i}.jpg", "");
        LayoutRows table = new PatchGastricLayout().Read(set.Path, 42);
        Assert.Equal(2 * (283 + 265 + 135 + 81 + 78), table.Rows.Count);
        Assert.All(table.Rows, row => Assert.Null(row.Problem));
        Assert.Contains("149 slides of rarer subtypes left out", table.Notes);
    }

    [Theory]
    [InlineData("brats", 160, 150)]
    [InlineData("picai", 200, 0)]
    public void Real_image_folders_give_their_parts(string folder, int train, int test)
    {
        DataFolder data = DataFolder.Load(RealData.Require(folder), "auto", 42, false);
        Assert.Equal((train, 0, test), (data.Split.Train.Count, data.Split.Validation.Count, data.Split.Test.Count));
    }
}
