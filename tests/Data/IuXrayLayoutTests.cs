using SeLoRA.Engine;
using SeLoRA.Train;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>Indiana University's data in both published forms, in miniature.</summary>
public class IuXrayLayoutTests
{
    private const string ReportHeader = "uid,MeSH,Problems,image,indication,comparison,findings,impression";

    [Theory]
    [InlineData("\n", false, "images/images_normalized/")]
    [InlineData("\r\n", true, "images_normalized/")]
    [InlineData("\n", true, "")]
    public void Frontal_views_get_impression_and_findings(string newLine, bool bom, string images)
    {
        using var set = new DataFolderBuilder();
        Kaggle(set, newLine, bom ? "\uFEFF" : "",
            [
                "1,normal,normal,x,y,z,\"Heart size is normal, lungs \"\"clear\"\".\",Normal chest.",
                "2,,,,,,,Größe grenzwertig.",
                "3,,,,,,No effusion.,",
                "4,,,,,,,",
                "5,,,,,,Two of them.,",
                "6,,,,,,Only lateral.,",
            ],
            [
                "1,1_IM-1-1001.dcm.png,Frontal", "1,1_IM-1-2001.dcm.png,Lateral", "2,2_IM-2.dcm.png,Frontal", "3,3_IM-3.dcm.png,frontal",
                "4,4_IM-4.dcm.png,Frontal", "5,5_IM-a.dcm.png,Frontal", "5,5_IM-b.dcm.png,Frontal", "6,6_IM-6.dcm.png,Lateral",
            ]);
        set.Images([.. new[] { "1_IM-1-1001", "2_IM-2", "3_IM-3", "5_IM-a", "5_IM-b" }.Select(n => $"{images}{n}.dcm.png")]);
        DataFolder data = set.Load();
        Assert.Equal("iu-xray", data.Layout);
        Dictionary<string, string> captions = DataFolderBuilder.Captions(data);
        Assert.Equal(5, captions.Count);
        Assert.Equal("Normal chest. Heart size is normal, lungs \"clear\".", captions["1_IM-1-1001.dcm.png"]);
        Assert.Equal("Größe grenzwertig.", captions["2_IM-2.dcm.png"]);
        Assert.Equal("No effusion.", captions["3_IM-3.dcm.png"]);
        Assert.Equal(["1", "2", "3", "5", "5"], data.Images.Select(i => i.Patient).Order());
        string[] notes =
        [
            "2 lateral views left out", "1 frontal views left out: the report has neither findings nor impression", "1 reports have no frontal view",
        ];
        Assert.Equal(notes, data.Notes);
    }

    [Fact]
    public void Bad_rows_name_file_and_row()
    {
        using var set = new DataFolderBuilder();
        Kaggle(set, "\n", "",
            ["1,,,,,,A.,", "1,,,,,,B.,", "2,,,,,,C.,", ",,,,,,D.,", "3,too,few"],
            [
                "1,1.png,Frontal", "2,gone.png,Frontal", "9,9.png,Frontal", "2,2.png,Oblique", "1,1.png,Frontal", "2,\"open,Frontal",
            ]);
        set.Images("images/1.png");
        var e = Assert.Throws<EngineException>(() => set.Load());
        Assert.Contains("indiana_reports.csv row 3: uid 1: listed before, in row 2", e.Message);
        Assert.Contains("--skip-bad", e.Message);
        Assert.DoesNotContain('\n', e.Message);

        DataFolder data = set.Load(skipBad: true);
        Assert.Equal("A.", Assert.Single(data.Images).Caption);
        string[] says =
        [
            "indiana_reports.csv row 3: uid 1: listed before", "indiana_reports.csv row 5: empty uid", "indiana_reports.csv row 6: 3 fields",
            "indiana_projections.csv row 3: images/gone.png: no such file", "indiana_projections.csv row 4: uid 9 is not in indiana_reports.csv",
            "indiana_projections.csv row 5: projection 'Oblique'", "indiana_projections.csv row 6: images/1.png: listed before, in row 2",
            "indiana_projections.csv row 7: a quote is opened and never closed",
        ];
        Assert.Equal(says.Length, data.Problems.Count);
        Assert.All(says.Zip(data.Problems), pair => Assert.StartsWith(pair.First, pair.Second.ToString()));
    }

    [Fact]
    public void A_missing_table_or_column_is_one_line()
    {
        using var set = new DataFolderBuilder();
        set.Text("indiana_reports.csv", ReportHeader + "\n");
        Assert.EndsWith("indiana_projections.csv: no such file", Assert.Throws<EngineException>(() => set.Load()).Message);
        set.Text("indiana_projections.csv", "uid,file\n");
        Assert.Contains("no column filename", Assert.Throws<EngineException>(() => set.Load()).Message);
        set.Text("indiana_projections.csv", "uid,filename,projection\n");
        Assert.Contains("lists no image", Assert.Throws<EngineException>(() => set.Load()).Message);
    }

    [Theory]
    [InlineData("There are no XXXX of a pleural effusion.", "Normal chest x-XXXX.", "Normal chest x. There are no of a pleural effusion.")]
    [InlineData("XXXX. Clear   lungs.\n", "", "Clear lungs.")]
    [InlineData("Seen on XXXX, XXXX. Stable (XXXX).", "", "Seen on. Stable.")]
    [InlineData("XXXX/XXXX XXXX's XXXX-year-old scar", "", "year-old scar")]
    [InlineData("Values ... as is, e.g., this", "", "Values ... as is, e.g., this")]
    [InlineData("XXXX's-XXXX's scar", "", "scar")]
    [InlineData("XXXX.", "XXXX XXXX", "")]
    public void Removed_names_leave_no_trace(string findings, string impression, string caption) =>
        Assert.Equal(caption, RadiologyReport.Caption(findings, impression));

