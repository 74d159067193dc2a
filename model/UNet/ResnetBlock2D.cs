using SeLoRA.Engine;

namespace SeLoRA.Model;

/// <summary>
/// Two 3x3 convolutions, each behind a group norm with SiLU, and a shortcut. In the U-Net the time embedding is added between them; the
/// VAE has none.
/// </summary>
public sealed class ResnetBlock2D : Module
{
    private readonly GroupNorm norm1, norm2;
    private readonly Conv2d conv1, conv2;
    private readonly Linear? timeEmbProj;
    private readonly Conv2d? convShortcut;

    /// <summary>A block from <paramref name="inChannels"/> to <paramref name="outChannels"/>.</summary>
    /// <param name="inChannels">Channels in.</param>
    /// <param name="outChannels">Channels out; a 1x1 convolution is the shortcut where they differ.</param>
    /// <param name="timeEmbeddingDim">Width of the time embedding; 0 for none.</param>
    /// <param name="groups">Groups of the norms.</param>
    /// <param name="eps">Epsilon of the norms.</param>
    public ResnetBlock2D(int inChannels, int outChannels, int timeEmbeddingDim, int groups, float eps)
    {
        norm1 = Register("norm1", new GroupNorm(groups, inChannels, eps));
        conv1 = Register("conv1", new Conv2d(inChannels, outChannels, 3, 1, Padding.All(1)));
        if (timeEmbeddingDim > 0) timeEmbProj = Register("time_emb_proj", new Linear(timeEmbeddingDim, outChannels));
        norm2 = Register("norm2", new GroupNorm(groups, outChannels, eps));
        conv2 = Register("conv2", new Conv2d(outChannels, outChannels, 3, 1, Padding.All(1)));
        if (inChannels != outChannels) convShortcut = Register("conv_shortcut", new Conv2d(inChannels, outChannels, 1));
    }

    /// <summary>Recompute the block in backward instead of keeping its intermediate results.</summary>
    public bool Recompute { get; set; }

    /// <summary>(N, H, W, in) to (N, H, W, out).</summary>
    /// <param name="x">Feature map.</param>
    /// <param name="temb">Time embedding (N, width) or (1, width); null where the block has none.</param>
    public Tensor Forward(Tensor x, Tensor? temb = null)
    {
        if (!Recompute) return Block(x, temb);
        return temb is null ? Checkpoint.Run(i => Block(i[0], null), x) : Checkpoint.Run(i => Block(i[0], i[1]), x, temb);
    }

    private Tensor Block(Tensor x, Tensor? temb)
    {
        using var scope = new TensorScope();
        Tensor h = conv1.Forward(norm1.Forward(x, silu: true));
        if (timeEmbProj is not null && temb is not null)
        {
            Tensor t = timeEmbProj.Forward(Ops.Silu(temb));
            h += t.Reshape(t.Shape[0], 1, 1, t.Shape[1]);
        }
        h = norm2.Forward(h, silu: true);
        return scope.Return(conv2.Forward(h, residual: convShortcut?.Forward(x) ?? x));
    }
}
