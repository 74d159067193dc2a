using SeLoRA.Engine;

namespace SeLoRA.Model;

/// <summary>
/// CLIP's text encoder (Radford et al., 2021), with which Stable Diffusion reads its prompts. Module names are those of transformers'
/// <c>CLIPTextModel</c>.
/// </summary>
public sealed class ClipTextModel : Module
{
    private readonly ClipTextTransformer textModel;

    /// <summary>The network without weights.</summary>
    public ClipTextModel(ClipTextConfig config)
    {
        Config = config;
        textModel = Register("text_model", new ClipTextTransformer(config));
    }

    /// <summary>Its architecture.</summary>
    public ClipTextConfig Config { get; }

    /// <summary>All of it, for <see cref="ClipModel"/>, which has the same part under the same name.</summary>
    internal ClipTextTransformer Transformer => textModel;

    /// <summary>Called with <c>hidden_states.i</c>: 0 the embedded tokens, i the output of layer i - 1.</summary>
    internal Action<string, Tensor>? Probe { get; set; }

    /// <summary>Hidden states after the final layer norm.</summary>
    /// <param name="ids">Token ids, one row a text, all rows of one length up to <see cref="ClipTextConfig.MaxPositionEmbeddings"/>.</param>
    /// <param name="batch">Number of texts.</param>
    /// <returns>(N, L, width).</returns>
    /// <exception cref="EngineException">The ids do not fill the rows, are too many, or one is outside the vocabulary.</exception>
    public Tensor Forward(ReadOnlySpan<int> ids, int batch)
    {
        int length = CheckIds(ids, batch);
        using var scope = new TensorScope();
        return scope.Return(Forward(Tensor.From(ids, new Shape(batch, length), textModel.Device)));
    }

    /// <summary>Hidden states after the final layer norm.</summary>
    /// <param name="ids">Token ids (N, L), I32, which went through <see cref="CheckIds"/> before they came to the device.</param>
    /// <returns>(N, L, width).</returns>
    public Tensor Forward(Tensor ids) => textModel.Forward(ids, Probe);

    /// <summary>Checks token ids as <see cref="Forward(ReadOnlySpan{int}, int)"/> does; the length of a row.</summary>
    /// <inheritdoc cref="Forward(ReadOnlySpan{int}, int)" path="/param"/>
    /// <inheritdoc cref="Forward(ReadOnlySpan{int}, int)" path="/exception"/>
    public int CheckIds(ReadOnlySpan<int> ids, int batch)
    {
        if (batch < 1 || ids.Length == 0 || ids.Length % batch != 0)
            throw new EngineException($"ClipTextModel: {ids.Length} token ids do not make {batch} rows of one length");
        int length = ids.Length / batch;
        if (length > Config.MaxPositionEmbeddings)
            throw new EngineException($"ClipTextModel: {length} tokens a text, at most {Config.MaxPositionEmbeddings} are possible");
        RowIds.Check(ids, Config.VocabSize);
        return length;
    }

    /// <summary>The hidden state at the end of each text, which stands for the whole text.</summary>
    /// <param name="hidden">What <see cref="Forward(Tensor)"/> returned, (N, L, width).</param>
    /// <param name="ids">The ids given to it.</param>
    /// <returns>(N, width).</returns>
    /// <exception cref="EngineException">A text has no end token.</exception>
    public Tensor Pool(Tensor hidden, ReadOnlySpan<int> ids)
    {
        int batch = hidden.Shape[0], length = hidden.Shape[1], width = hidden.Shape[2];
        using var scope = new TensorScope();
        Tensor? pooled = null;
        for (int n = 0; n < batch; n++)
        {
            int row = n * length + EndOfText(ids.Slice(n * length, length), n);
            Tensor one = hidden.Reshape(batch * length, width).Narrow(row, 1);
            pooled = pooled is null ? one : Ops.Concat(pooled, one);
        }
        return scope.Return(pooled!.Reshape(batch, width));
    }

    private int EndOfText(ReadOnlySpan<int> text, int index)
    {
        int largest = 0;
        for (int i = 1; i < text.Length; i++)
            if (text[i] > text[largest]) largest = i;
        if (Config.EosTokenId == 2) return largest;
        int end = text.IndexOf(Config.EosTokenId);
        return end >= 0 ? end : throw new EngineException($"ClipTextModel: text {index} has no end token {Config.EosTokenId}");
    }
}

/// <summary>Embeddings, layers and final norm of <see cref="ClipTextModel"/>.</summary>
public sealed class ClipTextTransformer : Module
{
    private readonly ClipTextEmbeddings embeddings;
    private readonly ClipEncoder encoder;
    private readonly LayerNorm finalLayerNorm;

    internal ClipTextTransformer(ClipTextConfig config)
    {
        embeddings = Register("embeddings", new ClipTextEmbeddings(config));
        encoder = Register("encoder", new ClipEncoder(config.NumHiddenLayers, () => new ClipEncoderLayer(config.HiddenSize,
            config.IntermediateSize, config.NumAttentionHeads, config.QuickGelu, config.LayerNormEps)));
        finalLayerNorm = Register("final_layer_norm", new LayerNorm(config.HiddenSize, config.LayerNormEps));
    }

    internal Device Device => finalLayerNorm.Weight.Value.Device;

    internal Tensor Forward(Tensor ids, Action<string, Tensor>? probe)
    {
        using var scope = new TensorScope();
        return scope.Return(Ops.Cast(finalLayerNorm.Forward(encoder.Forward(embeddings.Forward(ids), causal: true, probe)), DType.F32));
    }
}

/// <summary>Token and position embeddings.</summary>
public sealed class ClipTextEmbeddings : Module
{
    private readonly Embedding token, position;

    internal ClipTextEmbeddings(ClipTextConfig config)
    {
        token = Register("token_embedding", new Embedding(config.VocabSize, config.HiddenSize));
        position = Register("position_embedding", new Embedding(config.MaxPositionEmbeddings, config.HiddenSize));
    }

    internal Tensor Forward(Tensor ids)
    {
        using var scope = new TensorScope();
        return scope.Return(token.Forward(ids) + position.Weight.Value.Narrow(0, ids.Shape[1]));
    }
}
