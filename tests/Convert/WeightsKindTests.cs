using SeLoRA.Engine;
using SeLoRA.Model;
using SeLoRA.WeightsConvert;
using Xunit;

namespace SeLoRA.Tests;

public class WeightsKindTests
{
    private static string Fact(WeightsKind kind, string label) => kind.Facts.Single(f => f.Label == label).Text;

    private static HeaderOnlySource UNet() => HeaderOnlySource.Of(new UNet2DConditionModel(new UNetConfig()));

    [Fact]
    public void UNet_of_SD15_is_recognised_by_every_key_and_shape()
    {
        WeightsKind kind = WeightsKind.Identify(UNet());
        Assert.Equal("U-Net in diffusers keys", kind.Name);
        Assert.Equal("all 686 keys and shapes are SD-1.5's", Fact(kind, "SD-1.5"));
        Assert.Equal("320, 640, 1280, 1280", Fact(kind, "channels"));
        Assert.Equal("768 (SD-1.x)", Fact(kind, "text width"));
    }

    [Fact]
    public void UNet_that_differs_names_what_is_missing_misshapen_and_too_much()
    {
        HeaderOnlySource source = UNet().Remove("conv_out.bias").Remove("conv_in.weight")
            .Add("conv_in.weight", 320, 9, 3, 3).Add("extra.weight", 1);
        WeightsKind kind = WeightsKind.Identify(source);
        Assert.Equal("not its exact keys and shapes (686); 1 missing (conv_out.bias); 1 of another shape (conv_in.weight); " +
            "1 more than it has (extra.weight)", Fact(kind, "SD-1.5"));
        Assert.Equal("9 channels: an inpainting model", Fact(kind, "input"));
    }

    [Fact]
    public void Vae_with_the_attention_names_of_old_diffusers_is_SD15s()
    {
        var source = new HeaderOnlySource();
        foreach (SafetensorsEntry t in HeaderOnlySource.Of(new AutoencoderKL(new VaeConfig())).Tensors.Values)
        {
            string old = t.Name.Replace(".to_q.", ".query.").Replace(".to_k.", ".key.").Replace(".to_v.", ".value.")
                .Replace(".to_out.0.", ".proj_attn.");
            source.Add(old, old != t.Name && t.Shape.Length == 2 ? [.. t.Shape, 1, 1] : t.Shape);
        }
        Assert.Equal("all 248 keys and shapes are SD-1.5's", Fact(WeightsKind.Identify(source), "SD-1.5"));
    }

    [Fact]
    public void Text_encoder_is_SD15s_with_or_without_position_ids()
    {
        HeaderOnlySource source = HeaderOnlySource.Of(new ClipTextModel(new ClipTextConfig()));
        Assert.Equal("all 196 keys and shapes are SD-1.5's", Fact(WeightsKind.Identify(source), "SD-1.5"));
        source.Add("text_model.embeddings.position_ids", 1, 77);
        WeightsKind kind = WeightsKind.Identify(source);
        Assert.Equal("all 196 keys and shapes are SD-1.5's", Fact(kind, "SD-1.5"));
        Assert.Equal("12, 768 wide, vocabulary 49,408", Fact(kind, "layers"));
    }

    [Theory]
    [InlineData(768, 4, "text width 768 (SD-1.x)")]
    [InlineData(768, 9, "text width 768 (SD-1.x); 9 input channels: an inpainting model")]
    [InlineData(1024, 4, "text width 1024 (SD-2.x: not supported)")]
    public void Single_file_checkpoint_tells_its_model_by_its_shapes(long textWidth, long inputs, string expected)
    {
        HeaderOnlySource source = new HeaderOnlySource()
            .Add("model.diffusion_model.input_blocks.0.0.weight", 320, inputs, 3, 3)
            .Add("model.diffusion_model.input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight", 320, textWidth)
            .Add("first_stage_model.quant_conv.weight", 8, 8, 1, 1)
            .Add("model_ema.decay")
            .Add("betas", 1000);
        WeightsKind kind = WeightsKind.Identify(source);
        Assert.Equal("single-file checkpoint in LDM keys", kind.Name);
        Assert.Equal(expected, Fact(kind, "model"));
        Assert.StartsWith("1 tensors, 64 parameters, SD-1.5's has 83,653,863", Fact(kind, "VAE"));
        Assert.Equal("1 tensors: betas", Fact(kind, "others"));
    }

