using SeLoRA.Engine;

namespace SeLoRA.Model;

/// <summary>Self-attention over the pixels with one head as wide as the channels, and a residual.</summary>
public sealed class VaeAttention : Module
{
    private readonly GroupNorm groupNorm;
    private readonly Linear toQ, toK, toV, toOut;

    /// <summary>For feature maps of the given channels.</summary>
    public VaeAttention(int channels, int groups)
    {
        groupNorm = Register("group_norm", new GroupNorm(groups, channels, Encoder.NormEps));
        toQ = Register("to_q", new Linear(channels, channels));
        toK = Register("to_k", new Linear(channels, channels));
        toV = Register("to_v", new Linear(channels, channels));
        toOut = Register("to_out.0", new Linear(channels, channels));
    }

    /// <summary>(N, H, W, C) to the same shape.</summary>
    public Tensor Forward(Tensor x)
    {
        using var scope = new TensorScope();
        Shape map = x.Shape;
        Tensor h = groupNorm.Forward(x).Reshape(map[0], map[1] * map[2], map[3]);
        // 512 channels in one head are beyond what the fused attention keeps in registers, and this is one layer at 1/64 of the
        // pixels: the score matrix is stored.
        Tensor scores = Ops.MatMul(toQ.Forward(h), toK.Forward(h), transB: true, alpha: 1f / MathF.Sqrt(map[3]));
        Tensor y = Ops.MatMul(Ops.Softmax(scores), toV.Forward(h));
        return scope.Return(toOut.Forward(y.Reshape(map), residual: x));
    }
}
