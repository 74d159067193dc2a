using SeLoRA.Engine;

namespace SeLoRA.Model;

/// <summary>Nearest-neighbour resize followed by a 3x3 convolution.</summary>
public sealed class Upsample2D : Module
{
    private readonly Conv2d conv;

    /// <summary>For feature maps of the given channels.</summary>
    public Upsample2D(int channels) => conv = Register("conv", new Conv2d(channels, channels, 3, 1, Padding.All(1)));

    /// <summary>(N, H, W, C) to (N, height, width, C).</summary>
    public Tensor Forward(Tensor x, int height, int width)
    {
        using var scope = new TensorScope();
        return scope.Return(conv.Forward(Ops.UpsampleNearest(x, height, width)));
    }
}
