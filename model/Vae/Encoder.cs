using SeLoRA.Engine;

namespace SeLoRA.Model;

/// <summary>The VAE's encoder: images to twice as many channels as the latents have.</summary>
public sealed class Encoder : Module
{
    /// <summary>Epsilon of every norm in the VAE.</summary>
    internal const float NormEps = 1e-6f;

    private readonly Conv2d convIn, convOut;
    private readonly ModuleList<DownEncoderBlock2D> downBlocks;
    private readonly UNetMidBlock2D midBlock;
    private readonly GroupNorm convNormOut;

    internal Encoder(VaeConfig config)
    {
        IReadOnlyList<int> channels = config.BlockOutChannels;
        convIn = Register("conv_in", new Conv2d(config.InChannels, channels[0], 3, 1, Padding.All(1)));
        downBlocks = Register("down_blocks", new ModuleList<DownEncoderBlock2D>(
            Enumerable.Range(0, channels.Count).Select(i => new DownEncoderBlock2D(config, i))));
        midBlock = Register("mid_block", new UNetMidBlock2D(config));
        convNormOut = Register("conv_norm_out", new GroupNorm(config.NormNumGroups, channels[^1], NormEps));
        convOut = Register("conv_out", new Conv2d(channels[^1], 2 * config.LatentChannels, 3, 1, Padding.All(1)));
    }

    /// <summary>(N, H, W, 3) to (N, H/8, W/8, 8).</summary>
    /// <param name="x">Images in [-1, 1].</param>
    /// <param name="probe">Called with each block's name and output, or null.</param>
    internal Tensor Forward(Tensor x, Action<string, Tensor>? probe)
    {
        using var scope = new TensorScope();
        Tensor h = convIn.Forward(x);
        probe?.Invoke("encoder.conv_in", h);
        for (int i = 0; i < downBlocks.Count; i++)
        {
            // The finest maps are by far the largest: free each as soon as the next exists.
            using Tensor before = h;
            h = downBlocks[i].Forward(h);
            probe?.Invoke($"encoder.down_blocks.{i}", h);
        }
        h = midBlock.Forward(h);
        probe?.Invoke("encoder.mid_block", h);
        return scope.Return(convOut.Forward(convNormOut.Forward(h, silu: true)));
    }

    internal static ResnetBlock2D Resnet(VaeConfig config, int inChannels, int outChannels) =>
        new(inChannels, outChannels, timeEmbeddingDim: 0, config.NormNumGroups, NormEps);
}
