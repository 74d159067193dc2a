using SeLoRA.Engine;

namespace SeLoRA.Model;

/// <summary>One level of the encoder.</summary>
public sealed class DownEncoderBlock2D : Module
{
    private readonly ModuleList<ResnetBlock2D> resnets;
    private readonly ModuleList<Downsample2D>? downsamplers;

    internal DownEncoderBlock2D(VaeConfig config, int level)
    {
        int channels = config.BlockOutChannels[level], before = config.BlockOutChannels[Math.Max(level - 1, 0)];
        resnets = Register("resnets", new ModuleList<ResnetBlock2D>(Enumerable.Range(0, config.LayersPerBlock)
            .Select(i => Encoder.Resnet(config, i == 0 ? before : channels, channels))));
        if (level == config.BlockOutChannels.Count - 1) return;
        // Right and bottom only: the VAE was trained with it.
        var padding = new Padding(Top: 0, Bottom: 1, Left: 0, Right: 1);
        downsamplers = Register("downsamplers", new ModuleList<Downsample2D>([new Downsample2D(channels, padding)]));
    }

    /// <summary>(N, H, W, C) to (N, H/2, W/2, C'); the last level keeps the size.</summary>
    public Tensor Forward(Tensor x)
    {
        using var scope = new TensorScope();
        foreach (ResnetBlock2D resnet in resnets) x = resnet.Forward(x);
        return scope.Return(downsamplers is null ? x : downsamplers[0].Forward(x));
    }
}

/// <summary>One level of the decoder.</summary>
public sealed class UpDecoderBlock2D : Module
{
    private readonly ModuleList<ResnetBlock2D> resnets;
    private readonly ModuleList<Upsample2D>? upsamplers;

    /// <summary>Block <paramref name="index"/> of the decoder, 0 the coarsest.</summary>
    internal UpDecoderBlock2D(VaeConfig config, int index)
    {
        int last = config.BlockOutChannels.Count - 1, level = last - index;
        int channels = config.BlockOutChannels[level], before = config.BlockOutChannels[Math.Min(level + 1, last)];
        resnets = Register("resnets", new ModuleList<ResnetBlock2D>(Enumerable.Range(0, config.LayersPerBlock + 1)
            .Select(i => Encoder.Resnet(config, i == 0 ? before : channels, channels))));
        if (level > 0) upsamplers = Register("upsamplers", new ModuleList<Upsample2D>([new Upsample2D(channels)]));
    }

    /// <summary>(N, H, W, C) to (N, 2H, 2W, C'); the last level keeps the size.</summary>
    public Tensor Forward(Tensor x)
    {
        using var scope = new TensorScope();
        foreach (ResnetBlock2D resnet in resnets) x = resnet.Forward(x);
        return scope.Return(upsamplers is null ? x : upsamplers[0].Forward(x, 2 * x.Shape[1], 2 * x.Shape[2]));
    }
}

/// <summary>The coarsest part of encoder and decoder: resnet, attention over pixels, resnet.</summary>
public sealed class UNetMidBlock2D : Module
{
    private readonly ModuleList<VaeAttention> attentions;
    private readonly ModuleList<ResnetBlock2D> resnets;

    internal UNetMidBlock2D(VaeConfig config)
    {
        int channels = config.BlockOutChannels[^1];
        attentions = Register("attentions", new ModuleList<VaeAttention>([new VaeAttention(channels, config.NormNumGroups)]));
        resnets = Register("resnets", new ModuleList<ResnetBlock2D>(
            [Encoder.Resnet(config, channels, channels), Encoder.Resnet(config, channels, channels)]));
    }

    /// <summary>(N, H, W, C) to the same shape.</summary>
    public Tensor Forward(Tensor x)
    {
        using var scope = new TensorScope();
        return scope.Return(resnets[1].Forward(attentions[0].Forward(resnets[0].Forward(x))));
    }
}
