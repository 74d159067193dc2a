using SeLoRA.Engine;

namespace SeLoRA.Model;

/// <summary>The coarsest part of the U-Net: resnet, transformer, resnet.</summary>
public sealed class UNetMidBlock2DCrossAttn : Module
{
    private readonly ModuleList<Transformer2DModel> attentions;
    private readonly ModuleList<ResnetBlock2D> resnets;

    internal UNetMidBlock2DCrossAttn(UNetConfig config)
    {
        int level = config.Levels - 1, channels = config.BlockOutChannels[level];
        attentions = Register("attentions", new ModuleList<Transformer2DModel>([config.Transformer(level)]));
        resnets = Register("resnets", new ModuleList<ResnetBlock2D>(
            [config.Resnet(channels, channels), config.Resnet(channels, channels)]));
    }

    /// <summary>(N, H, W, C) to the same shape.</summary>
    /// <param name="x">Feature map.</param>
    /// <param name="temb">Time embedding (N, width).</param>
    /// <param name="context">Text (N, L, width).</param>
    public Tensor Forward(Tensor x, Tensor temb, Tensor context)
    {
        using var scope = new TensorScope();
        x = resnets[0].Forward(x, temb);
        x = attentions[0].Forward(x, context);
        return scope.Return(resnets[1].Forward(x, temb));
    }
}
