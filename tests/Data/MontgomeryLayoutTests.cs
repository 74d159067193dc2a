using SeLoRA.Engine;
using SeLoRA.Train;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>Montgomery County's data in miniature.</summary>
public class MontgomeryLayoutTests
{
    [Theory]
    [InlineData("Patient's Sex: F   \nPatient's Age: 027Y\nnormal\n", "age:27, gender:F, findings:normal")]
    [InlineData("Patient's Sex: M\r\nPatient's Age: 040Y \r\n  old changes, RUL  \r\n\r\n?active\r\n", "age:40, gender:M, findings:old changes, RUL ?active")]
    [InlineData("\uFEFFpatient's sex: O\npatient's age: 5M\nÉpanchement", "age:5 months, gender:O, findings:Épanchement")]
    [InlineData("Patient's Sex: M\nPatient's Age: 049\nNO REPORT (same pt as MCUCXR_0002_0)", "age:49, gender:M")]
    [InlineData("Patient's Sex: M\nPatient's Age: 049Y", "age:49, gender:M")]
    [InlineData("Patient's Sex: M\nPatient's Age: 049Y\nstable; off Rx (same pt as MCUCXR_0002_0)", "age:49, gender:M, findings:stable; off Rx")]
    public void A_reading_becomes_a_prompt(string text, string caption)
    {
        using var set = new DataFolderBuilder();
        set.Images("CXR_png/MCUCXR_0001_0.png").Text("CXR_png/Thumbs.db", "x").Text("ClinicalReadings/MCUCXR_0001_0.txt", text);
        DataFolder data = set.Load();
        Assert.Equal("montgomery", data.Layout);
        Assert.Equal(caption, Assert.Single(data.Images).Caption);
    }

    [Fact]
    public void Images_of_one_patient_stay_together()
    {
        using var set = new DataFolderBuilder();
        string[] same = ["", "", "MCUCXR_0001_1", "MCUCXR_0003_1", "MCUCXR_0006_1", "MCUCXR_0005_1"];
        for (int i = 1; i <= same.Length; i++)
        {
            string reading = same[i - 1].Length > 0 ? $"stable (same pt as {same[i - 1]})" : "normal";
            set.Images($"CXR_png/MCUCXR_000{i}_1.png").Text($"ClinicalReadings/MCUCXR_000{i}_1.txt", $"Patient's Sex: F\nPatient's Age: 030Y\n{reading}\n");
        }
        DataFolder data = set.Load();
        Dictionary<string, string> patients = data.Images.ToDictionary(i => Path.GetFileNameWithoutExtension(i.Path), i => i.Patient);
        Assert.Equal(["1", "2", "1", "1", "5", "5"], patients.OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => p.Value[10..11]));
        Assert.Contains("4 images are of a patient who has another one, and stay in that one's split", data.Notes);
    }

    [Fact]
    public void Digits_of_other_scripts_are_no_age_and_long_white_space_is_walked_once()
    {
        using var set = new DataFolderBuilder();
        set.Images("CXR_png/MCUCXR_0001_0.png").Text("ClinicalReadings/MCUCXR_0001_0.txt", "Patient's Sex: M\nPatient's Age: \u0663\u0664Y\nnormal\n");
        Assert.Contains("expected Patient's Age", Assert.Throws<EngineException>(() => set.Load()).Message);
        set.Text("ClinicalReadings/MCUCXR_0001_0.txt", $"Patient's Sex: M\nPatient's Age: 034Y\na{new string(' ', 100_000)}b\n");
        Assert.EndsWith(" b", Assert.Single(set.Load().Images).Caption);
    }

    [Fact]
    public void Bad_cases_name_file_and_line()
    {
        using var set = new DataFolderBuilder();
        set.Images("CXR_png/a.png", "CXR_png/b.png", "CXR_png/c.png", "CXR_png/e.png");
        set.Text("ClinicalReadings/a.txt", "Patient's Sex: F\nPatient's Age: 030Y\nnormal");
        set.Text("ClinicalReadings/b.txt", "female 24yrs\nnormal").Text("ClinicalReadings/c.txt", "Patient's Sex: F\nnormal");
        set.Text("ClinicalReadings/d.txt", "Patient's Sex: F\nPatient's Age: 030Y\nnormal");
        DataFolder data = set.Load(skipBad: true);
        Assert.Single(data.Images);
        string[] says =
        [
            "b.txt row 1: 'female 24yrs'; expected", "c.txt row 2: 'normal'; expected", "CXR_png/d.png: no such file", "ClinicalReadings/e.txt: no such file",
        ];
        Assert.Equal(says.Length, data.Problems.Count);
        Assert.All(says.Zip(data.Problems), pair => Assert.StartsWith(pair.First, pair.Second.ToString()));
        Assert.Throws<EngineException>(() => set.Load());
    }

    [Fact]
    public void A_missing_folder_says_what_is_needed()
    {
        using var set = new DataFolderBuilder();
        set.Text("ClinicalReadings/a.txt", "x");
        Assert.Contains("no folder CXR_png; montgomery needs", Assert.Throws<EngineException>(() => set.Load()).Message);
    }
}
