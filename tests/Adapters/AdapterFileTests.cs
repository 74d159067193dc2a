using System.Security.Cryptography;
using SeLoRA.Adapters;
using SeLoRA.Engine;
using SeLoRA.Model;
using Xunit;

namespace SeLoRA.Tests;

public class AdapterFileTests
{
    private const string Q = "lora_unet_block_0_attn1_to_q", Ff = "lora_unet_block_0_ff_net_2", TimeKey = "lora_te_time_embedding_linear_1";

    [Theory]
    [InlineData(false, 1e-6)]
    [InlineData(true, 1e-3)]
    public void What_was_written_has_the_same_effect_when_read(bool half, double tolerance)
    {
        using var folder = new TemporaryFolder();
        string path = folder.File("adapter.safetensors");
        AdapterRoot[] roots = Roots();
        using AdapterSet set = MixedRanks(roots);
        AdapterFile.Write(path, set, new AdapterMetadata(), half);
        using AdapterSet read = AdapterFile.Load(path, roots, out string? unmatched);

        Assert.Null(unmatched);
        var expected = set.Adapters.Cast<LowRankAdapter>().Where(a => a.Rank > 0).ToArray();
        Assert.Equal(expected.Select(a => (a.Target.FullName, a.Rank)), read.Adapters.Select(a => (a.Target.FullName, a.Rank)));
        foreach ((LowRankAdapter a, IAdapter b) in expected.Zip(read.Adapters))
            Closeness.AssertRelativeL2(((LowRankAdapter)b).Delta(), a.Delta(), tolerance, a.Target.FullName);
    }

    [Fact]
    public void The_file_has_kohyas_keys_one_alpha_and_no_empty_tensors()
    {
        using var folder = new TemporaryFolder();
        string path = folder.File("adapter.safetensors");
        using AdapterSet set = MixedRanks(Roots());
        IReadOnlyList<string> warnings = AdapterFile.Write(path, set, new AdapterMetadata());
        using SafetensorsReader file = SafetensorsReader.Open(path);

        Assert.Equal([3L, 7L], file.Tensors[$"{Q}.lora_down.weight"].Shape);
        Assert.Equal([19L, 3L], file.Tensors[$"{Q}.lora_up.weight"].Shape);
        Assert.Empty(file.Tensors[$"{Q}.alpha"].Shape);
        Assert.DoesNotContain(file.Names, name => name.StartsWith("lora_te_block_0_attn1_to_q", StringComparison.Ordinal));
        Assert.All(file.Names.Where(n => n.EndsWith(".alpha", StringComparison.Ordinal)), n => Assert.Equal([9f], file.ReadFloat32(n)));
        Assert.Contains("time_embedding", Assert.Single(warnings));
    }

