using BenchmarkDotNet.Attributes;
using SeLoRA.Engine;

namespace SeLoRA.Bench;

/// <summary>Linear layers: forward with bias, and the gradient of the input (weights are frozen in adapter training).</summary>
public class GemmBenchmarks : OpBenchmarks<GemmShapeCase>
{
    private Tensor x = null!, w = null!, bias = null!, y = null!, dy = null!, dx = null!;
    private GemmShape forward, backward;
    private GemmEpilogue withBias;

    /// <inheritdoc/>
    public override IEnumerable<GemmShapeCase> Shapes => Sd15Shapes.Gemm;

    /// <summary>y = x w^T + bias.</summary>
    [Benchmark]
    public void Forward()
    {
        Backend.Gemm(x, w, y, forward, withBias);
        Backend.Synchronize();
    }

    /// <summary>dx = dy w.</summary>
    [Benchmark]
    public void BackwardData()
    {
        Backend.Gemm(dy, w, dx, backward, new GemmEpilogue());
        Backend.Synchronize();
    }

    /// <inheritdoc/>
    protected override void Prepare()
    {
        (int m, int n, int k) = (Shape.M, Shape.N, Shape.K);
        x = Normal(1, m, k);
        w = Normal(2, n, k);
        bias = Normal(3, n);
        dy = Normal(4, m, n);
        y = Empty(m, n);
        dx = Empty(m, k);
        forward = new GemmShape(m, n, k, TransB: true);
        backward = new GemmShape(m, k, n);
        withBias = new GemmEpilogue { Bias = bias };
    }

    /// <inheritdoc/>
    protected override void Verify()
    {
        Forward();
        BackwardData();
        (int n, int k) = (Shape.N, Shape.K);
        float[] xs = x.ToArray(), ws = w.ToArray(), bs = bias.ToArray(), dys = dy.ToArray();
        Expect("y", y, 1e-5, i =>
        {
            double sum = bs[i % n];
            for (int j = 0; j < k; j++) sum += (double)xs[i / n * k + j] * ws[i % n * k + j];
            return sum;
        });
        Expect("dx", dx, 1e-5, i =>
        {
            double sum = 0;
            for (int j = 0; j < n; j++) sum += (double)dys[i / k * n + j] * ws[(long)j * k + i % k];
            return sum;
        });
    }
}

/// <summary>Rarely needed sizes.</summary>
[BenchmarkCategory(BenchConfig.Deep)]
public class GemmDeepBenchmarks : GemmBenchmarks
{
    /// <inheritdoc/>
    public override IEnumerable<GemmShapeCase> Shapes => Sd15Shapes.GemmDeep;
}
