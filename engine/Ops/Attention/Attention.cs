namespace SeLoRA.Engine;

public static partial class Ops
{
    /// <summary>
    /// Multi-head scaled dot-product attention softmax(scale q k^T) v without storing the score matrix (Dao et al., 2022). Heads lie
    /// side by side in the last axis, so projections feed it and nothing is permuted.
    /// </summary>
    /// <param name="q">Queries (N, Lq, heads D).</param>
    /// <param name="k">Keys (N, Lk, heads D).</param>
    /// <param name="v">Values (N, Lk, heads D).</param>
    /// <param name="heads">Number of heads; divides the last axis.</param>
    /// <param name="causal">Query i sees keys 0..i only; needs Lq = Lk.</param>
    /// <param name="scale">Factor of the scores; 1 / sqrt(D) if null.</param>
    public static Tensor Attention(Tensor q, Tensor k, Tensor v, int heads, bool causal = false, float? scale = null)
    {
        Check.Rank("Attention", "q", q, 3);
        Check.Rank("Attention", "k", k, 3);
        Check.SameDevice("Attention", q, k);
        Check.SameType("Attention", q, k);
        Check.SameType("Attention", k, v);
        Check.SameShape("Attention", k, v);
        int n = q.Shape[0], width = q.Shape[2];
        if (k.Shape[0] != n || k.Shape[2] != width)
            Check.Fail($"Attention: q {q.Shape} and k {k.Shape} must agree in batch and width");
        if (heads < 1 || width % heads != 0) Check.Fail($"Attention: width {width} is not divisible by {heads} heads");
        if (causal && q.Shape[1] != k.Shape[1])
            Check.Fail($"Attention: causal needs as many queries as keys, got {q.Shape[1]} and {k.Shape[1]}");
        int d = width / heads;
        var s = new AttentionShape(n, q.Shape[1], k.Shape[1], heads, d, scale ?? 1f / MathF.Sqrt(d), causal);
        Tensor y = q.EmptyLike();
        using var scope = new TensorScope(hidden: true);
        Tensor lse = q.EmptyF32(new Shape(n, heads, s.Lq));
        q.Backend.Attention(q, k, v, y, lse, s);
        return Autograd.Record("Attention", y, [q, k, v], [q, k, v, y, lse], s, static (ctx, s) =>
        {
            Tensor dq = ctx[0].EmptyLike(), dk = ctx[1].EmptyLike(), dv = ctx[2].EmptyLike();
            dq.Backend.AttentionBackward(ctx[0], ctx[1], ctx[2], ctx[3], ctx[4], ctx.Dy, dq, dk, dv, s);
            ctx.Give(0, dq);
            ctx.Give(1, dk);
            ctx.Give(2, dv);
        });
    }
}
