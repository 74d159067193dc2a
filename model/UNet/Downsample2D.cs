using SeLoRA.Engine;

namespace SeLoRA.Model;

/// <summary>Halves height and width by a 3x3 convolution of stride 2.</summary>
public sealed class Downsample2D : Module
{
    private readonly Conv2d conv;

    /// <summary>The U-Net pads one pixel all round, the VAE right and bottom only.</summary>
    public Downsample2D(int channels, Padding padding) => conv = Register("conv", new Conv2d(channels, channels, 3, 2, padding));

    /// <summary>(N, H, W, C) to (N, H/2, W/2, C), rounded up with padding all round, down otherwise.</summary>
    public Tensor Forward(Tensor x) => conv.Forward(x);
}
