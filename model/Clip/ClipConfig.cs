using SeLoRA.Engine;

namespace SeLoRA.Model;

/// <summary>Architecture of a <see cref="ClipModel"/>, as its <c>config.json</c> says; the defaults are those of <c>openai/clip-vit-large-patch14</c>.</summary>
public sealed record ClipConfig
{
    /// <summary>The text tower.</summary>
    public ClipTextConfig Text { get; init; } = new();

    /// <summary>The vision tower.</summary>
    public ClipVisionConfig Vision { get; init; } = new();

    /// <summary>Width of the embeddings.</summary>
    public int ProjectionDim { get; init; } = 768;

    /// <summary>Reads a <c>config.json</c>.</summary>
    /// <param name="path">Path of the file.</param>
    /// <exception cref="EngineException">Absent, malformed, or a value that is not supported: one line names it.</exception>
    public static ClipConfig Read(string path) => From(ConfigJson.Read(path));

    /// <summary>Reads the text of a <c>config.json</c>.</summary>
    /// <param name="json">The text.</param>
    /// <param name="source">Where it comes from, for messages.</param>
    /// <exception cref="EngineException">Malformed, or a value that is not supported.</exception>
    public static ClipConfig Parse(string json, string source) => From(ConfigJson.Parse(json, source));

    private static ClipConfig From(ConfigJson json)
    {
        json.Only("model_type", "\"clip\"");
        return new ClipConfig
        {
            Text = ClipTextConfig.From(json.Object("text_config")),
            Vision = ClipVisionConfig.From(json.Object("vision_config")),
            ProjectionDim = json.Int("projection_dim", 512),
        };
    }
}

/// <summary>Architecture of CLIP's vision tower; the defaults are those of ViT-L/14.</summary>
public sealed record ClipVisionConfig
{
    /// <summary>Width of the hidden states.</summary>
    public int HiddenSize { get; init; } = 1024;

    /// <summary>Width inside the feed-forward part.</summary>
    public int IntermediateSize { get; init; } = 4096;

    /// <summary>Number of layers.</summary>
    public int NumHiddenLayers { get; init; } = 24;

    /// <summary>Number of attention heads.</summary>
    public int NumAttentionHeads { get; init; } = 16;

    /// <summary>Side of the images in pixels.</summary>
    public int ImageSize { get; init; } = 224;

    /// <summary>Side of a patch in pixels.</summary>
    public int PatchSize { get; init; } = 14;

    /// <summary>Epsilon of the layer norms.</summary>
    public float LayerNormEps { get; init; } = 1e-5f;

    /// <summary>The feed-forward part's activation is x sigmoid(1.702 x) rather than exact GELU.</summary>
    public bool QuickGelu { get; init; } = true;

    internal static ClipVisionConfig From(ConfigJson json)
    {
        json.Only("model_type", "\"clip_vision_model\"");
        json.Only("hidden_act", "\"quick_gelu\"", "\"gelu\"");
        json.Only("num_channels", "3");
        json.Only("attention_dropout", "0");
        var config = new ClipVisionConfig
        {
            HiddenSize = json.Int("hidden_size", 768),
            IntermediateSize = json.Int("intermediate_size", 3072),
            NumHiddenLayers = json.Int("num_hidden_layers", 12, ConfigJson.MostClipLayers),
            NumAttentionHeads = json.Int("num_attention_heads", 12),
            ImageSize = json.Int("image_size", 224, ConfigJson.MostPixels),
            PatchSize = json.Int("patch_size", 32),
            LayerNormEps = json.Float("layer_norm_eps", 1e-5f),
            QuickGelu = json.Text("hidden_act", "quick_gelu") == "quick_gelu",
        };
        if (config.HiddenSize % config.NumAttentionHeads != 0)
            throw new EngineException($"{json.Source}: hidden_size {config.HiddenSize} is not divisible by num_attention_heads {config.NumAttentionHeads}");
        if (config.PatchSize > config.ImageSize)
            throw new EngineException($"{json.Source}: patch_size {config.PatchSize} is larger than image_size {config.ImageSize}");
        return config;
    }
}
