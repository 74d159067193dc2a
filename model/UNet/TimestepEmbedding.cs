using SeLoRA.Engine;

namespace SeLoRA.Model;

/// <summary>Two linear layers with SiLU between, on the sinusoidal embedding of the timestep.</summary>
public sealed class TimestepEmbedding : Module
{
    private readonly Linear linear1, linear2;

    /// <summary>From <paramref name="channels"/> to <paramref name="width"/>.</summary>
    public TimestepEmbedding(int channels, int width)
    {
        linear1 = Register("linear_1", new Linear(channels, width));
        linear2 = Register("linear_2", new Linear(width, width));
    }

    /// <summary>(N, channels) to (N, width).</summary>
    public Tensor Forward(Tensor sinusoid)
    {
        using var scope = new TensorScope();
        return scope.Return(linear2.Forward(Ops.Silu(linear1.Forward(sinusoid))));
    }
}
