using SeLoRA.Engine;

namespace SeLoRA.Model;

/// <summary>Self-attention, attention to the text, feed-forward: each behind a layer norm and with a residual.</summary>
public sealed class BasicTransformerBlock : Module
{
    private readonly LayerNorm norm1, norm2, norm3;
    private readonly Attention attn1, attn2;
    private readonly FeedForward feedForward;

    /// <summary>For tokens of <paramref name="width"/> and text of <paramref name="contextWidth"/>.</summary>
    public BasicTransformerBlock(int width, int contextWidth, int heads)
    {
        norm1 = Register("norm1", new LayerNorm(width));
        attn1 = Register("attn1", new Attention(width, width, heads));
        norm2 = Register("norm2", new LayerNorm(width));
        attn2 = Register("attn2", new Attention(width, contextWidth, heads));
        norm3 = Register("norm3", new LayerNorm(width));
        feedForward = Register("ff", new FeedForward(width));
    }

    /// <summary>Tokens (N, L, width) and text (N, Lk, contextWidth) to (N, L, width).</summary>
    public Tensor Forward(Tensor x, Tensor context)
    {
        using var scope = new TensorScope();
        Tensor normed = norm1.Forward(x);
        x = attn1.Forward(normed, normed, residual: x);
        x = attn2.Forward(norm2.Forward(x), context, residual: x);
        return scope.Return(feedForward.Forward(norm3.Forward(x), residual: x));
    }
}
