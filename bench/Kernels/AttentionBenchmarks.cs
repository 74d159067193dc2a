using BenchmarkDotNet.Attributes;
using SeLoRA.Engine;

namespace SeLoRA.Bench;

/// <summary>Attention without stored scores, forward and backward.</summary>
public class AttentionBenchmarks : OpBenchmarks<AttentionShapeCase>
{
    private Tensor q = null!, k = null!, v = null!, y = null!, lse = null!, dy = null!, dq = null!, dk = null!, dv = null!;
    private AttentionShape shape;

    /// <inheritdoc/>
    public override IEnumerable<AttentionShapeCase> Shapes => Sd15Shapes.Attention;

    /// <summary>y = softmax(q k^T / sqrt(D)) v.</summary>
    [Benchmark]
    public void Forward()
    {
        Backend.Attention(q, k, v, y, lse, shape);
        Backend.Synchronize();
    }

    /// <summary>dq, dk, dv.</summary>
    [Benchmark]
    public void Backward()
    {
        Backend.AttentionBackward(q, k, v, y, lse, dy, dq, dk, dv, shape);
        Backend.Synchronize();
    }

    /// <inheritdoc/>
    protected override void Prepare()
    {
        AttentionShapeCase s = Shape;
        int width = s.Heads * s.D;
        shape = new AttentionShape(1, s.Lq, s.Lk, s.Heads, s.D, 1f / MathF.Sqrt(s.D), s.Causal);
        q = Normal(1, 1, s.Lq, width);
        k = Normal(2, 1, s.Lk, width);
        v = Normal(3, 1, s.Lk, width);
        dy = Normal(4, 1, s.Lq, width);
        y = Empty(1, s.Lq, width);
        lse = Empty(1, s.Heads, s.Lq);
        dq = Empty(1, s.Lq, width);
        dk = Empty(1, s.Lk, width);
        dv = Empty(1, s.Lk, width);
    }

    /// <inheritdoc/>
    protected override void Verify()
    {
        Forward();
        Backward();
        var r = new AttentionReference(shape, q.ToArray(), k.ToArray(), v.ToArray(), dy.ToArray(), lse.ToArray(), y.ToArray());
        Expect("lse", lse, 1e-5, i => r.LogSumExp((int)(i / shape.Lq), (int)(i % shape.Lq)));
        Expect("y", y, 1e-4, r.Y);
        Expect("dq", dq, 1e-4, r.Dq);
        Expect("dk", dk, 1e-4, r.Dk);
        Expect("dv", dv, 1e-4, r.Dv);
    }
}

/// <summary>Rarely needed sizes.</summary>
[BenchmarkCategory(BenchConfig.Deep)]
public class AttentionDeepBenchmarks : AttentionBenchmarks
{
    /// <inheritdoc/>
    public override IEnumerable<AttentionShapeCase> Shapes => Sd15Shapes.AttentionDeep;
}
