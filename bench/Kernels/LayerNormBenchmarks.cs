using BenchmarkDotNet.Attributes;
using SeLoRA.Engine;

namespace SeLoRA.Bench;

/// <summary>Layer norm, and the gradient of its input.</summary>
public class LayerNormBenchmarks : OpBenchmarks<LayerNormShapeCase>
{
    private const float Eps = 1e-5f;

    private Tensor x = null!, w = null!, b = null!, y = null!, stats = null!, dy = null!, dx = null!;

    /// <inheritdoc/>
    public override IEnumerable<LayerNormShapeCase> Shapes => Sd15Shapes.LayerNorm;

    /// <summary>y = xhat w + b.</summary>
    [Benchmark]
    public void Forward()
    {
        Backend.LayerNorm(x, w, b, y, stats, Eps);
        Backend.Synchronize();
    }

    /// <summary>dx; weight and bias are frozen.</summary>
    [Benchmark]
    public void Backward()
    {
        Backend.LayerNormBackward(x, w, stats, dy, dx, null, null);
        Backend.Synchronize();
    }

    /// <inheritdoc/>
    protected override void Prepare()
    {
        x = Normal(1, Shape.Rows, Shape.C);
        w = Normal(2, Shape.C);
        b = Normal(3, Shape.C);
        dy = Normal(4, Shape.Rows, Shape.C);
        y = Empty(Shape.Rows, Shape.C);
        dx = Empty(Shape.Rows, Shape.C);
        stats = Empty(Shape.Rows, 2);
    }

    /// <inheritdoc/>
    protected override void Verify()
    {
        Forward();
        Backward();
        float[] xs = x.ToArray(), ws = w.ToArray(), bs = b.ToArray(), dys = dy.ToArray();
        int c = Shape.C;
        long[] Members(long i) => [.. Enumerable.Range(0, c).Select(j => i / c * c + j)];
        Expect("y", y, 1e-4, i => NormReference.Normalised(xs, Members(i), i, Eps) * ws[i % c] + bs[i % c]);
        Expect("dx", dx, 1e-3, i => NormReference.BackwardData(xs, Members(i), i, Eps, (j, _) => (double)dys[j] * ws[j % c]));
    }
}

/// <summary>Rarely needed sizes.</summary>
[BenchmarkCategory(BenchConfig.Deep)]
public class LayerNormDeepBenchmarks : LayerNormBenchmarks
{
    /// <inheritdoc/>
    public override IEnumerable<LayerNormShapeCase> Shapes => Sd15Shapes.LayerNormDeep;
}
