using SeLoRA.Engine;

namespace SeLoRA.Model;

/// <summary>One level on the way up: <c>UpBlock2D</c> of diffusers, or with attention <c>CrossAttnUpBlock2D</c>.</summary>
public sealed class UpBlock2D : Module
{
    private readonly ModuleList<Transformer2DModel>? attentions;
    private readonly ModuleList<ResnetBlock2D> resnets;
    private readonly ModuleList<Upsample2D>? upsamplers;

    /// <summary>Block <paramref name="index"/> of the way up, 0 the coarsest.</summary>
    internal UpBlock2D(UNetConfig config, int index)
    {
        int level = config.Levels - 1 - index;
        int channels = config.BlockOutChannels[level];
        int before = config.BlockOutChannels[Math.Min(level + 1, config.Levels - 1)];
        int lastSkip = config.BlockOutChannels[Math.Max(level - 1, 0)];
        int layers = config.LayersPerBlock[level] + 1;
        if (config.UpAttention[index])
        {
            attentions = Register("attentions", new ModuleList<Transformer2DModel>(
                Enumerable.Range(0, layers).Select(_ => config.Transformer(level))));
        }
        resnets = Register("resnets", new ModuleList<ResnetBlock2D>(Enumerable.Range(0, layers).Select(i =>
            config.Resnet((i == 0 ? before : channels) + (i == layers - 1 ? lastSkip : channels), channels))));
        if (level > 0) upsamplers = Register("upsamplers", new ModuleList<Upsample2D>([new Upsample2D(channels)]));
    }

    /// <summary>
    /// Runs the level, taking one skip connection a layer from <paramref name="skips"/> and disposing it. The upsampler resizes to the
    /// next skip connection: twice the size, or one less where a size was odd on the way down.
    /// </summary>
    /// <param name="x">(N, H, W, C).</param>
    /// <param name="temb">Time embedding (N, width).</param>
    /// <param name="context">Text (N, L, width).</param>
    /// <param name="skips">What the way down left.</param>
    public Tensor Forward(Tensor x, Tensor temb, Tensor context, Stack<Tensor> skips)
    {
        using var blockScope = new TensorScope();
        for (int i = 0; i < resnets.Count; i++)
        {
            using var scope = new TensorScope();
            using (Tensor skip = skips.Pop())
                x = resnets[i].Forward(Ops.Concat(x, skip), temb);
            if (attentions is not null) x = attentions[i].Forward(x, context);
            scope.Return(x);
        }
        if (upsamplers is null) return blockScope.Return(x);
        Shape next = skips.Peek().Shape;
        return blockScope.Return(upsamplers[0].Forward(x, next[1], next[2]));
    }
}
