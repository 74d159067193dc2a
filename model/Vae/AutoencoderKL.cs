using SeLoRA.Engine;

namespace SeLoRA.Model;

/// <summary>
/// The variational autoencoder of Stable Diffusion: images to the moments of a normal distribution of latents, and latents back to
/// images. Neither direction applies <see cref="VaeConfig.ScalingFactor"/>. Module names are those of diffusers' class of the same name.
/// </summary>
public sealed class AutoencoderKL : Module
{
    private readonly Encoder encoder;
    private readonly Decoder decoder;
    private readonly Conv2d quantConv, postQuantConv;

    /// <summary>The network without weights.</summary>
    public AutoencoderKL(VaeConfig config)
    {
        Config = config;
        int moments = 2 * config.LatentChannels;
        encoder = Register("encoder", new Encoder(config));
        decoder = Register("decoder", new Decoder(config));
        quantConv = Register("quant_conv", new Conv2d(moments, moments, 1));
        postQuantConv = Register("post_quant_conv", new Conv2d(config.LatentChannels, config.LatentChannels, 1));
    }

    /// <summary>Its architecture.</summary>
    public VaeConfig Config { get; }

    /// <summary>Called with the output of each block and its module name.</summary>
    internal Action<string, Tensor>? Probe { get; set; }

    /// <summary>The moments of an image's latents.</summary>
    /// <param name="x">Images (N, H, W, 3) in [-1, 1]; H and W multiples of <see cref="VaeConfig.Factor"/>.</param>
    /// <returns>Mean and log-variance, each (N, H/8, W/8, 4); the log-variance is clamped to [-30, 20].</returns>
    /// <exception cref="EngineException">The shape does not fit.</exception>
    public (Tensor Mean, Tensor LogVar) Encode(Tensor x)
    {
        Shape s = x.Shape;
        if (s.Rank != 4 || s[3] != Config.InChannels || s[1] % Config.Factor != 0 || s[2] % Config.Factor != 0)
        {
            throw new EngineException($"AutoencoderKL.Encode: image {s}, NxHxWx{Config.InChannels} with sides that are multiples of " +
                $"{Config.Factor} is needed");
        }
        using var scope = new TensorScope();
        Tensor moments = quantConv.Forward(encoder.Forward(x, Probe));
        int c = Config.LatentChannels;
        return (scope.Return(Ops.Slice(moments, 0, c)),
            scope.Return(Ops.Unary<LogVarianceClampOp>("LogVarianceClamp", Ops.Slice(moments, c, c))));
    }

    /// <summary>The image of latents.</summary>
    /// <param name="z">Latents (N, h, w, 4), not scaled: divide the U-Net's by <see cref="VaeConfig.ScalingFactor"/> first.</param>
    /// <returns>(N, 8h, 8w, 3), about [-1, 1], not clamped.</returns>
    /// <exception cref="EngineException">The shape does not fit.</exception>
    public Tensor Decode(Tensor z)
    {
        if (z.Shape.Rank != 4 || z.Shape[3] != Config.LatentChannels)
            throw new EngineException($"AutoencoderKL.Decode: latents {z.Shape}, NxHxWx{Config.LatentChannels} is needed");
        using var scope = new TensorScope();
        return scope.Return(decoder.Forward(postQuantConv.Forward(z), Probe));
    }
}

/// <summary>min(max(x, -30), 20), the range that diffusers allows a log-variance.</summary>
internal readonly struct LogVarianceClampOp : IUnaryOp
{
    private const float Lowest = -30f, Highest = 20f;

    public static T Value<T>(T x) where T : struct, ILane<T> =>
        T.IfLess(T.Of(Highest), x, T.Of(Highest), T.Max(x, T.Of(Lowest)));

    public static T Grad<T>(T x, T dy) where T : struct, ILane<T> =>
        T.IfLess(x, T.Of(Lowest), T.Of(0f), T.IfLess(T.Of(Highest), x, T.Of(0f), dy));
}