    [Theory]
    [InlineData("lora_unet_mid_block_attentions_0_proj_in", ".lora_down.weight", ".lora_up.weight", "kohya keys (A1111, ComfyUI)")]
    [InlineData("lora_te_text_model_encoder_layers_0_mlp_fc1", ".lora_down.weight", ".lora_up.weight", "kohya keys (A1111, ComfyUI)")]
    [InlineData("unet.mid_block.attentions.0.proj_in", ".lora_A.weight", ".lora_B.weight", "diffusers keys")]
    [InlineData("unet.mid_block.attentions.0.transformer_blocks.0.attn1.to_out.0", ".lora.down.weight", ".lora.up.weight", "diffusers keys")]
    [InlineData("unet.mid_block.attentions.0.transformer_blocks.0.attn1.processor.to_q", "_lora.down.weight", "_lora.up.weight", "diffusers keys")]
    [InlineData("unet.mid_block.attentions.0.transformer_blocks.0.attn1.processor.to_out", "_lora.down.weight", "_lora.up.weight", "diffusers keys")]
    [InlineData("text_encoder.text_model.encoder.layers.3.self_attn.q_proj", ".lora_linear_layer.down.weight", ".lora_linear_layer.up.weight", "diffusers keys")]
    [InlineData("base_model.model.down_blocks.0.attentions.0.transformer_blocks.0.ff.net.0.proj", ".lora_A.weight", ".lora_B.weight", "PEFT keys")]
    public void Adapter_style_is_told_and_its_module_found(string module, string down, string up, string keys)
    {
        HeaderOnlySource source = new HeaderOnlySource().Add(module + down, 3, 320).Add(module + up, 640, 3);
        WeightsKind kind = WeightsKind.Identify(source);
        Assert.Equal($"low-rank adapter in {keys}", kind.Name);
        Assert.EndsWith("all are modules of SD-1.5", Fact(kind, "modules"));
        Assert.Contains(module.Contains("text_model") ? "0 U-Net, 1 text encoder" : "1 U-Net, 0 text encoder", Fact(kind, "modules"));
        Assert.Equal("3 in every module", Fact(kind, "rank"));
        Assert.Equal("none in the file (read as the rank: scale 1)", Fact(kind, "alpha"));
    }

    [Fact]
    public void Adapter_with_a_foreign_module_and_half_a_pair_says_so()
    {
        HeaderOnlySource source = new HeaderOnlySource()
            .Add("lora_unet_no_such_module.lora_down.weight", 2, 8).Add("lora_unet_no_such_module.lora_up.weight", 8, 2)
            .Add("lora_unet_mid_block_attentions_0_proj_in.lora_down.weight", 4, 8)
            .Add("lora_unet_mid_block_attentions_0_proj_out.lora_down.weight", 4, 8)
            .Add("lora_unet_mid_block_attentions_0_proj_out.lora_up.weight", 8, 5);
        WeightsKind kind = WeightsKind.Identify(source);
        Assert.EndsWith("1 are no modules of SD-1.5: lora_unet_no_such_module", Fact(kind, "modules"));
        Assert.StartsWith("2 modules without a matching pair", Fact(kind, "incomplete"));
    }

    [Theory]
    [InlineData(".hada_w1_a", "LoHa")]
    [InlineData(".lokr_w2_b", "LoKr")]
    [InlineData(".lora_mid.weight", "Tucker (lora_mid)")]
    [InlineData(".dora_scale", "DoRA")]
    public void Adapter_of_another_form_is_named(string ending, string form) =>
        Assert.Equal(form, Fact(WeightsKind.Identify(new HeaderOnlySource().Add("lora_unet_x" + ending, 2, 2)), "form"));

    [Fact]
    public void Anything_else_is_not_recognised() =>
        Assert.StartsWith("not recognised", WeightsKind.Identify(new HeaderOnlySource().Add("x", 1).Add("a.alpha", 1)).Name);
}
