using SeLoRA.Engine;

namespace SeLoRA.Model;

/// <summary>The VAE's decoder: latents to images.</summary>
public sealed class Decoder : Module
{
    private readonly Conv2d convIn, convOut;
    private readonly UNetMidBlock2D midBlock;
    private readonly ModuleList<UpDecoderBlock2D> upBlocks;
    private readonly GroupNorm convNormOut;

    internal Decoder(VaeConfig config)
    {
        IReadOnlyList<int> channels = config.BlockOutChannels;
        convIn = Register("conv_in", new Conv2d(config.LatentChannels, channels[^1], 3, 1, Padding.All(1)));
        midBlock = Register("mid_block", new UNetMidBlock2D(config));
        upBlocks = Register("up_blocks", new ModuleList<UpDecoderBlock2D>(
            Enumerable.Range(0, channels.Count).Select(i => new UpDecoderBlock2D(config, i))));
        convNormOut = Register("conv_norm_out", new GroupNorm(config.NormNumGroups, channels[0], Encoder.NormEps));
        convOut = Register("conv_out", new Conv2d(channels[0], config.OutChannels, 3, 1, Padding.All(1)));
    }

    /// <summary>(N, h, w, 4) to (N, 8h, 8w, 3).</summary>
    /// <param name="z">Latents.</param>
    /// <param name="probe">Called with each block's name and output, or null.</param>
    internal Tensor Forward(Tensor z, Action<string, Tensor>? probe)
    {
        using var scope = new TensorScope();
        Tensor h = convIn.Forward(z);
        probe?.Invoke("decoder.conv_in", h);
        h = midBlock.Forward(h);
        probe?.Invoke("decoder.mid_block", h);
        for (int i = 0; i < upBlocks.Count; i++)
        {
            using Tensor before = h;
            h = upBlocks[i].Forward(h);
            probe?.Invoke($"decoder.up_blocks.{i}", h);
        }
        return scope.Return(convOut.Forward(convNormOut.Forward(h, silu: true)));
    }
}