    [Fact]
    public void Metadata_says_what_tools_read_and_the_hash_is_that_of_the_data()
    {
        using var folder = new TemporaryFolder();
        string path = folder.File("adapter.safetensors");
        using AdapterSet set = MixedRanks(Roots());
        var metadata = new AdapterMetadata
        {
            Algorithm = "selora",
            NetworkArguments = new Dictionary<string, string> { ["lambda"] = "1.1" },
            OutputName = "test",
            LearningRate = 1e-4,
            Step = 12,
            Resolution = 224,
            GradientCheckpointing = true,
            StartedAt = DateTimeOffset.FromUnixTimeMilliseconds(1_700_000_000_500),
            FinishedAt = DateTimeOffset.FromUnixTimeSeconds(1_700_000_060),
        };
        foreach (bool half in (bool[])[false, true])
        {
            AdapterFile.Write(path, set, metadata, half);
            using SafetensorsReader file = SafetensorsReader.Open(path);
            Assert.Equal("networks.lora", file.Metadata["ss_network_module"]);
            Assert.Equal("Dynamic", file.Metadata["ss_network_dim"]);
            Assert.Equal("""{"algo":"selora","lambda":"1.1"}""", file.Metadata["ss_network_args"]);
            Assert.Equal("0.0001", file.Metadata["ss_learning_rate"]);
            Assert.Equal("12", file.Metadata["ss_steps"]);
            Assert.Equal("(224, 224)", file.Metadata["ss_resolution"]);
            Assert.Equal("True", file.Metadata["ss_gradient_checkpointing"]);
            Assert.Equal("1700000000.5", file.Metadata["ss_training_started_at"]);
            Assert.Equal("1700000060.0", file.Metadata["ss_training_finished_at"]);
            Assert.Equal("stable-diffusion-v1/lora", file.Metadata["modelspec.architecture"]);
            Assert.Equal("2023-11-14T22:14:20", file.Metadata["modelspec.date"]);
            Assert.DoesNotContain("ss_tag_frequency", file.Metadata.Keys);

            byte[] bytes = File.ReadAllBytes(path);
            int start = 8 + (int)BitConverter.ToUInt64(bytes);
            Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(bytes.AsSpan(start))), file.Metadata["sshs_model_hash"]);
        }
    }

    [Fact]
    public void Values_that_float16_cannot_hold_are_refused_before_anything_is_written()
    {
        using var folder = new TemporaryFolder();
        string path = folder.File("adapter.safetensors");
        using AdapterSet set = new LoRAConfig { Rank = 1 }.Create(Roots(), AdapterTargets.Parse("unet.*to_q"), 1);
        RankBuffer buffer = ((LowRankAdapter)set.Adapters[0]).Buffer;
        buffer.Load(buffer.AValues(), [.. Enumerable.Repeat(70000f, buffer.OutFeatures)]);
        AdapterFile.Write(path, set, new AdapterMetadata());
        byte[] written = File.ReadAllBytes(path);

        var e = Assert.Throws<EngineException>(() => AdapterFile.Write(path, set, new AdapterMetadata(), half: true));
        Assert.Contains($"{Q}.lora_up.weight", e.Message);
        Assert.Contains("65504", e.Message);
        buffer.Load(buffer.AValues(), [.. Enumerable.Repeat(float.NaN, buffer.OutFeatures)]);
        Assert.Contains("diverged", Assert.Throws<EngineException>(() => AdapterFile.Write(path, set, new AdapterMetadata())).Message);
        Assert.Equal(written, File.ReadAllBytes(path));
    }

    [Fact]
    public void A_1x1_convolution_has_four_axes_in_files_and_two_in_the_engine()
    {
        using var folder = new TemporaryFolder();
        string path = folder.File("adapter.safetensors");
        StableDiffusionModel model = TinyModel.Create();
        AdapterRoot[] roots = [new("unet", model.UNet)];
        using AdapterSet set = new LoRAConfig { Rank = 2 }.Create(roots, AdapterTargets.Parse("proj"), seed: 1);
        foreach (IAdapter adapter in set.Adapters)
        {
            RankBuffer buffer = ((LowRankAdapter)adapter).Buffer;
            buffer.Load(buffer.AValues(), RankBufferTests.Values(7, buffer.OutFeatures * 2));
        }
        float[] plain = Output(), adapted;
        set.Attach();
        adapted = Output();
        Assert.NotEqual(plain, adapted);
        AdapterFile.Write(path, set, new AdapterMetadata());
        set.Merge();
        Closeness.AssertRelativeL2(Output(), adapted, 1e-5, "merged");
        set.Unmerge();
        using (SafetensorsReader file = SafetensorsReader.Open(path))
        {
            const string Key = "lora_unet_mid_block_attentions_0_proj_in";
            Assert.Equal([2L, 16L, 1L, 1L], file.Tensors[$"{Key}.lora_down.weight"].Shape);
            Assert.Equal([16L, 2L, 1L, 1L], file.Tensors[$"{Key}.lora_up.weight"].Shape);
        }
        using AdapterSet read = AdapterFile.Load(path, roots, out string? unmatched).Attach();
        Assert.Null(unmatched);
        Closeness.AssertRelativeL2(Output(), adapted, 1e-6, "read back");

        float[] Output()
        {
            using var scope = new TensorScope();
            Tensor x = Tensor.Normal(new Shape(1, 8, 8, 4), 3, 0, Device.Cpu), text = Tensor.Normal(new Shape(1, 10, 12), 4, 0, Device.Cpu);
            return model.UNet.Forward(x, [500f], text).ToArray();
        }
    }

    [Fact]
    public void Missing_alpha_means_the_rank_and_alphas_may_differ()
    {
        using var folder = new TemporaryFolder();
        string path = folder.File("foreign.safetensors");
        var writer = new SafetensorsWriter();
        Layer(writer, Q, 2, 7, 19);
        Layer(writer, Ff, 4, 19, 5, alpha: 2);
        Layer(writer, TimeKey, 1, 6, 5, alpha: 3, convolution: true);
        writer.Save(path);

        AdapterFileContent content = AdapterReader.Read(path, Roots());
        Assert.Null(content.Unmatched);
        Assert.Equal([("unet.block.0.attn1.to_q", 2, 2f), ("unet.block.0.ff.net.2", 4, 2f), ("text_encoder.time_embedding.linear_1", 1, 3f)],
            content.Modules.Select(m => (m.Slot.FullName, m.Rank, m.Alpha)));
        using AdapterSet set = AdapterFile.Load(path, Roots(), out _);
        Assert.Equal([1f, 0.5f, 3f], set.Adapters.Select(a => a.Scale));
    }

    [Theory]
    [InlineData("lora_te1_text_model_encoder_layers_0_mlp_fc1.lora_down.weight", "SDXL")]
    [InlineData("lora_unet_elsewhere.lora_down.weight", "another model")]
    [InlineData("unet.elsewhere.lora_A.weight", "another model")]
    [InlineData("lora_unet_input_blocks_1_1_proj_in.lora_down.weight", "single-file layout")]
    public void Tensors_without_a_layer_are_counted_and_explained(string strange, string reason)
    {
        using var folder = new TemporaryFolder();
        string path = folder.File("foreign.safetensors");
        var writer = new SafetensorsWriter();
        writer.AddFloat32(strange, [2, 2], new float[4]);
        writer.Save(path);
        var none = Assert.Throws<EngineException>(() => AdapterReader.Read(path, Roots()));
        Assert.Contains("0 of 1 tensors matched", none.Message);
        Assert.Contains(reason, none.Message);

        Layer(writer, Q, 2, 7, 19);
        writer.Save(path);
        AdapterFileContent content = AdapterReader.Read(path, Roots());
        Assert.Single(content.Modules);
        Assert.Contains($"2 of 3 tensors matched the model; not matched: {strange}", content.Unmatched);
    }

    [Theory]
    [InlineData(".hada_w1_a", "LoHa")]
    [InlineData(".lokr_w1", "LoKr")]
    [InlineData(".dora_scale", "DoRA")]
    [InlineData(".lora_mid.weight", "Tucker")]
    [InlineData(".diff", "difference")]
    public void Other_kinds_of_adapters_are_refused_by_name(string suffix, string kind)
    {
        using var folder = new TemporaryFolder();
        string path = folder.File("foreign.safetensors");
        var writer = new SafetensorsWriter();
        Layer(writer, Q, 2, 7, 19);
        writer.AddFloat32(Q + suffix, [2, 2], new float[4]);
        writer.Save(path);
        var e = Assert.Throws<EngineException>(() => AdapterReader.Read(path, Roots()));
        Assert.Contains($"{kind}", e.Message);
        Assert.Contains("is not supported", e.Message);
    }

    [Fact]
    public void Layers_that_do_not_fit_are_refused()
    {
        using var folder = new TemporaryFolder();
        string path = folder.File("foreign.safetensors");
        var writer = new SafetensorsWriter();
        Layer(writer, Q, 2, 1024, 19);
        writer.Save(path);
        Assert.Contains("[2, 1024]", Assert.Throws<EngineException>(() => AdapterReader.Read(path, Roots())).Message);

        writer = new SafetensorsWriter();
        writer.AddFloat32($"{Q}.lora_down.weight", [2, 7], new float[14]);
        writer.Save(path);
        Assert.Contains("incomplete", Assert.Throws<EngineException>(() => AdapterReader.Read(path, Roots())).Message);
    }

    private static AdapterRoot[] Roots() =>
        [new("unet", new SmallNetwork(Device.Cpu)), new("text_encoder", new SmallNetwork(Device.Cpu, seed: 4))];

    /// <summary>Ranks 3, 9, 1 in the U-Net and 0, 2, 5 in the text encoder, scale 1.5, random B.</summary>
    private static AdapterSet MixedRanks(AdapterRoot[] roots)
    {
        AdapterSet set = new LoRAConfig { Rank = 1, Scale = 1.5f }.Create(roots, AdapterTargets.All, seed: 1);
        int[] ranks = [3, 9, 1, 0, 2, 5];
        for (int i = 0; i < ranks.Length; i++)
        {
            RankBuffer buffer = ((LowRankAdapter)set.Adapters[i]).Buffer;
            buffer.Load(RankBufferTests.Values((ulong)i + 1, ranks[i] * buffer.InFeatures),
                RankBufferTests.Values((ulong)i + 9, buffer.OutFeatures * ranks[i]));
        }
        return set;
    }

    private static void Layer(SafetensorsWriter writer, string key, int rank, int ins, int outs, float? alpha = null, bool convolution = false)
    {
        long[] tail = convolution ? [1, 1] : [];
        writer.AddFloat32($"{key}.lora_down.weight", [rank, ins, .. tail], new float[rank * ins]);
        writer.AddFloat32($"{key}.lora_up.weight", [outs, rank, .. tail], new float[outs * rank]);
        if (alpha is { } value) writer.AddFloat32($"{key}.alpha", [], new[] { value });
    }
}
