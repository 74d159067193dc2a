using System.Text.Json;
using System.Text.Json.Nodes;
using SeLoRA.Engine;

namespace SeLoRA.Model;

/// <summary>Architecture of a <see cref="ClipTextModel"/>, as its <c>config.json</c> says; the defaults are those of SD-1.5.</summary>
public sealed record ClipTextConfig
{
    /// <summary>Width of the hidden states.</summary>
    public int HiddenSize { get; init; } = 768;

    /// <summary>Width inside the feed-forward part.</summary>
    public int IntermediateSize { get; init; } = 3072;

    /// <summary>Number of layers.</summary>
    public int NumHiddenLayers { get; init; } = 12;

    /// <summary>Number of attention heads.</summary>
    public int NumAttentionHeads { get; init; } = 12;

    /// <summary>Number of token ids.</summary>
    public int VocabSize { get; init; } = 49408;

    /// <summary>Longest sequence.</summary>
    public int MaxPositionEmbeddings { get; init; } = 77;

    /// <summary>Epsilon of the layer norms.</summary>
    public float LayerNormEps { get; init; } = 1e-5f;

    /// <summary>The feed-forward part's activation is x sigmoid(1.702 x) (<c>quick_gelu</c>) rather than exact GELU (<c>gelu</c>).</summary>
    public bool QuickGelu { get; init; } = true;

    /// <summary>
    /// Id of the token that ends a text. Old configs, SD-1.5's among them, say 2, which is wrong and means the largest id in the text.
    /// </summary>
    public int EosTokenId { get; init; } = 2;

    /// <summary>Reads a <c>config.json</c>.</summary>
    /// <param name="path">Path of the file.</param>
    /// <exception cref="EngineException">Absent, malformed, or a value that is not supported: one line names it.</exception>
    public static ClipTextConfig Read(string path) => From(ConfigJson.Read(path));

    /// <summary>Reads the text of a <c>config.json</c>.</summary>
    /// <param name="json">The text.</param>
    /// <param name="source">Where it comes from, for messages.</param>
    /// <exception cref="EngineException">Malformed, or a value that is not supported.</exception>
    public static ClipTextConfig Parse(string json, string source) => From(ConfigJson.Parse(json, source));

    /// <summary>The config in transformers' form.</summary>
    public string ToJson() => new JsonObject
    {
        ["architectures"] = new JsonArray("CLIPTextModel"),
        ["bos_token_id"] = VocabSize - 2,
        ["eos_token_id"] = EosTokenId,
        ["hidden_act"] = QuickGelu ? "quick_gelu" : "gelu",
        ["hidden_size"] = HiddenSize,
        ["intermediate_size"] = IntermediateSize,
        ["layer_norm_eps"] = (double)(decimal)LayerNormEps,
        ["max_position_embeddings"] = MaxPositionEmbeddings,
        ["model_type"] = "clip_text_model",
        ["num_attention_heads"] = NumAttentionHeads,
        ["num_hidden_layers"] = NumHiddenLayers,
        ["pad_token_id"] = VocabSize - 1,
        ["projection_dim"] = HiddenSize,
        ["vocab_size"] = VocabSize,
    }.ToJsonString(new JsonSerializerOptions { WriteIndented = true });

    internal static ClipTextConfig From(ConfigJson json)
    {
        json.Only("model_type", "\"clip_text_model\"");
        json.Only("hidden_act", "\"quick_gelu\"", "\"gelu\"");
        json.Only("attention_dropout", "0");
        var config = new ClipTextConfig
        {
            HiddenSize = json.Int("hidden_size", 512),
            IntermediateSize = json.Int("intermediate_size", 2048),
            NumHiddenLayers = json.Int("num_hidden_layers", 12, ConfigJson.MostClipLayers),
            NumAttentionHeads = json.Int("num_attention_heads", 8),
            VocabSize = json.Int("vocab_size", 49408),
            MaxPositionEmbeddings = json.Int("max_position_embeddings", 77),
            LayerNormEps = json.Float("layer_norm_eps", 1e-5f),
            QuickGelu = json.Text("hidden_act", "quick_gelu") == "quick_gelu",
            EosTokenId = json.Int("eos_token_id", 49407),
        };
        if (config.HiddenSize % config.NumAttentionHeads != 0)
            throw new EngineException($"{json.Source}: hidden_size {config.HiddenSize} is not divisible by num_attention_heads {config.NumAttentionHeads}");
        return config;
    }
}
