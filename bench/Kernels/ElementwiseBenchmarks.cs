using BenchmarkDotNet.Attributes;
using SeLoRA.Engine;

namespace SeLoRA.Bench;

/// <summary>A residual sum, SiLU and GEGLU with their gradients.</summary>
public class ElementwiseBenchmarks : OpBenchmarks<ElementwiseShapeCase>
{
    private Tensor a = null!, b = null!, y = null!, gated = null!, gatedGrad = null!;

    /// <inheritdoc/>
    public override IEnumerable<ElementwiseShapeCase> Shapes => Sd15Shapes.Elementwise;

    /// <summary>y = a + b.</summary>
    [Benchmark]
    public void Add()
    {
        Backend.Binary<AddOp>(a, b, y, new BroadcastShape(1, 1, a.Count));
        Backend.Synchronize();
    }

    /// <summary>y = a sigmoid(a).</summary>
    [Benchmark]
    public void Silu()
    {
        Backend.Unary<SiluOp>(a, y);
        Backend.Synchronize();
    }

    /// <summary>y = silu'(a) b.</summary>
    [Benchmark]
    public void SiluBackward()
    {
        Backend.UnaryBackward<SiluOp>(a, b, y);
        Backend.Synchronize();
    }

    /// <summary>y = x[:, :C] gelu(x[:, C:]).</summary>
    [Benchmark]
    public void Geglu()
    {
        Backend.Glu<GeluOp>(gated, y);
        Backend.Synchronize();
    }

    /// <summary>dx of <see cref="Geglu"/>.</summary>
    [Benchmark]
    public void GegluBackward()
    {
        Backend.GluBackward<GeluOp>(gated, b, gatedGrad);
        Backend.Synchronize();
    }

    /// <inheritdoc/>
    protected override void Prepare()
    {
        a = Normal(1, Shape.Rows, Shape.C);
        b = Normal(2, Shape.Rows, Shape.C);
        gated = Normal(3, Shape.Rows, 2 * Shape.C);
        y = Empty(Shape.Rows, Shape.C);
        gatedGrad = Empty(Shape.Rows, 2 * Shape.C);
    }

    /// <inheritdoc/>
    protected override void Verify()
    {
        float[] xs = a.ToArray(), dys = b.ToArray(), gs = gated.ToArray();
        int c = Shape.C;
        Add();
        Expect("add", y, 1e-6, i => (double)xs[i] + dys[i]);
        Silu();
        Expect("silu", y, 1e-5, i => xs[i] * Sigmoid(xs[i]));
        SiluBackward();
        Expect("silu'", y, 1e-5, i => dys[i] * Sigmoid(xs[i]) * (1 + xs[i] * (1 - Sigmoid(xs[i]))));
        Geglu();
        Expect("geglu", y, 1e-5, i => gs[i / c * 2 * c + i % c] * Gelu(gs[i / c * 2 * c + c + i % c]));
        GegluBackward();
        Expect("geglu'", gatedGrad, 1e-5, i =>
        {
            long row = i / (2 * c), column = i % (2 * c), first = row * 2 * c;
            double dy = dys[row * c + column % c];
            return column < c ? dy * Gelu(gs[first + c + column]) : dy * gs[first + column - c] * GeluSlope(gs[first + column]);
        });
    }

    private static double Sigmoid(double x) => 1 / (1 + Math.Exp(-x));

    private static double Gelu(double x) => x * NormalCdf(x);

    private static double GeluSlope(double x) => NormalCdf(x) + x * Math.Exp(-x * x / 2) / Math.Sqrt(2 * Math.PI);

    /// <summary>1/2 + phi(x) (x + x^3/3 + x^5/15 + ...): the series of Abramowitz and Stegun 26.2.11, exact enough below |x| = 8.</summary>
    private static double NormalCdf(double x)
    {
        double term = x, sum = x;
        for (int n = 3; n < 200; n += 2) sum += term *= x * x / n;
        return 0.5 + sum * Math.Exp(-x * x / 2) / Math.Sqrt(2 * Math.PI);
    }
}

/// <summary>Rarely needed sizes.</summary>
[BenchmarkCategory(BenchConfig.Deep)]
public class ElementwiseDeepBenchmarks : ElementwiseBenchmarks
{
    /// <inheritdoc/>
    public override IEnumerable<ElementwiseShapeCase> Shapes => Sd15Shapes.ElementwiseDeep;
}
