using SeLoRA.Engine;

namespace SeLoRA.Model;

/// <summary>The transformer's feed-forward part: a projection to twice four widths, GEGLU (with exact GELU), and back.</summary>
public sealed class FeedForward : Module
{
    private readonly Linear proj, output;

    /// <summary>For tokens of the given width.</summary>
    public FeedForward(int width)
    {
        // net.1 is a dropout without weights.
        proj = Register("net.0.proj", new Linear(width, 8 * width));
        output = Register("net.2", new Linear(4 * width, width));
    }

    /// <summary>(N, L, width) to the same shape; <paramref name="residual"/> is added.</summary>
    public Tensor Forward(Tensor x, Tensor residual)
    {
        using var scope = new TensorScope();
        return scope.Return(output.Forward(Ops.Geglu(proj.Forward(x)), residual));
    }
}
