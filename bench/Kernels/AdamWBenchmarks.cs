using BenchmarkDotNet.Attributes;
using SeLoRA.Engine;

namespace SeLoRA.Bench;

/// <summary>The fused AdamW step.</summary>
public class AdamWBenchmarks : OpBenchmarks<AdamWShapeCase>
{
    private static readonly AdamWFactors Factors = new(0.9f, 0.999f, 1e-8f, 1e-4f, 2f, 0.999f);

    private Tensor p = null!, g = null!, m = null!, v = null!;

    /// <inheritdoc/>
    public override IEnumerable<AdamWShapeCase> Shapes => Sd15Shapes.AdamW;

    /// <summary>One step, in place.</summary>
    [Benchmark]
    public void Step()
    {
        Backend.AdamWStep([new AdamWTensors(p, g, m, v)], Factors);
        Backend.Synchronize();
    }

    /// <inheritdoc/>
    protected override void Prepare()
    {
        p = Normal(1, Shape.Count);
        g = Normal(2, Shape.Count);
        m = Normal(3, Shape.Count);
        v = Empty(Shape.Count);
        Backend.Fill(v, 1f);
    }

    /// <inheritdoc/>
    protected override void Verify()
    {
        float[] ps = p.ToArray(), gs = g.ToArray(), ms = m.ToArray(), vs = v.ToArray();
        AdamWFactors f = Factors;
        Step();
        double M(long i) => (double)f.Beta1 * ms[i] + (1 - (double)f.Beta1) * gs[i];
        double V(long i) => (double)f.Beta2 * vs[i] + (1 - (double)f.Beta2) * gs[i] * gs[i];
        Expect("m", m, 1e-6, M);
        Expect("v", v, 1e-6, V);
        Expect("p", p, 1e-6, i => (double)ps[i] * f.Decay - f.StepSize * M(i) / (Math.Sqrt(V(i)) * f.RootScale + f.Eps));
    }
}

/// <summary>Rarely needed sizes.</summary>
[BenchmarkCategory(BenchConfig.Deep)]
public class AdamWDeepBenchmarks : AdamWBenchmarks
{
    /// <inheritdoc/>
    public override IEnumerable<AdamWShapeCase> Shapes => Sd15Shapes.AdamWDeep;
}
