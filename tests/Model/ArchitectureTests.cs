using SeLoRA.Engine;
using SeLoRA.Model;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>Sizes of the real networks, and what their configs accept. Nothing here allocates weights.</summary>
public class ArchitectureTests
{
    [Fact]
    public void Networks_of_SD15_have_their_published_sizes()
    {
        AssertSize(new UNet2DConditionModel(new UNetConfig()), 859_520_964, 686);
        AssertSize(new AutoencoderKL(new VaeConfig()), 83_653_863, 248);
        AssertSize(new ClipTextModel(new ClipTextConfig()), 123_060_480, 196);
    }

    [Fact]
    [Trait("Category", "Golden")]
    public void Networks_of_the_reference_configs_have_the_published_sizes()
    {
        using GoldenModel unet = GoldenModel.Open("models/unet_sd15.safetensors");
        using GoldenModel vae = GoldenModel.Open("models/vae_sd15.safetensors");
        using GoldenModel text = GoldenModel.Open("models/clip_text_sd15.safetensors");
        AssertSize(new UNet2DConditionModel(UNetConfig.Parse(unet.Config, unet.Name)), 859_520_964, 686);
        AssertSize(new AutoencoderKL(VaeConfig.Parse(vae.Config, vae.Name)), 83_653_863, 248);
        AssertSize(new ClipTextModel(ClipTextConfig.Parse(text.Config, text.Name)), 123_060_480, 196);
    }

    [Fact]
    public void Linear_layers_are_184_in_the_UNet_and_72_in_the_text_encoder()
    {
        List<string> unet = Linears(new UNet2DConditionModel(new UNetConfig()));
        Assert.Equal(184, unet.Count);
        Assert.Equal(160, unet.Count(name => name.Contains(".transformer_blocks.")));
        Assert.Equal(22, unet.Count(name => name.EndsWith(".time_emb_proj")));
        Assert.Equal(2, unet.Count(name => name.StartsWith("time_embedding.")));

        List<string> text = Linears(new ClipTextModel(new ClipTextConfig()));
        Assert.Equal(72, text.Count);
        Assert.All(text, name => Assert.Matches(
            @"^text_model\.encoder\.layers\.\d+\.(self_attn\.(q|k|v|out)_proj|mlp\.fc[12])$", name));
    }

    [Theory]
    [InlineData("attention_head_dim")]
    [InlineData("num_attention_heads")]
    public void Config_of_SD2_form_makes_linear_projections_and_heads_per_level(string headsKey)
    {
        UNetConfig config = UNetConfig.Parse(
            $$"""
            {"block_out_channels": [32, 64], "{{headsKey}}": [2, 4], "use_linear_projection": true, "cross_attention_dim": 24,
             "norm_num_groups": 8, "layers_per_block": 1,
             "down_block_types": ["CrossAttnDownBlock2D", "DownBlock2D"], "up_block_types": ["UpBlock2D", "CrossAttnUpBlock2D"]}
            """, "config.json");
        Assert.Equal([2, 4], config.AttentionHeads);
        var unet = new UNet2DConditionModel(config);
        Assert.IsType<Linear>(unet.Find("down_blocks.0.attentions.0.proj_in"));
        Assert.Null(unet.Find("down_blocks.1.attentions"));
        Assert.NotNull(unet.Find("up_blocks.1.attentions.1.proj_out"));
        Assert.NotNull(unet.Find("mid_block.attentions.0.transformer_blocks.0.attn2.to_out.0"));
    }

    [Theory]
    [InlineData("""{"act_fn": "mish"}""", "act_fn")]
    [InlineData("""{"down_block_types": ["AttnDownBlock2D", "DownBlock2D", "DownBlock2D", "DownBlock2D"]}""", "AttnDownBlock2D")]
    [InlineData("""{"block_out_channels": [320, "640"]}""", "block_out_channels")]
    [InlineData("""{"addition_embed_type": "text_time"}""", "addition_embed_type")]
    [InlineData("""{"norm_num_groups": 48}""", "norm_num_groups 48")]
    [InlineData("""{"attention_head_dim": [5, 10]}""", "a list of 4")]
    [InlineData("""{"layers_per_block": 2000000000}""", "layers_per_block is 2000000000, an integer from 1 to 8 is needed")]
    [InlineData("""{"block_out_channels": [2000000000]}""", "block_out_channels")]
    [InlineData("""{"block_out_channels": [32, 32, 32, 32, 32, 32, 32, 32, 32]}""", "1 to 8")]
    [InlineData("""{"norm_eps": 1e999}""", "norm_eps is 1e999")]
    [InlineData("""{"down_block_types": ["\ud800"]}""", "not Unicode")]
    [InlineData("[1]", "JSON object")]
    [InlineData("{", "not valid JSON")]
    public void Config_that_is_not_supported_is_one_line_that_names_file_and_key(string json, string named)
    {
        var error = Assert.Throws<EngineException>(() => UNetConfig.Parse(json, "unet/config.json"));
        Assert.StartsWith("unet/config.json: ", error.Message);
        Assert.Contains(named, error.Message);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public void Configs_survive_writing_and_reading()
    {
        var unet = new UNetConfig
        {
            BlockOutChannels = [32, 64], LayersPerBlock = [1, 2], AttentionHeads = [2, 4], TransformerLayersPerBlock = [1, 1],
            DownAttention = [true, false], UpAttention = [false, true], CrossAttentionDim = 24, NormNumGroups = 8, SampleSize = 16,
        };
        Assert.Equal(unet.ToJson(), UNetConfig.Parse(unet.ToJson(), "unet").ToJson());
        Assert.Equal(Names(new UNet2DConditionModel(unet)), Names(new UNet2DConditionModel(UNetConfig.Parse(unet.ToJson(), "unet"))));

        var vae = new VaeConfig { BlockOutChannels = [16, 32], NormNumGroups = 4, ScalingFactor = 0.5f };
        VaeConfig vaeRead = VaeConfig.Parse(vae.ToJson(), "vae");
        Assert.Equal(vae.ToJson(), vaeRead.ToJson());
        Assert.Equal(2, vaeRead.Factor);

        var text = new ClipTextConfig { HiddenSize = 24, NumHiddenLayers = 2, NumAttentionHeads = 3, QuickGelu = false, EosTokenId = 7 };
        Assert.Equal(text, ClipTextConfig.Parse(text.ToJson(), "text"));
    }

    private static List<string> Linears(Module module) => [.. module.NamedModules().Where(m => m.Module is Linear { IsPointwise: false }).Select(m => m.Name)];

    private static List<string> Names(Module module) => [.. module.NamedParameters().Select(p => $"{p.Name} {p.Parameter.FileShape}")];

    private static void AssertSize(Module module, long parameters, int tensors)
    {
        Assert.Equal(parameters, module.ParameterCount);
        Assert.Equal(tensors, module.NamedParameters().Count());
    }
}
