using System.Text.Json;
using System.Text.Json.Nodes;
using SeLoRA.Engine;

namespace SeLoRA.Model;

/// <summary>Architecture of a <see cref="UNet2DConditionModel"/>, as its <c>config.json</c> says; the defaults are those of SD-1.5.</summary>
public sealed record UNetConfig
{
    /// <summary>A level with attention, on the way down.</summary>
    internal const string CrossAttentionDown = "CrossAttnDownBlock2D", PlainDown = "DownBlock2D";

    /// <summary>A level with attention, on the way up.</summary>
    internal const string CrossAttentionUp = "CrossAttnUpBlock2D", PlainUp = "UpBlock2D";

    /// <summary>Channels of the latents.</summary>
    public int InChannels { get; init; } = 4;

    /// <summary>Channels of the prediction.</summary>
    public int OutChannels { get; init; } = 4;

    /// <summary>Height and width of the latents it was made for; 64 in SD-1.5.</summary>
    public int SampleSize { get; init; } = 64;

    /// <summary>Channels of each level, finest first.</summary>
    public IReadOnlyList<int> BlockOutChannels { get; init; } = [320, 640, 1280, 1280];

    /// <summary>Resnets of each level on the way down; one more on the way up.</summary>
    public IReadOnlyList<int> LayersPerBlock { get; init; } = [2, 2, 2, 2];

    /// <summary>Number of attention heads of each level. Their size is channels / heads: files call this number attention_head_dim.</summary>
    public IReadOnlyList<int> AttentionHeads { get; init; } = [8, 8, 8, 8];

    /// <summary>Transformer blocks in each Transformer2DModel of a level.</summary>
    public IReadOnlyList<int> TransformerLayersPerBlock { get; init; } = [1, 1, 1, 1];

    /// <summary>Whether each level on the way down has attention.</summary>
    public IReadOnlyList<bool> DownAttention { get; init; } = [true, true, true, false];

    /// <summary>Whether each level on the way up has attention, coarsest first.</summary>
    public IReadOnlyList<bool> UpAttention { get; init; } = [false, true, true, true];

    /// <summary>Width of the text encoder's hidden states.</summary>
    public int CrossAttentionDim { get; init; } = 768;

    /// <summary>Groups of every group norm.</summary>
    public int NormNumGroups { get; init; } = 32;

    /// <summary>Epsilon of the resnets' and the last group norm; the transformers have their own.</summary>
    public float NormEps { get; init; } = 1e-5f;

    /// <summary>proj_in and proj_out are linear layers (SD-2) instead of 1x1 convolutions (SD-1).</summary>
    public bool UseLinearProjection { get; init; }

    /// <summary>The time embedding has its cosines first.</summary>
    public bool FlipSinToCos { get; init; } = true;

    /// <summary>Shift in the time embedding's frequencies.</summary>
    public float FreqShift { get; init; }

    /// <summary>Number of levels.</summary>
    public int Levels => BlockOutChannels.Count;

    /// <summary>Width of the time embedding.</summary>
    public int TimeEmbeddingDim => 4 * BlockOutChannels[0];

    internal ResnetBlock2D Resnet(int inChannels, int outChannels) =>
        new(inChannels, outChannels, TimeEmbeddingDim, NormNumGroups, NormEps);

    internal Transformer2DModel Transformer(int level) => new(BlockOutChannels[level], CrossAttentionDim, AttentionHeads[level],
        TransformerLayersPerBlock[level], NormNumGroups, UseLinearProjection);

    /// <summary>Reads a <c>config.json</c>.</summary>
    /// <param name="path">Path of the file.</param>
    /// <exception cref="EngineException">Absent, malformed, or a value that is not supported: one line names it.</exception>
    public static UNetConfig Read(string path) => From(ConfigJson.Read(path));

    /// <summary>Reads the text of a <c>config.json</c>.</summary>
    /// <param name="json">The text.</param>
    /// <param name="source">Where it comes from, for messages.</param>
    /// <exception cref="EngineException">Malformed, or a value that is not supported.</exception>
    public static UNetConfig Parse(string json, string source) => From(ConfigJson.Parse(json, source));

    /// <summary>The config in diffusers' form.</summary>
    public string ToJson() => new JsonObject
    {
        ["_class_name"] = "UNet2DConditionModel",
        ["act_fn"] = "silu",
        ["attention_head_dim"] = Numbers(AttentionHeads),
        ["block_out_channels"] = Numbers(BlockOutChannels),
        ["cross_attention_dim"] = CrossAttentionDim,
        ["down_block_types"] = new JsonArray([.. DownAttention.Select(a => (JsonNode)(a ? CrossAttentionDown : PlainDown))]),
        ["downsample_padding"] = 1,
        ["flip_sin_to_cos"] = FlipSinToCos,
        ["freq_shift"] = FreqShift,
        ["in_channels"] = InChannels,
        ["layers_per_block"] = Numbers(LayersPerBlock),
        ["mid_block_scale_factor"] = 1,
        ["mid_block_type"] = "UNetMidBlock2DCrossAttn",
        ["norm_eps"] = (double)(decimal)NormEps,
        ["norm_num_groups"] = NormNumGroups,
        ["out_channels"] = OutChannels,
        ["sample_size"] = SampleSize,
        ["transformer_layers_per_block"] = Numbers(TransformerLayersPerBlock),
        ["up_block_types"] = new JsonArray([.. UpAttention.Select(a => (JsonNode)(a ? CrossAttentionUp : PlainUp))]),
        ["use_linear_projection"] = UseLinearProjection,
    }.ToJsonString(new JsonSerializerOptions { WriteIndented = true });

