using SeLoRA.Engine;

namespace SeLoRA.Model;

/// <summary>
/// A space that needs no further weights: the means of a VAE's latents, averaged over the cells of a 4 x 4 grid. The distance in it tells runs of one
/// model apart. It is <b>not</b> FID and comparable with nothing published, and a VAE cannot see what it cannot encode.
/// </summary>
public sealed class VaeFeatures : IImageFeatures
{
    private const int Grid = 4;

    private readonly AutoencoderKL vae;

    /// <summary>The space of one VAE.</summary>
    /// <param name="vae">With weights.</param>
    /// <param name="modelName">Whose VAE it is, for <see cref="Name"/>: <c>mini</c> gives <c>frechet distance (mini VAE latents)</c>.</param>
    public VaeFeatures(AutoencoderKL vae, string modelName)
    {
        this.vae = vae;
        Name = $"frechet distance ({modelName} VAE latents)";
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public int Width => Grid * Grid * vae.Config.LatentChannels;

    /// <summary>The vectors of a batch of images.</summary>
    /// <param name="images">(N, H, H, 3) in [0, 1]; H a multiple of 4 times <see cref="VaeConfig.Factor"/>.</param>
    /// <returns>(N, <see cref="Width"/>).</returns>
    /// <exception cref="EngineException">The shape does not fit.</exception>
    public Tensor Extract(Tensor images)
    {
        Shape s = images.Shape;
        int unit = Grid * vae.Config.Factor;
        if (s.Rank != 4 || s[1] != s[2] || s[1] % unit != 0)
            throw new EngineException($"VaeFeatures: images {s}, square ones with sides that are multiples of {unit} are needed");
        using var scope = new TensorScope();
        Tensor mean = vae.Encode(Ops.Unary<ToSignedOp>("ToSigned", images)).Mean;
        int cell = mean.Shape[1] / Grid;
        return scope.Return(Ops.AvgPool2d(mean, cell, cell).Reshape(s[0], Width));
    }
}

/// <summary>2x - 1: from [0, 1] to [-1, 1].</summary>
internal readonly struct ToSignedOp : IUnaryOp
{
    public static T Value<T>(T x) where T : struct, ILane<T> => x + x - T.Of(1f);

    public static T Grad<T>(T x, T dy) where T : struct, ILane<T> => dy + dy;
}
