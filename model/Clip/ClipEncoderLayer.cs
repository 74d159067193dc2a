using SeLoRA.Engine;

namespace SeLoRA.Model;

/// <summary>CLIP's self-attention: all four projections with bias; causal in the text encoder.</summary>
public sealed class ClipAttention : Module
{
    private readonly int heads;
    private readonly Linear qProj, kProj, vProj, outProj;

    /// <summary>For sequences of the given width.</summary>
    public ClipAttention(int width, int heads)
    {
        this.heads = heads;
        kProj = Register("k_proj", new Linear(width, width));
        vProj = Register("v_proj", new Linear(width, width));
        qProj = Register("q_proj", new Linear(width, width));
        outProj = Register("out_proj", new Linear(width, width));
    }

    /// <summary>(N, L, width) to the same shape; <paramref name="residual"/> is added.</summary>
    public Tensor Forward(Tensor x, Tensor residual, bool causal)
    {
        using var scope = new TensorScope();
        Tensor y = Ops.Attention(qProj.Forward(x), kProj.Forward(x), vProj.Forward(x), heads, causal);
        return scope.Return(outProj.Forward(y, residual));
    }
}

/// <summary>CLIP's feed-forward part.</summary>
public sealed class ClipMlp : Module
{
    private readonly bool quickGelu;
    private readonly Linear fc1, fc2;

    /// <summary>From <paramref name="width"/> to <paramref name="innerWidth"/> and back.</summary>
    public ClipMlp(int width, int innerWidth, bool quickGelu)
    {
        this.quickGelu = quickGelu;
        fc1 = Register("fc1", new Linear(width, innerWidth));
        fc2 = Register("fc2", new Linear(innerWidth, width));
    }

    /// <summary>(N, L, width) to the same shape; <paramref name="residual"/> is added.</summary>
    public Tensor Forward(Tensor x, Tensor residual)
    {
        using var scope = new TensorScope();
        Tensor h = fc1.Forward(x);
        return scope.Return(fc2.Forward(quickGelu ? Ops.QuickGelu(h) : Ops.Gelu(h), residual));
    }
}

/// <summary>One layer of CLIP's transformer: attention and feed-forward, each behind a layer norm and with a residual.</summary>
public sealed class ClipEncoderLayer : Module
{
    private readonly ClipAttention attention;
    private readonly ClipMlp mlp;
    private readonly LayerNorm norm1, norm2;

    /// <summary>For sequences of the given width.</summary>
    public ClipEncoderLayer(int width, int innerWidth, int heads, bool quickGelu, float eps)
    {
        attention = Register("self_attn", new ClipAttention(width, heads));
        norm1 = Register("layer_norm1", new LayerNorm(width, eps));
        mlp = Register("mlp", new ClipMlp(width, innerWidth, quickGelu));
        norm2 = Register("layer_norm2", new LayerNorm(width, eps));
    }

    /// <summary>(N, L, width) to the same shape.</summary>
    public Tensor Forward(Tensor x, bool causal)
    {
        using var scope = new TensorScope();
        x = attention.Forward(norm1.Forward(x), residual: x, causal);
        return scope.Return(mlp.Forward(norm2.Forward(x), residual: x));
    }
}
