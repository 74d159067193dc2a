using System.Text.Json;
using System.Text.Json.Nodes;
using SeLoRA.Engine;

namespace SeLoRA.Model;

/// <summary>Architecture of an <see cref="AutoencoderKL"/>, as its <c>config.json</c> says; the defaults are those of SD-1.5.</summary>
public sealed record VaeConfig
{
    /// <summary>Channels of the image.</summary>
    public int InChannels { get; init; } = 3;

    /// <summary>Channels of the decoded image.</summary>
    public int OutChannels { get; init; } = 3;

    /// <summary>Channels of the latents.</summary>
    public int LatentChannels { get; init; } = 4;

    /// <summary>Height and width of the images it was made for.</summary>
    public int SampleSize { get; init; } = 512;

    /// <summary>Channels of each level, finest first.</summary>
    public IReadOnlyList<int> BlockOutChannels { get; init; } = [128, 256, 512, 512];

    /// <summary>Resnets of each level in the encoder; the decoder has one more.</summary>
    public int LayersPerBlock { get; init; } = 2;

    /// <summary>Groups of every group norm.</summary>
    public int NormNumGroups { get; init; } = 32;

    /// <summary>What the U-Net's latents are multiplied by, so that they have about unit variance.</summary>
    public float ScalingFactor { get; init; } = 0.18215f;

    /// <summary>Image pixels per latent pixel along each side; image sizes are multiples of it.</summary>
    public int Factor => 1 << (BlockOutChannels.Count - 1);

    /// <summary>Reads a <c>config.json</c>.</summary>
    /// <param name="path">Path of the file.</param>
    /// <exception cref="EngineException">Absent, malformed, or a value that is not supported: one line names it.</exception>
    public static VaeConfig Read(string path) => From(ConfigJson.Read(path));

    /// <summary>Reads the text of a <c>config.json</c>.</summary>
    /// <param name="json">The text.</param>
    /// <param name="source">Where it comes from, for messages.</param>
    /// <exception cref="EngineException">Malformed, or a value that is not supported.</exception>
    public static VaeConfig Parse(string json, string source) => From(ConfigJson.Parse(json, source));

    /// <summary>The config in diffusers' form.</summary>
    public string ToJson() => new JsonObject
    {
        ["_class_name"] = "AutoencoderKL",
        ["act_fn"] = "silu",
        ["block_out_channels"] = new JsonArray([.. BlockOutChannels.Select(c => (JsonNode)c)]),
        ["down_block_types"] = Repeat("DownEncoderBlock2D"),
        ["in_channels"] = InChannels,
        ["latent_channels"] = LatentChannels,
        ["layers_per_block"] = LayersPerBlock,
        ["norm_num_groups"] = NormNumGroups,
        ["out_channels"] = OutChannels,
        ["sample_size"] = SampleSize,
        ["scaling_factor"] = (double)(decimal)ScalingFactor,
        ["up_block_types"] = Repeat("UpDecoderBlock2D"),
    }.ToJsonString(new JsonSerializerOptions { WriteIndented = true });

    private JsonArray Repeat(string type) => new([.. BlockOutChannels.Select(_ => (JsonNode)type)]);

    private static VaeConfig From(ConfigJson json)
    {
        json.Only("_class_name", "\"AutoencoderKL\"");
        json.Only("act_fn", "\"silu\"", "\"swish\"");
        json.Only("mid_block_add_attention", "true");
        json.Only("use_quant_conv", "true");
        json.Only("use_post_quant_conv", "true");
        json.Only("shift_factor", "null");
        json.Only("latents_mean", "null");
        json.Only("latents_std", "null");
        var config = new VaeConfig
        {
            InChannels = json.Int("in_channels", 3),
            OutChannels = json.Int("out_channels", 3),
            LatentChannels = json.Int("latent_channels", 4),
            SampleSize = json.Int("sample_size", 512),
            BlockOutChannels = json.Ints("block_out_channels", 64),
            LayersPerBlock = json.Int("layers_per_block", 1, ConfigJson.MostLayers),
            NormNumGroups = json.Int("norm_num_groups", 32),
            ScalingFactor = json.Float("scaling_factor", 0.18215f),
        };
        foreach ((string key, string type) in ((string, string)[])[("down_block_types", "DownEncoderBlock2D"), ("up_block_types", "UpDecoderBlock2D")])
        {
            string[] types = json.Texts(key, type);
            if (types.Length != config.BlockOutChannels.Count)
                throw new EngineException($"{json.Source}: {key} has {types.Length} entries, block_out_channels {config.BlockOutChannels.Count}");
            if (types.FirstOrDefault(t => t != type) is { } other)
                throw new EngineException($"{json.Source}: {key} has {ConfigJson.Shown(other)}, supported is {type}");
        }
        if (config.BlockOutChannels.Any(c => c % config.NormNumGroups != 0))
            throw new EngineException($"{json.Source}: block_out_channels {string.Join(", ", config.BlockOutChannels)} must be divisible by norm_num_groups {config.NormNumGroups}");
        return config;
    }
}
