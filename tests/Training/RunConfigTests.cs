using SeLoRA.Engine;
using SeLoRA.Train;
using Xunit;

namespace SeLoRA.Tests;

public class RunConfigTests
{
    [Fact]
    public void Defaults_are_the_papers()
    {
        RunConfig c = new RunConfig { Model = "sd15" }.Resolve();
        Assert.Equal((1e-4f, 8, 1.1, 40, 224, 1), (c.LearningRate, c.Batch, c.Lambda, c.TestEvery, c.Size, c.Rank));
        Assert.Equal(4, new RunConfig { Method = "lora" }.Resolve().Rank);
    }

    [Theory]
    [InlineData("{\"lamda\": 1.2}", "lamda")]
    [InlineData("{\"batch\": \"many\"}", "batch")]
    [InlineData("{\"batch\": 4", "config.json")]
    public void A_bad_config_file_is_one_line_that_names_file_and_key(string json, string named)
    {
        using var folder = new TemporaryFolder();
        string path = Path.Combine(folder.Path, "config.json");
        File.WriteAllText(path, json);
        var error = Assert.Throws<EngineException>(() => RunConfig.Read(path));
        Assert.Contains(path, error.Message);
        Assert.Contains(named, error.Message);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public void A_saved_config_reads_back_equal()
    {
        using var folder = new TemporaryFolder();
        RunConfig config = new RunConfig { Prompts = ["a, \"b\""], Lambda = 1.3, Epochs = 7, Seed = ulong.MaxValue }.Resolve();
        string path = Path.Combine(folder.Path, "config.json");
        File.WriteAllText(path, config.ToJson());
        Assert.Equal(config.ToJson(), RunConfig.Read(path).ToJson());
    }

    [Theory]
    [InlineData("lambda")]
    [InlineData("size")]
    [InlineData("method")]
    [InlineData("dtype")]
    [InlineData("validation")]
    [InlineData("lr")]
    public void A_value_out_of_range_names_its_option(string option)
    {
        var config = new RunConfig();
        switch (option)
        {
            case "lambda": config.Lambda = 0.9; break;
            case "size": config.Size = 100; break;
            case "method": config.Method = "dora"; break;
            case "dtype": config.Dtype = "int8"; break;
            case "validation": config.Validation = 1; break;
            default: config.LearningRate = float.NaN; break;
        }
        Assert.Contains("--" + option, Assert.Throws<EngineException>(() => config.Resolve()).Message);
    }
}
