using System.Globalization;

namespace SeLoRA.Model;

/// <summary>
/// The names that parameters have in single-file checkpoints, which come from the original latent-diffusion code (LDM), given the names
/// in diffusers.
/// </summary>
public static class LdmNames
{
    /// <summary>What the names of the U-Net begin with.</summary>
    public const string UNetPrefix = "model.diffusion_model.";

    /// <summary>What the names of the VAE begin with.</summary>
    public const string VaePrefix = "first_stage_model.";

    /// <summary>What the names of the text encoder begin with.</summary>
    public const string TextPrefix = "cond_stage_model.transformer.";

    /// <summary>The U-Net's: blocks are counted through all levels, and an upsampler stands behind the attention, if any.</summary>
    /// <param name="name">Name in diffusers.</param>
    /// <param name="config">The architecture; every level has as many layers.</param>
    public static string UNet(string name, UNetConfig config)
    {
        int layers = config.LayersPerBlock[0];
        return UNetPrefix + name.Split('.') switch
        {
            ["time_embedding", "linear_1", var leaf] => $"time_embed.0.{leaf}",
            ["time_embedding", "linear_2", var leaf] => $"time_embed.2.{leaf}",
            ["conv_in", var leaf] => $"input_blocks.0.0.{leaf}",
            ["conv_norm_out", var leaf] => $"out.0.{leaf}",
            ["conv_out", var leaf] => $"out.2.{leaf}",
            ["down_blocks", var level, "resnets", var j, .. var rest] => $"input_blocks.{Down(level, j)}.0.{UNetResnet(rest)}",
            ["down_blocks", var level, "attentions", var j, .. var rest] => $"input_blocks.{Down(level, j)}.1.{Join(rest)}",
            ["down_blocks", var level, "downsamplers", "0", "conv", var leaf] => $"input_blocks.{(layers + 1) * (Number(level) + 1)}.0.op.{leaf}",
            ["mid_block", "resnets", var j, .. var rest] => $"middle_block.{2 * Number(j)}.{UNetResnet(rest)}",
            ["mid_block", "attentions", "0", .. var rest] => $"middle_block.1.{Join(rest)}",
            ["up_blocks", var level, "resnets", var j, .. var rest] => $"output_blocks.{Up(level, Number(j))}.0.{UNetResnet(rest)}",
            ["up_blocks", var level, "attentions", var j, .. var rest] => $"output_blocks.{Up(level, Number(j))}.1.{Join(rest)}",
            ["up_blocks", var level, "upsamplers", "0", "conv", var leaf] =>
                $"output_blocks.{Up(level, layers)}.{(config.UpAttention[Number(level)] ? 2 : 1)}.conv.{leaf}",
            _ => throw Unknown(name),
        };

        int Down(string level, string j) => (layers + 1) * Number(level) + Number(j) + 1;
        int Up(string level, int j) => (layers + 1) * Number(level) + j;
    }

    /// <summary>The U-Net's in the averaged copy (EMA): the same without its dots.</summary>
    /// <inheritdoc cref="UNet"/>
    public static string Ema(string name, UNetConfig config)
    {
        const string model = "model.";
        return "model_ema." + UNet(name, config)[model.Length..].Replace(".", "", StringComparison.Ordinal);
    }

    /// <summary>The VAE's: the decoder counts its levels from the finest, diffusers from the coarsest.</summary>
    /// <param name="name">Name in diffusers.</param>
    /// <param name="config">The architecture.</param>
    public static string Vae(string name, VaeConfig config)
    {
        return VaePrefix + name.Split('.') switch
        {
            ["quant_conv" or "post_quant_conv", _] => name,
            [_, "conv_in" or "conv_out", _] => name,
            [var side, "conv_norm_out", var leaf] => $"{side}.norm_out.{leaf}",
            ["encoder", "down_blocks", var level, .. var rest] => $"encoder.down.{level}.{Level(rest)}",
            ["decoder", "up_blocks", var level, .. var rest] => $"decoder.up.{config.BlockOutChannels.Count - 1 - Number(level)}.{Level(rest)}",
            [var side, "mid_block", "resnets", var j, .. var rest] => $"{side}.mid.block_{Number(j) + 1}.{VaeResnet(rest)}",
            [var side, "mid_block", "attentions", "0", .. var rest] => $"{side}.mid.attn_1.{Attention(rest)}",
            _ => throw Unknown(name),
        };

        string Level(string[] path) => path switch
        {
            ["resnets", var j, .. var rest] => $"block.{j}.{VaeResnet(rest)}",
            ["downsamplers", "0", "conv", var leaf] => $"downsample.conv.{leaf}",
            ["upsamplers", "0", "conv", var leaf] => $"upsample.conv.{leaf}",
            _ => throw Unknown(name),
        };
        string Attention(string[] path) => path switch
        {
            ["group_norm", var leaf] => $"norm.{leaf}",
            ["to_q", var leaf] => $"q.{leaf}",
            ["to_k", var leaf] => $"k.{leaf}",
            ["to_v", var leaf] => $"v.{leaf}",
            ["to_out", "0", var leaf] => $"proj_out.{leaf}",
            _ => throw Unknown(name),
        };
    }

    /// <summary>The text encoder's: those of transformers behind a prefix.</summary>
    /// <param name="name">Name in transformers.</param>
    public static string ClipText(string name) => TextPrefix + name;

    /// <summary>Whether the file has a 1x1 convolution where diffusers has a linear layer: the VAE's attention.</summary>
    /// <param name="name">Name in diffusers.</param>
    internal static bool IsConvolution(string name) =>
        name.Contains(".mid_block.attentions.", StringComparison.Ordinal) && name.EndsWith(".weight", StringComparison.Ordinal);

    private static string UNetResnet(string[] path) => path switch
    {
        ["norm1", var leaf] => $"in_layers.0.{leaf}",
        ["conv1", var leaf] => $"in_layers.2.{leaf}",
        ["time_emb_proj", var leaf] => $"emb_layers.1.{leaf}",
        ["norm2", var leaf] => $"out_layers.0.{leaf}",
        ["conv2", var leaf] => $"out_layers.3.{leaf}",
        ["conv_shortcut", var leaf] => $"skip_connection.{leaf}",
        _ => throw Unknown(Join(path)),
    };

    private static string VaeResnet(string[] path) => path is ["conv_shortcut", var leaf] ? $"nin_shortcut.{leaf}" : Join(path);

    private static string Join(string[] path) => string.Join('.', path);

    private static int Number(string text) => int.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture);

    private static ArgumentException Unknown(string name) => new($"{name} is no parameter of the model");
}
