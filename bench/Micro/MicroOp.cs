using SeLoRA.Engine;

namespace SeLoRA.Bench;

/// <summary>The engine's operations behind the names of <see cref="MicroShapes"/>.</summary>
internal static class MicroOp
{
    private const float Eps = 1e-5f;

    /// <summary>A shape in the engine's layout, channels last.</summary>
    public static Shape InEngineLayout(int[] torch) =>
        torch is [var first, var channels, var height, var width] ? new Shape(first, height, width, channels) : new Shape(torch);

    /// <summary>Runs the operator.</summary>
    public static Tensor Run(string op, Tensor[] x) => op switch
    {
        "gemm" => Ops.Linear(x[0], x[1]),
        "conv3x3" => Ops.Conv2d(x[0], x[1], padding: Padding.All(1)),
        "group_norm" => Ops.GroupNorm(x[0], x[1], x[2], MicroShape.Groups, Eps),
        "group_norm_silu" => Ops.GroupNorm(x[0], x[1], x[2], MicroShape.Groups, Eps, silu: true),
        "layer_norm" => Ops.LayerNorm(x[0], x[1], x[2], Eps),
        "self_attention" or "cross_attention" => Ops.Attention(x[0], x[1], x[2], MicroShape.Heads),
        "silu" => Ops.Silu(x[0]),
        "geglu" => Ops.Geglu(x[0]),
        "softmax" => Ops.Softmax(x[0]),
        _ => throw new ArgumentOutOfRangeException(nameof(op), op, "not an operator of MicroShapes"),
    };
}
