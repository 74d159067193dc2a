using SeLoRA.Adapters;
using SeLoRA.Engine;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>Adapters of other kinds and damaged ones: each gives one line that says what is wrong.</summary>
public class ForeignAdapterTests
{
    private const string Module = "block.0.attn1.to_q", Key = "lora_unet_block_0_attn1_to_q";

    private static AdapterRoot[] Roots() => [new("unet", new SmallNetwork(Device.Cpu))];

    private static string Refusal(string path)
    {
        string message = Assert.Throws<EngineException>(() => AdapterReader.Read(path, Roots())).Message;
        Assert.DoesNotContain('\n', message);
        Assert.DoesNotContain('\u001b', message);
        Assert.StartsWith(path, message);
        return message;
    }

    /// <summary>The reference tensors of each kind under the names that its files have.</summary>
    [Theory]
    [Trait("Category", "Golden")]
    [InlineData("loha", "LoHa", Key + ".hada_", "w1_a w1_b w2_a w2_b")]
    [InlineData("lokr", "LoKr", Key + ".lokr_", "w1 w2_a w2_b")]
    [InlineData("krona", "KronA", Key + ".lokr_", "A:w1 B:w2")]
    [InlineData("dora", "DoRA", "base_model.model." + Module + ".", "A:lora_A.weight B:lora_B.weight m:lora_magnitude_vector")]
    [InlineData("dora", "DoRA", Key + ".", "A:lora_down.weight B:lora_up.weight m:dora_scale")]
    [InlineData("vera", "VeRA", "base_model.model." + Module + ".", "lambda_b:vera_lambda_b lambda_d:vera_lambda_d")]
    public void Other_kinds_are_recognised_by_name(string golden, string kind, string prefix, string names)
    {
        using var folder = new TemporaryFolder();
        string path = folder.File("adapter.safetensors");
        using (ITensorSource source = GoldenData.Open($"adapters/{golden}.safetensors"))
        {
            var writer = new SafetensorsWriter();
            foreach (string name in names.Split(' '))
            {
                string from = "in." + name.Split(':')[0];
                writer.AddFloat32(prefix + name.Split(':')[^1], source.Tensors[from].Shape, source.ReadFloat32(from));
            }
            writer.Save(path);
        }
        string message = Refusal(path);
        Assert.Contains(kind, message);
        Assert.Contains("is not supported", message);
    }

    [Theory]
    [Trait("Category", "Golden")]
    [InlineData("adalora", "AdaLoRA")]
    [InlineData("loha", "0 of")]
    [InlineData("tied_lora", "0 of")]
    [InlineData("nf4", "0 of")]
    public void Reference_files_themselves_are_no_adapters_of_the_model(string golden, string part)
    {
        using ITensorSource source = GoldenData.Open($"adapters/{golden}.safetensors");
        Assert.Contains(part, Refusal(source.Path));
    }

    [Theory]
    [InlineData("""{"peft_type": "LOHA"}""", "LoHa is not supported")]
    [InlineData("""{"peft_type": "ADALORA"}""", "AdaLoRA")]
    [InlineData("""{"peft_type": "X\u001b[2J"}""", "'X?[2J' is not supported")]
    [InlineData("""{"peft_type": "LORA", "r": 2, "use_dora": true}""", "DoRA is not supported")]
    [InlineData("""{"peft_type": "LORA", "r": 4}""", "rank 4 for block.0.attn1.to_q, its tensors have 2")]
    [InlineData("""{"r": "2"}""", "a number is needed")]
    [InlineData("""{"r": 2, "alpha_pattern": 3}""", "an object is needed")]
    [InlineData("""{"r": 2, "alpha_pattern": {"(": 3}}""", "pattern that cannot be used")]
    [InlineData("""{"r": 2, "lora_alpha": 1e300}""", "is too large")]
    [InlineData("""[1]""", "a JSON object is needed")]
    [InlineData("{", "not valid JSON")]
    public void Configuration_of_PEFT_that_cannot_be_followed_is_refused(string json, string part)
    {
        using var folder = new TemporaryFolder();
        WritePeft(folder);
        File.WriteAllText(folder.File("adapter_config.json"), json);
        Assert.Contains(part, Refusal(folder.Path));
    }

