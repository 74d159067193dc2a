using SeLoRA.Model;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>Every name of SD-1.5 against a list that is put together from the original code's side.</summary>
public class LdmNamesTests
{
    [Fact]
    public void UNet_names_are_those_of_the_original_code()
    {
        var config = new UNetConfig();
        var expected = new List<string>();
        void Add(string name, bool bias = true) => expected.AddRange(bias ? [$"{name}.weight", $"{name}.bias"] : [$"{name}.weight"]);
        void Resnet(string at, bool skip)
        {
            foreach (string part in (string[])["in_layers.0", "in_layers.2", "emb_layers.1", "out_layers.0", "out_layers.3"]) Add($"{at}.{part}");
            if (skip) Add($"{at}.skip_connection");
        }
        void Transformer(string at)
        {
            foreach (string part in (string[])["norm", "proj_in", "proj_out"]) Add($"{at}.{part}");
            string block = $"{at}.transformer_blocks.0";
            foreach (string attention in (string[])["attn1", "attn2"])
            {
                foreach (string part in (string[])["to_q", "to_k", "to_v"]) Add($"{block}.{attention}.{part}", bias: false);
                Add($"{block}.{attention}.to_out.0");
            }
            foreach (string part in (string[])["ff.net.0.proj", "ff.net.2", "norm1", "norm2", "norm3"]) Add($"{block}.{part}");
        }
        foreach (string part in (string[])["time_embed.0", "time_embed.2", "input_blocks.0.0", "out.0", "out.2"]) Add(part);
        foreach (int block in (int[])[1, 2, 4, 5, 7, 8, 10, 11]) Resnet($"input_blocks.{block}.0", skip: block is 4 or 7);
        foreach (int block in (int[])[1, 2, 4, 5, 7, 8]) Transformer($"input_blocks.{block}.1");
        foreach (int block in (int[])[3, 6, 9]) Add($"input_blocks.{block}.0.op");
        Resnet("middle_block.0", skip: false);
        Transformer("middle_block.1");
        Resnet("middle_block.2", skip: false);
        for (int block = 0; block < 12; block++) Resnet($"output_blocks.{block}.0", skip: true);
        for (int block = 3; block < 12; block++) Transformer($"output_blocks.{block}.1");
        foreach (string upsampler in (string[])["2.1", "5.2", "8.2"]) Add($"output_blocks.{upsampler}.conv");

        string[] names = [.. new UNet2DConditionModel(config).NamedParameters().Select(p => LdmNames.UNet(p.Name, config))];
        Assert.Equal(686, names.Length);
        AssertSame(expected.Select(n => "model.diffusion_model." + n), names);
    }

    [Fact]
    public void Vae_names_are_those_of_the_original_code()
    {
        var config = new VaeConfig();
        var expected = new List<string>();
        void Add(string name) => expected.AddRange([$"{name}.weight", $"{name}.bias"]);
        void Block(string at, bool shortcut)
        {
            foreach (string part in (string[])["norm1", "conv1", "norm2", "conv2"]) Add($"{at}.{part}");
            if (shortcut) Add($"{at}.nin_shortcut");
        }
        Add("quant_conv");
        Add("post_quant_conv");
        foreach (string side in (string[])["encoder", "decoder"])
        {
            foreach (string part in (string[])["conv_in", "norm_out", "conv_out"]) Add($"{side}.{part}");
            Block($"{side}.mid.block_1", shortcut: false);
            Block($"{side}.mid.block_2", shortcut: false);
            foreach (string part in (string[])["norm", "q", "k", "v", "proj_out"]) Add($"{side}.mid.attn_1.{part}");
        }
        for (int level = 0; level < 4; level++)
        {
            // The encoder widens entering levels 1 and 2; the decoder, from level 3 on down, narrows entering 1 and 0.
            for (int j = 0; j < 2; j++) Block($"encoder.down.{level}.block.{j}", shortcut: j == 0 && level is 1 or 2);
            for (int j = 0; j < 3; j++) Block($"decoder.up.{level}.block.{j}", shortcut: j == 0 && level is 0 or 1);
            if (level < 3) Add($"encoder.down.{level}.downsample.conv");
            if (level > 0) Add($"decoder.up.{level}.upsample.conv");
        }
        string[] names = [.. new AutoencoderKL(config).NamedParameters().Select(p => LdmNames.Vae(p.Name, config))];
        Assert.Equal(248, names.Length);
        AssertSame(expected.Select(n => "first_stage_model." + n), names);
    }

    [Theory]
    [InlineData("up_blocks.0.upsamplers.0.conv.weight", "output_blocks.2.1.conv.weight")]
    [InlineData("up_blocks.3.attentions.2.proj_in.weight", "output_blocks.11.1.proj_in.weight")]
    [InlineData("down_blocks.2.downsamplers.0.conv.bias", "input_blocks.9.0.op.bias")]
    [InlineData("down_blocks.3.resnets.1.time_emb_proj.weight", "input_blocks.11.0.emb_layers.1.weight")]
    [InlineData("mid_block.resnets.1.norm2.weight", "middle_block.2.out_layers.0.weight")]
    public void Single_names_lead_where_they_should(string diffusers, string original) =>
        Assert.Equal("model.diffusion_model." + original, LdmNames.UNet(diffusers, new UNetConfig()));

    [Fact]
    public void Averaged_copy_has_no_dots() =>
        Assert.Equal("model_ema.diffusion_modeltime_embed0weight", LdmNames.Ema("time_embedding.linear_1.weight", new UNetConfig()));

    private static void AssertSame(IEnumerable<string> expected, IEnumerable<string> actual) =>
        Assert.Equal(expected.Order(StringComparer.Ordinal), actual.Order(StringComparer.Ordinal));
}