    // Older readers know only the single number, so a list is written only where levels differ.
    private static JsonNode Numbers(IReadOnlyList<int> values) =>
        values.Distinct().Count() == 1 && values.Count > 1 ? values[0] : new JsonArray([.. values.Select(v => (JsonNode)v)]);

    private static UNetConfig From(ConfigJson json)
    {
        Refuse(json);
        int[] channels = json.Ints("block_out_channels", 320, 640, 1280, 1280);
        int levels = channels.Length;
        string headsKey = json.Has("num_attention_heads") ? "num_attention_heads" : "attention_head_dim";
        var config = new UNetConfig
        {
            InChannels = json.Int("in_channels", 4),
            OutChannels = json.Int("out_channels", 4),
            SampleSize = json.Int("sample_size", 64),
            BlockOutChannels = channels,
            LayersPerBlock = json.IntPerLevel("layers_per_block", levels, 2, ConfigJson.MostLayers),
            AttentionHeads = json.IntPerLevel(headsKey, levels, 8),
            TransformerLayersPerBlock = json.IntPerLevel("transformer_layers_per_block", levels, 1, ConfigJson.MostBlocks),
            DownAttention = Attention(json, "down_block_types", levels, CrossAttentionDown, PlainDown,
                [CrossAttentionDown, CrossAttentionDown, CrossAttentionDown, PlainDown]),
            UpAttention = Attention(json, "up_block_types", levels, CrossAttentionUp, PlainUp,
                [PlainUp, CrossAttentionUp, CrossAttentionUp, CrossAttentionUp]),
            CrossAttentionDim = json.Int("cross_attention_dim", 1280),
            NormNumGroups = json.Int("norm_num_groups", 32),
            NormEps = json.Float("norm_eps", 1e-5f),
            UseLinearProjection = json.Bool("use_linear_projection", false),
            FlipSinToCos = json.Bool("flip_sin_to_cos", true),
            FreqShift = json.Float("freq_shift", 0),
        };
        for (int i = 0; i < levels; i++)
        {
            if (channels[i] % config.NormNumGroups != 0)
                throw new EngineException($"{json.Source}: block_out_channels {channels[i]} is not divisible by norm_num_groups {config.NormNumGroups}");
            if (channels[i] % config.AttentionHeads[i] != 0)
                throw new EngineException($"{json.Source}: block_out_channels {channels[i]} is not divisible by {config.AttentionHeads[i]} heads ({headsKey})");
        }
        return config;
    }

    private static bool[] Attention(ConfigJson json, string key, int levels, string with, string without, string[] defaultTypes)
    {
        string[] types = json.Texts(key, defaultTypes);
        if (types.Length != levels) throw new EngineException($"{json.Source}: {key} has {types.Length} entries, block_out_channels {levels}");
        return [.. types.Select(type => type == with || (type == without
            ? false
            : throw new EngineException($"{json.Source}: {key} has {ConfigJson.Shown(type)}, supported are {with} and {without}")))];
    }

    private static void Refuse(ConfigJson json)
    {
        json.Only("_class_name", "\"UNet2DConditionModel\"");
        json.Only("act_fn", "\"silu\"", "\"swish\"");
        json.Only("mid_block_type", "\"UNetMidBlock2DCrossAttn\"");
        json.Only("resnet_time_scale_shift", "\"default\"");
        json.Only("time_embedding_type", "\"positional\"");
        json.Only("attention_type", "\"default\"");
        foreach (string key in (ReadOnlySpan<string>)["center_input_sample", "dual_cross_attention", "only_cross_attention",
            "resnet_skip_time_act", "class_embeddings_concat"])
            json.Only(key, "false");
        foreach (string key in (ReadOnlySpan<string>)["mid_block_scale_factor", "downsample_padding", "resnet_out_scale_factor"])
            json.Only(key, "1");
        foreach (string key in (ReadOnlySpan<string>)["conv_in_kernel", "conv_out_kernel"]) json.Only(key, "3");
        json.Only("dropout", "0");
        json.Only("mid_block_only_cross_attention", "null", "false");
        foreach (string key in (ReadOnlySpan<string>)["addition_embed_type", "class_embed_type", "cross_attention_norm", "encoder_hid_dim",
            "encoder_hid_dim_type", "num_class_embeds", "reverse_transformer_layers_per_block", "time_cond_proj_dim",
            "time_embedding_act_fn", "time_embedding_dim", "timestep_post_act"])
            json.Only(key, "null");
    }
}