    [Theory]
    [InlineData("""{"r": 2, "lora_alpha": 3}""", 3)]
    [InlineData("""{"r": 8, "lora_alpha": 3, "rank_pattern": {"to_q": 2}, "alpha_pattern": {"attn1.to_q": 5}}""", 5)]
    [InlineData("""{"r": 8, "lora_alpha": 3, "rank_pattern": {"block\\.\\d+\\.attn1\\..*": 2, "to_q": 7}, "alpha_pattern": {"^to_q": 5}}""", 3)]
    [InlineData("""{"r": 2, "lora_alpha": 4, "use_rslora": true}""", 5.656854f)]
    public void Patterns_of_PEFT_are_followed(string json, float alpha)
    {
        using var folder = new TemporaryFolder();
        WritePeft(folder);
        File.WriteAllText(folder.File("adapter_config.json"), json);
        Assert.Equal(alpha, Assert.Single(AdapterReader.Read(folder.Path, Roots()).Modules).Alpha, 1e-6f);
    }

    [Fact]
    public void Expressions_of_a_configuration_are_few_and_short()
    {
        using var folder = new TemporaryFolder();
        WritePeft(folder);
        foreach (string patterns in (string[])[string.Join(',', Enumerable.Range(0, 101).Select(i => $"\"x{i}.*\": 2")), $"\"({new string('a', 1000)})\": 2"])
        {
            File.WriteAllText(folder.File("adapter_config.json"), $"{{\"r\": 2, \"rank_pattern\": {{{patterns}}}}}");
            Assert.Contains("more than 100 expressions", Refusal(folder.Path));
        }
    }

    [Fact]
    public void Folder_without_configuration_is_refused_and_so_is_its_file_alone()
    {
        using var folder = new TemporaryFolder();
        Assert.Contains("is no adapter", Refusal(folder.Path));
        WritePeft(folder);
        string message = Assert.Throws<EngineException>(() => AdapterReader.Read(folder.File("adapter_model.safetensors"), Roots())).Message;
        Assert.Contains("adapter_config.json: no such file", message);
    }

    [Fact]
    public void Damaged_tensors_are_refused()
    {
        using var folder = new TemporaryFolder();
        string path = folder.File("a.safetensors");
        Assert.Contains("holds NaN", Written(w => Pair(w, "down", "up", value: float.NaN)));
        Assert.Contains("[r, 7]", Written(w => w.AddFloat32($"{Key}.lora_down.weight", [0, 7], Array.Empty<float>()), w => w.AddFloat32($"{Key}.lora_up.weight", [19, 0], Array.Empty<float>())));
        Assert.Contains("[r, 7]", Written(w => w.AddFloat32($"{Key}.lora_down.weight", [], new float[1]), w => w.AddFloat32($"{Key}.lora_up.weight", [19, 2], new float[38])));
        Assert.Contains("[3, 7]", Written(w => w.AddFloat32($"{Key}.lora_down.weight", [3, 7], new float[21]), w => w.AddFloat32($"{Key}.lora_up.weight", [19, 2], new float[38])));
        Assert.Contains("has 2 values", Written(w => Pair(w, "down", "up"), w => w.AddFloat32($"{Key}.alpha", [2], new float[2])));
        Assert.Contains("same part", Written(w => Pair(w, "down", "up"), w => w.AddFloat32($"unet.{Module}.lora_A.weight", [2, 7], new float[14])));
        Assert.Contains("?[2J", Written(w => w.AddFloat32("\u001b[2J.lora_down.weight", [1], new float[1])));
        File.WriteAllText(path, "<html>");
        Refusal(path);

        string Written(params Action<SafetensorsWriter>[] parts)
        {
            var writer = new SafetensorsWriter();
            foreach (Action<SafetensorsWriter> part in parts) part(writer);
            writer.Save(path);
            return Refusal(path);
        }
    }

    private static void Pair(SafetensorsWriter writer, string down, string up, float value = 0)
    {
        writer.AddFloat32($"{Key}.lora_{down}.weight", [2, 7], new float[14]);
        writer.AddFloat32($"{Key}.lora_{up}.weight", [19, 2], Enumerable.Repeat(value, 38).ToArray());
    }

    private static void WritePeft(TemporaryFolder folder)
    {
        var writer = new SafetensorsWriter();
        writer.AddFloat32($"base_model.model.{Module}.lora_A.weight", [2, 7], new float[14]);
        writer.AddFloat32($"base_model.model.{Module}.lora_B.weight", [19, 2], new float[38]);
        writer.Save(folder.File("adapter_model.safetensors"));
    }
}
