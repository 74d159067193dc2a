using SeLoRA.Engine;

namespace SeLoRA.Model;

/// <summary>CLIP's stack of layers, the same in both towers.</summary>
public sealed class ClipEncoder : Module
{
    private readonly ModuleList<ClipEncoderLayer> layers;

    internal ClipEncoder(int count, Func<ClipEncoderLayer> layer) =>
        layers = Register("layers", new ModuleList<ClipEncoderLayer>(Enumerable.Range(0, count).Select(_ => layer())));

    /// <summary>(N, L, width) to the same shape; the text tower is causal, the vision tower is not.</summary>
    internal Tensor Forward(Tensor x, bool causal, Action<string, Tensor>? probe = null)
    {
        using var scope = new TensorScope();
        probe?.Invoke("hidden_states.0", x);
        for (int i = 0; i < layers.Count; i++)
        {
            x = layers[i].Forward(x, causal);
            probe?.Invoke($"hidden_states.{i + 1}", x);
        }
        return scope.Return(x);
    }
}