    [Fact]
    public void Long_runs_of_marks_are_walked_once() =>
        Assert.Equal("a", RadiologyReport.Caption("XXXX" + new string('-', 1_000_000) + " a", ""));

    [Fact]
    public void Open_i_report_that_nests_without_end_is_refused()
    {
        using var set = new DataFolderBuilder();
        set.Text("indiana_projections.csv", "uid,filename,projection\n1,1_IM-1.dcm.png,Frontal\n");
        set.Text("ecgen-radiology/1.xml", "<e><uId id=\"CXR1\"/><AbstractText Label=\"FINDINGS\">" + string.Concat(Enumerable.Repeat("<a>", 200_000)) + string.Concat(Enumerable.Repeat("</a>", 200_000)) + "</AbstractText></e>");
        Assert.Contains("nested more than 100 deep", Assert.Throws<EngineException>(() => set.Load()).Message);
    }

    [Theory]
    [InlineData("NLMCXR_png/")]
    [InlineData("")]
    public void Open_i_reports_are_joined_with_the_table_of_views(string images)
    {
        using var set = new DataFolderBuilder();
        set.Text("indiana_projections.csv", "uid,filename,projection\n1,1_IM-0001-4001.dcm.png,Frontal\n1,1_IM-0001-3001.dcm.png,Lateral\n"
            + "2,2_IM-0652-1001.dcm.png,Frontal\n10,10_IM-2.dcm.png,Frontal\n");
        set.Text("ecgen-radiology/10.xml", Report("CXR10", "", "", "CXR10_IM-2"));
        set.Text("ecgen-radiology/2.xml", Report("CXR2", "Größe &amp; Form normal.", "Normal.", "CXR2_IM-0652-1001"));
        set.Text("ecgen-radiology/1.xml", "\uFEFF" + Report("CXR1", "Clear.", null, "CXR1_1_IM-0001-3001", "CXR1_1_IM-0001-4001", "CXR1_9_IM-9"));
        set.Text("ecgen-radiology/3.xml", Report("CXR3", "No image.", null));
        set.Images(images + "CXR1_1_IM-0001-4001.png", images + "CXR2_IM-0652-1001.png");
        DataFolder data = set.Load();
        Assert.Equal("openi", data.Layout);
        Assert.Equal(["1", "2"], data.Images.Select(i => i.Patient).Order());
        Dictionary<string, string> captions = DataFolderBuilder.Captions(data);
        Assert.Equal("Clear.", captions["CXR1_1_IM-0001-4001.png"]);
        Assert.Equal("Normal. Größe & Form normal.", captions["CXR2_IM-0652-1001.png"]);
        Assert.Equal(4, data.Notes.Count);
        Assert.Contains("1 images left out: indiana_projections.csv does not tell their view", data.Notes);
    }

    [Fact]
    public void Bad_open_i_reports_name_their_file()
    {
        using var set = new DataFolderBuilder();
        set.Text("ecgen-radiology/1.xml", Report("CXR1", "Clear.", null, "CXR1_IM-1"));
        Assert.Contains("do not say which images are frontal", Assert.Throws<EngineException>(() => set.Load()).Message);
        set.Text("indiana_projections.csv", "uid,filename,projection\n1,1_IM-1.dcm.png,Frontal\n2,2_IM-2.dcm.png,Frontal\n");
        set.Text("ecgen-radiology/2.xml", Report("CXR2", "Clear.", null, "CXR2_IM-2"));
        set.Text("ecgen-radiology/3.xml", Report("CXR1", "Again.", null));
        set.Text("ecgen-radiology/4.xml", "<eCitation>\n<uId id=");
        set.Text("ecgen-radiology/5.xml", "<eCitation/>");
        set.Images("CXR1_IM-1.png");
        DataFolder data = set.Load(skipBad: true);
        Assert.Equal("Clear.", Assert.Single(data.Images).Caption);
        string[] says = ["2.xml row 6: CXR2_IM-2.png: no such file", "3.xml: CXR1 is the report of 1.xml too", "4.xml row 2: not valid XML", "5.xml: no uId"];
        Assert.Equal(says.Length, data.Problems.Count);
        Assert.All(says.Zip(data.Problems), pair => Assert.StartsWith(pair.First, pair.Second.ToString()));
    }

    private static void Kaggle(DataFolderBuilder set, string newLine, string start, string[] reports, string[] projections)
    {
        set.Text("indiana_reports.csv", start + string.Join(newLine, [ReportHeader, .. reports]) + newLine);
        set.Text("indiana_projections.csv", start + string.Join(newLine, ["uid,filename,projection", .. projections]) + newLine);
    }

    private static string Report(string uid, string findings, string? impression, params string[] images) =>
        $"""
        <?xml version="1.0" encoding="utf-8"?>
        <eCitation><uId id="{uid}"/><MedlineCitation><Article><Abstract>
        <AbstractText Label="COMPARISON">None.</AbstractText>
        <AbstractText Label="FINDINGS">{findings}</AbstractText>{(impression is null ? "" : $"<AbstractText Label=\"IMPRESSION\">{impression}</AbstractText>")}
        </Abstract></Article></MedlineCitation>
        {string.Join("\n", images.Select(i => $"<parentImage id=\"{i}\"><figureId>F1</figureId><panel><url>/x/{i}.jpg</url></panel></parentImage>"))}
        </eCitation>
        """;
}
