using SeLoRA.Engine;

namespace SeLoRA.Model;

/// <summary>CLIP's vision tower (Radford et al., 2021; Dosovitskiy et al., 2021). Module names are those of transformers, its misspelt <c>pre_layrnorm</c> included.</summary>
public sealed class ClipVisionTransformer : Module
{
    private readonly ClipVisionConfig config;
    private readonly ClipVisionEmbeddings embeddings;
    private readonly ClipEncoder encoder;
    private readonly LayerNorm preNorm, postNorm;

    internal ClipVisionTransformer(ClipVisionConfig config)
    {
        this.config = config;
        embeddings = Register("embeddings", new ClipVisionEmbeddings(config));
        preNorm = Register("pre_layrnorm", new LayerNorm(config.HiddenSize, config.LayerNormEps));
        encoder = Register("encoder", new ClipEncoder(config.NumHiddenLayers, () => new ClipEncoderLayer(config.HiddenSize,
            config.IntermediateSize, config.NumAttentionHeads, config.QuickGelu, config.LayerNormEps)));
        postNorm = Register("post_layernorm", new LayerNorm(config.HiddenSize, config.LayerNormEps));
    }

    /// <summary>Images (N, S, S, 3) to the normalised hidden state of their class token, (N, width).</summary>
    internal Tensor Forward(Tensor pixels)
    {
        int size = config.ImageSize;
        if (pixels.Shape.Rank != 4 || pixels.Shape.With(0, 1) != new Shape(1, size, size, 3))
            throw new EngineException($"ClipModel: images {pixels.Shape}, Nx{size}x{size}x3 is needed");
        using var scope = new TensorScope();
        Tensor x = encoder.Forward(preNorm.Forward(embeddings.Forward(pixels)), causal: false);
        // The class token comes first: it is the first columns of a sample's row.
        Tensor first = Ops.Slice(x.Reshape(x.Shape[0], x.Shape[1] * x.Shape[2]), 0, config.HiddenSize);
        return scope.Return(postNorm.Forward(first));
    }
}

/// <summary>Patches as tokens, a learned class token before them, and learned positions.</summary>
public sealed class ClipVisionEmbeddings : Module
{
    private readonly int width, tokens;
    private readonly Parameter classToken;
    private readonly Conv2d patch;
    private readonly Embedding position;

    internal ClipVisionEmbeddings(ClipVisionConfig config)
    {
        width = config.HiddenSize;
        int side = config.ImageSize / config.PatchSize;
        tokens = side * side + 1;
        classToken = Register("class_embedding", new Parameter(new Shape(width), Initialization.Normal));
        patch = Register("patch_embedding", new Conv2d(3, width, config.PatchSize, config.PatchSize, bias: false));
        position = Register("position_embedding", new Embedding(tokens, width));
    }

    internal Tensor Forward(Tensor pixels)
    {
        int n = pixels.Shape[0];
        using var scope = new TensorScope();
        Tensor patches = patch.Forward(pixels).Reshape(n, (tokens - 1) * width);
        Tensor first = Tensor.Zeros(new Shape(n, width), pixels.Device) + classToken.Value;
        return scope.Return(Ops.Concat(first, patches).Reshape(n, tokens, width) + position.Weight.Value);
    }
}
