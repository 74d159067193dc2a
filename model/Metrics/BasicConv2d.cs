using SeLoRA.Engine;

namespace SeLoRA.Model;

/// <summary>
/// Convolution without bias, batch normalisation by running statistics, ReLU: the brick of Inception v3. The normalisation is folded into the
/// convolution's weight and a bias at the first use after weights were loaded; that frees its parameters, so the network can run but not be saved.
/// </summary>
internal sealed class BasicConv2d : Module
{
    private const double Epsilon = 1e-3;

    private readonly int stride;
    private readonly Padding padding;
    private readonly Parameter weight, scale, shift, mean, variance;

    /// <summary>A kernel of <paramref name="height"/> x <paramref name="width"/>; <paramref name="same"/> pads so that stride 1 keeps the size.</summary>
    public BasicConv2d(int inChannels, int outChannels, int height, int width, int stride, bool same)
    {
        this.stride = stride;
        padding = same ? new Padding(height / 2, height / 2, width / 2, width / 2) : default;
        var channels = new Shape(outChannels);
        weight = Register("conv.weight", new Parameter(new Shape(outChannels, inChannels, height, width), Initialization.FanInUniform));
        scale = Register("bn.weight", new Parameter(channels, Initialization.Ones));
        shift = Register("bn.bias", new Parameter(channels, Initialization.Zeros));
        mean = Register("bn.running_mean", new Parameter(channels, Initialization.Zeros));
        variance = Register("bn.running_var", new Parameter(channels, Initialization.Ones));
    }

    /// <summary>(N, H, W, in) to (N, OH, OW, out).</summary>
    public Tensor Forward(Tensor x)
    {
        if (scale.IsLoaded) Fold();
        using var scope = new TensorScope();
        return scope.Return(Ops.Relu(Ops.Conv2d(x, weight.Value, shift.Value, stride, padding)));
    }

    // (conv(x) - mean) g / sqrt(var + eps) + b is a convolution too, with g / sqrt(var + eps) in its weight.
    private void Fold()
    {
        float[] w = weight.ToFileLayout(), g = scale.ToFileLayout(), b = shift.ToFileLayout(), m = mean.ToFileLayout(), v = variance.ToFileLayout();
        int row = w.Length / g.Length;
        for (int o = 0; o < g.Length; o++)
        {
            double factor = g[o] / Math.Sqrt(v[o] + Epsilon);
            foreach (ref float value in w.AsSpan(o * row, row)) value = (float)(value * factor);
            b[o] = (float)(b[o] - m[o] * factor);
        }
        Device device = weight.Value.Device;
        weight.Load(w, device);
        shift.Load(b, device);
        foreach (Parameter folded in (Parameter[])[scale, mean, variance]) folded.Unload();
    }
}
