using SeLoRA.Engine;

namespace SeLoRA.Model;

/// <summary>Transformer blocks over the pixels of a feature map, with a projection before and after and a residual around.</summary>
public sealed class Transformer2DModel : Module
{
    // Fixed in diffusers, and not the norm_eps of the config.
    private const float NormEps = 1e-6f;

    private readonly GroupNorm norm;
    private readonly Linear projIn, projOut;
    private readonly ModuleList<BasicTransformerBlock> blocks;

    /// <summary>For feature maps of the given channels.</summary>
    /// <param name="channels">Channels.</param>
    /// <param name="contextWidth">Width of the text's hidden states.</param>
    /// <param name="heads">Number of attention heads.</param>
    /// <param name="layers">Number of transformer blocks.</param>
    /// <param name="groups">Groups of the norm.</param>
    /// <param name="linearProjection">proj_in and proj_out are linear layers instead of 1x1 convolutions.</param>
    public Transformer2DModel(int channels, int contextWidth, int heads, int layers, int groups, bool linearProjection)
    {
        norm = Register("norm", new GroupNorm(groups, channels, NormEps));
        projIn = Register("proj_in", new Linear(channels, channels, pointwise: !linearProjection));
        blocks = Register("transformer_blocks", new ModuleList<BasicTransformerBlock>(
            Enumerable.Range(0, layers).Select(_ => new BasicTransformerBlock(channels, contextWidth, heads))));
        projOut = Register("proj_out", new Linear(channels, channels, pointwise: !linearProjection));
    }

    /// <summary>Recompute the block in backward instead of keeping its intermediate results.</summary>
    public bool Recompute { get; set; }

    /// <summary>Feature map (N, H, W, C) and text (N, L, width) to a feature map of the same shape.</summary>
    public Tensor Forward(Tensor x, Tensor context) =>
        Recompute ? Checkpoint.Run(i => Block(i[0], i[1]), x, context) : Block(x, context);

    private Tensor Block(Tensor x, Tensor context)
    {
        using var scope = new TensorScope();
        Shape map = x.Shape;
        // Channels last: pixels and tokens are the same bytes.
        Tensor h = projIn.Forward(norm.Forward(x).Reshape(map[0], map[1] * map[2], map[3]));
        foreach (BasicTransformerBlock block in blocks) h = block.Forward(h, context);
        return scope.Return(projOut.Forward(h.Reshape(map), residual: x));
    }
}
