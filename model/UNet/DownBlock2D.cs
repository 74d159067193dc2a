using SeLoRA.Engine;

namespace SeLoRA.Model;

/// <summary>One level on the way down: <c>DownBlock2D</c> of diffusers, or with attention <c>CrossAttnDownBlock2D</c>.</summary>
public sealed class DownBlock2D : Module
{
    private readonly ModuleList<Transformer2DModel>? attentions;
    private readonly ModuleList<ResnetBlock2D> resnets;
    private readonly ModuleList<Downsample2D>? downsamplers;

    internal DownBlock2D(UNetConfig config, int level)
    {
        int channels = config.BlockOutChannels[level];
        int inChannels = level == 0 ? channels : config.BlockOutChannels[level - 1];
        int layers = config.LayersPerBlock[level];
        if (config.DownAttention[level])
        {
            attentions = Register("attentions", new ModuleList<Transformer2DModel>(
                Enumerable.Range(0, layers).Select(_ => config.Transformer(level))));
        }
        resnets = Register("resnets", new ModuleList<ResnetBlock2D>(
            Enumerable.Range(0, layers).Select(i => config.Resnet(i == 0 ? inChannels : channels, channels))));
        if (level < config.Levels - 1)
            downsamplers = Register("downsamplers", new ModuleList<Downsample2D>([new Downsample2D(channels, Padding.All(1))]));
    }

    /// <summary>Runs the level; every layer's result is also put on <paramref name="skips"/> for the way up.</summary>
    /// <param name="x">(N, H, W, C).</param>
    /// <param name="temb">Time embedding (N, width).</param>
    /// <param name="context">Text (N, L, width).</param>
    /// <param name="skips">Receives the skip connections.</param>
    public Tensor Forward(Tensor x, Tensor temb, Tensor context, Stack<Tensor> skips)
    {
        for (int i = 0; i < resnets.Count; i++)
        {
            using var scope = new TensorScope();
            x = resnets[i].Forward(x, temb);
            if (attentions is not null) x = attentions[i].Forward(x, context);
            skips.Push(scope.Return(x));
        }
        if (downsamplers is null) return x;
        x = downsamplers[0].Forward(x);
        skips.Push(x);
        return x;
    }
}
