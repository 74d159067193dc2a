using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace SeLoRA.Bench.TorchSharp;

/// <summary>The operators of <see cref="MicroShapes"/> in libtorch, with its own layout, channels first.</summary>
internal static class TorchOps
{
    private const double Eps = 1e-5;

    /// <summary>Runs an operator.</summary>
    public static Tensor Run(string op, Tensor[] x) => op switch
    {
        "gemm" => functional.linear(x[0], x[1]),
        "conv3x3" => functional.conv2d(x[0], x[1], padding: [1, 1]),
        "group_norm" => functional.group_norm(x[0], MicroShape.Groups, x[1], x[2], Eps),
        "group_norm_silu" => functional.silu(functional.group_norm(x[0], MicroShape.Groups, x[1], x[2], Eps)),
        "layer_norm" => functional.layer_norm(x[0], [x[0].shape[^1]], x[1], x[2], Eps),
        "self_attention" or "cross_attention" => Attention(x),
        "silu" => functional.silu(x[0]),
        "geglu" => Geglu(x[0]),
        "softmax" => functional.softmax(x[0], -1),
        _ => throw new ArgumentOutOfRangeException(nameof(op), op, "not an operator of MicroShapes"),
    };

    /// <summary>The phases and what to call in each: backward alone, over a graph that is recorded once and kept.</summary>
    public static IEnumerable<(string Phase, Action Call)> Phases(MicroShape op, Tensor[] inputs, Tensor gradient)
    {
        yield return ("forward", () =>
        {
            using IDisposable off = no_grad();
            using var scope = NewDisposeScope();
            Run(op.Op, inputs);
        });
        if (op.HasFrozenBackward) yield return ("backward_input", Backward(op.Op, inputs, op.Activations, gradient));
        yield return ("backward", Backward(op.Op, inputs, inputs.Length, gradient));
    }

    private static Action Backward(string op, Tensor[] inputs, int trainable, Tensor gradient)
    {
        Tensor[] leaves = [.. inputs.Select((x, i) => i < trainable ? x.detach().requires_grad_(true) : x.detach())];
        Tensor y = Run(op, leaves);
        return () =>
        {
            using var scope = NewDisposeScope();
            autograd.grad([y], leaves[..trainable], [gradient], retain_graph: true);
        };
    }

    private static Tensor Attention(Tensor[] x)
    {
        static Tensor Heads(Tensor t) => t.reshape(t.shape[0], t.shape[1], MicroShape.Heads, -1).transpose(1, 2);
        return functional.scaled_dot_product_attention(Heads(x[0]), Heads(x[1]), Heads(x[2])).transpose(1, 2).flatten(2);
    }

    private static Tensor Geglu(Tensor x)
    {
        Tensor[] halves = x.chunk(2, -1);
        return halves[0] * functional.gelu(halves[1]);
    }
}
