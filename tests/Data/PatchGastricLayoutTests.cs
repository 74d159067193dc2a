using SeLoRA.Engine;
using SeLoRA.Train;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>PatchGastricADC22 in miniature.</summary>
public class PatchGastricLayoutTests
{
    [Theory]
    [InlineData("patches_captions/")]
    [InlineData("patches_captions/patches_captions/")]
    [InlineData("")]
    public void The_five_commonest_subtypes_are_used_and_slides_are_patients(string folder)
    {
        using var set = new DataFolderBuilder();
        // Subtype k has 7 - k slides, s of them with s + 1 patches.
        (int Subtype, string Id)[] slides = [.. Enumerable.Range(0, 7).SelectMany(k => Enumerable.Range(0, 7 - k).Select(s => (k, $"{k}{s}ab")))];
        set.Text("captions.csv", "\uFEFFid,subtype,text\r\n" + string.Concat(slides.Select(s => $"{s.Id},\"type, {s.Subtype}\",\"Ducts, \"\"{s.Id}\"\".\"\r\n")));
        set.Images([.. slides.SelectMany(s => Enumerable.Range(0, s.Id[1] - '0' + 1).Select(p => $"{folder}{s.Id}_{p}.jpg")), folder + "zz_0.jpg"]);
        DataFolder data = set.Load();
        Assert.Equal("patchgastric", data.Layout);
        Assert.Equal(7 + 6 + 5 + 4 + 3, data.Images.Select(i => i.Patient).Distinct().Count());
        Assert.All(data.Images, i => Assert.Equal($"Ducts, \"{i.Patient}\".", i.Caption));
        Assert.All(data.Images, i => Assert.StartsWith(i.Patient + "_", Path.GetFileName(i.Path)));
        Assert.Equal(28 + 21 + 15 + 10 + 6, data.Images.Count());
        Assert.Contains("type, 4: 6 of 6 patches, 3 slides", data.Notes);
        Assert.Contains("3 slides of rarer subtypes left out", data.Notes);
        Assert.Contains("1 patches left out: their slide is not in captions.csv", data.Notes);
    }

    [Fact]
    public void Bad_slides_name_their_row()
    {
        using var set = new DataFolderBuilder();
        set.Text("captions.csv", "id,subtype,text\na,t,A\nb,t,B\na,t,again\n,t,x\nc,t,\nd,t,too,many\n").Images("patches_captions/a_1.jpg");
        DataFolder data = set.Load(skipBad: true);
        Assert.Equal("A", Assert.Single(data.Images).Caption);
        string[] says =
        [
            "captions.csv row 4: a: listed before, in row 2", "captions.csv row 5: empty id", "captions.csv row 6: c: empty caption",
            "captions.csv row 7: 4 fields", "captions.csv row 3: b: no patch b_*.jpg",
        ];
        Assert.Equal(says.Length, data.Problems.Count);
        Assert.All(says.Zip(data.Problems), pair => Assert.StartsWith(pair.First, pair.Second.ToString()));
    }

    [Fact]
    public void No_patches_at_all_is_one_line()
    {
        using var set = new DataFolderBuilder();
        set.Text("captions.csv", "id,subtype,text\na,t,A\n");
        Assert.Contains("no patches in patches_captions", Assert.Throws<EngineException>(() => set.Load()).Message);
    }
}
