using System.Text.Json;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>The data verb end to end, and training on what it shows.</summary>
[Collection("command line")]
public class DataCommandTests
{
    [Fact]
    public void A_data_set_is_described_for_people_and_for_machines()
    {
        using DataFolderBuilder set = Montgomery(20);
        string json = Path.Combine(set.Path, "summary.json");
        (int code, string output, _) = CommandLine.Run("data", set.Path, "--json", json, "--seed", "7");
        Assert.Equal(0, code);
        Assert.Contains("layout    montgomery: Montgomery County CXR", output);
        Assert.Contains("pairs     20 of 20 patients", output);
        Assert.Contains("sizes     66x70 (20); shorter sides 66 to 66", output);
        Assert.Contains("exceed 75", output);
        Assert.Matches(@"test\s+│ 4\s+│ 20.0 %\s+│ 4 ", output);

        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(json));
        JsonElement root = document.RootElement;
        Assert.Equal(7, root.GetProperty("seed").GetInt32());
        Assert.Equal([16, 0, 4], root.GetProperty("splits").EnumerateArray().Select(s => s.GetProperty("patients").GetInt32()));
        Assert.Equal(1, root.GetProperty("captions").GetProperty("cut").GetInt32());
        Assert.Equal(20, root.GetProperty("images").GetArrayLength());
        Assert.Equal(4, root.GetProperty("images").EnumerateArray().Count(i => i.GetProperty("split").GetString() == "test"));
        Assert.StartsWith("CXR_png/", root.GetProperty("images")[0].GetProperty("file").GetString());
    }

    [Fact]
    public void Rejects_are_listed_and_are_an_error_unless_they_may_be_skipped()
    {
        using DataFolderBuilder set = Montgomery(3);
        File.Delete(Path.Combine(set.Path, "CXR_png/MCUCXR_0001_0.png"));
        string json = Path.Combine(set.Path, "summary.json");
        (int code, string output, string error) = CommandLine.Run("data", set.Path, "--json", json);
        Assert.Equal(1, code);
        Assert.Contains("rejects   1", output);
        Assert.Contains("1 of 3 rows cannot be used: CXR_png/MCUCXR_0001_0.png: no such file", error);
        Assert.Contains("\"message\": \"CXR_png/MCUCXR_0001_0.png: no such file\"", File.ReadAllText(json));
        Assert.Equal(0, CommandLine.Run("data", set.Path, "--skip-bad").Code);
    }

    [Fact]
    public void Bad_use_is_one_line()
    {
        (int code, _, string error) = CommandLine.Run("data", "no-such-folder");
        Assert.Equal(1, code);
        Assert.StartsWith("error: no-such-folder: no such folder; imagefolder needs", error);
        Assert.Equal(2, CommandLine.Run("data").Code);
        Assert.Equal(2, CommandLine.Run("data", ".", "--dataset", "mnist").Code);
        Assert.Contains("--dataset mnist", CommandLine.Run("--dataset", "mnist").Error);
    }

    [Fact]
    public void A_published_data_set_is_trained_on_without_its_test_part()
    {
        using DataFolderBuilder set = Montgomery(20);
        string run = Path.Combine(set.Path, "run");
        (int code, string output, string error) = CommandLine.Run("--data", set.Path, "--device", "cpu", "--batch", "2", "--steps", "2", "--sample-steps", "0", "--out", run);
        Assert.True(code == 0, error);
        Assert.Contains("(montgomery): 14 images with captions", output);
        Assert.Contains("training  14 images, 2 to validate", output);
    }

    private static DataFolderBuilder Montgomery(int cases)
    {
        var set = new DataFolderBuilder();
        for (int i = 1; i <= cases; i++)
        {
            string reading = i == 1 ? string.Join(' ', Enumerable.Repeat("infiltrate in the right upper lobe,", 20)) : "normal";
            set.Images($"CXR_png/MCUCXR_{i:D4}_0.png").Text($"ClinicalReadings/MCUCXR_{i:D4}_0.txt", $"Patient's Sex: F\nPatient's Age: {20 + i:D3}Y\n{reading}\n");
        }
        return set;
    }
}
