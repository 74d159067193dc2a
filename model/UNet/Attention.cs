using SeLoRA.Engine;

namespace SeLoRA.Model;

/// <summary>Multi-head attention with projections: of a sequence to itself, or to a context of another width.</summary>
public sealed class Attention : Module
{
    private readonly int heads;
    private readonly Linear toQ, toK, toV, toOut;

    /// <summary>Projections of the given widths; only the last has a bias.</summary>
    /// <param name="width">Width of the queries and of the result.</param>
    /// <param name="contextWidth">Width of what keys and values are made of.</param>
    /// <param name="heads">Number of heads.</param>
    public Attention(int width, int contextWidth, int heads)
    {
        this.heads = heads;
        toQ = Register("to_q", new Linear(width, width, bias: false));
        toK = Register("to_k", new Linear(contextWidth, width, bias: false));
        toV = Register("to_v", new Linear(contextWidth, width, bias: false));
        toOut = Register("to_out.0", new Linear(width, width));
    }

    /// <summary>(N, L, width) to the same shape.</summary>
    /// <param name="x">Where queries come from.</param>
    /// <param name="context">Where keys and values come from, (N, Lk, contextWidth); x itself for self-attention.</param>
    /// <param name="residual">Added to the result.</param>
    public Tensor Forward(Tensor x, Tensor context, Tensor residual)
    {
        using var scope = new TensorScope();
        Tensor y = Ops.Attention(toQ.Forward(x), toK.Forward(context), toV.Forward(context), heads);
        return scope.Return(toOut.Forward(y, residual));
    }
}
