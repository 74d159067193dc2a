using SeLoRA.Adapters;
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
        c = new RunConfig { Method = "adalora" }.Resolve();
        Assert.Equal((6, 4, 0.85, 0.85, 0.1), (c.Rank, c.RankTarget, c.SensitivityBeta, c.UncertaintyBeta, c.OrthWeight));
        Assert.Equal(4, new RunConfig { Method = "dylora" }.Resolve().Rank);
    }

    [Fact]
    public void Every_setting_reaches_its_method()
    {
        var selora = (SeLoRAConfig)Methods.Of(new RunConfig { RankTotalMax = 200, RankMax = 5, FisherGradient = "batch", Fisher = "separate", Lambda = 1.3, TestEvery = 7, Rank = 2 }.Resolve()).Method;
        Assert.Equal(new SeLoRAConfig { RankTotalMax = 200, RankMax = 5, Scoring = FisherScoring.Batch, Timing = FisherTiming.Separate, Lambda = 1.3, TestEvery = 7, RankInitial = 2 }, selora);
        Assert.Equal(new SeLoRAConfig(), Methods.Of(new RunConfig().Resolve()).Method);
        var adalora = new RunConfig { Method = "adalora", Rank = 8, RankTarget = 3, OrthWeight = 0.5, SensitivityBeta = 0.8, UncertaintyBeta = 0.9, WarmupInitial = 5, WarmupFinal = 6, MaskEvery = 2, Alpha = 16 };
        Assert.Equal(new AdaLoRAConfig
        {
            RankInitial = 8, RankTarget = 3, OrthogonalityWeight = 0.5, SensitivityBeta = 0.8, UncertaintyBeta = 0.9, WarmupInitial = 5, WarmupFinal = 6, MaskEvery = 2, Alpha = 16,
        }, Methods.Of(adalora.Resolve()).Method);
        Assert.Equal(new AdaLoRAConfig(), Methods.Of(new RunConfig { Method = "adalora" }.Resolve()).Method);
        Assert.Equal(new DyLoRAConfig { Rank = 8, RankKept = 2, Frozen = true }, Methods.Of(new RunConfig { Method = "dylora", Rank = 8, RankKept = 2, Frozen = true }.Resolve()).Method);
    }

    [Theory]
    [InlineData("{\"lamda\": 1.2}", ": unknown key 'lamda', remove it (line 1); known keys: model, ")]
    [InlineData("{\"seed\": 3,\n\"dtype\": \"fp32\"}", ": unknown key 'dtype', remove it (line 2); known keys: model, ")]
    [InlineData("{\"prompts\": [3]}", "prompts")]
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
    public void Checkpoint_whose_counters_are_no_numbers_is_refused_by_name()
    {
        using var folder = new TemporaryFolder();
        var writer = new SafetensorsWriter();
        (writer.Metadata["step"], writer.Metadata["best_validation"], writer.Metadata["best_step"]) = ("9999999999", "0.5", "2");
        string path = folder.File("step-000003.safetensors");
        writer.Save(path);
        string message = Assert.Throws<EngineException>(() => CheckpointFile.Newest(folder.Path)).Message;
        Assert.StartsWith(path, message);
        Assert.Contains("'step'", message);
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
    [InlineData("precision")]
    [InlineData("validation")]
    [InlineData("lr")]
    [InlineData("rank-target")]
    [InlineData("rank-kept")]
    [InlineData("rank-max")]
    [InlineData("sensitivity-beta")]
    public void A_value_out_of_range_names_its_option(string option)
    {
        var config = new RunConfig();
        switch (option)
        {
            case "lambda": config.Lambda = 0.9; break;
            case "size": config.Size = 100; break;
            case "method": config.Method = "dora"; break;
            case "precision": config.Precision = "int8"; break;
            case "validation": config.Validation = 1; break;
            case "rank-target": (config.Method, config.RankTarget) = ("adalora", 7); break;
            case "rank-kept": (config.Method, config.RankKept) = ("dylora", 5); break;
            case "rank-max": (config.Rank, config.RankMax) = (4, 3); break;
            case "sensitivity-beta": config.SensitivityBeta = 1; break;
            default: config.LearningRate = float.NaN; break;
        }
        Assert.Contains("--" + option, Assert.Throws<EngineException>(() => config.Resolve()).Message);
    }
}
