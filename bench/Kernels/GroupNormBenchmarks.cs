using BenchmarkDotNet.Attributes;
using SeLoRA.Engine;

namespace SeLoRA.Bench;

/// <summary>Group norm with SiLU, and the gradient of its input.</summary>
public class GroupNormBenchmarks : OpBenchmarks<GroupNormShapeCase>
{
    private const int Groups = 32;
    private const float Eps = 1e-5f;

    private Tensor x = null!, w = null!, b = null!, y = null!, stats = null!, dy = null!, dx = null!;
    private GroupNormShape shape;

    /// <inheritdoc/>
    public override IEnumerable<GroupNormShapeCase> Shapes => Sd15Shapes.GroupNorm;

    /// <summary>y = silu(xhat w + b).</summary>
    [Benchmark]
    public void Forward()
    {
        Backend.GroupNorm(x, w, b, y, stats, shape);
        Backend.Synchronize();
    }

    /// <summary>dx; weight and bias are frozen.</summary>
    [Benchmark]
    public void Backward()
    {
        Backend.GroupNormBackward(x, w, b, stats, dy, dx, null, null, shape);
        Backend.Synchronize();
    }

    /// <inheritdoc/>
    protected override void Prepare()
    {
        shape = new GroupNormShape(1, Shape.P, Shape.C, Groups, Eps, Silu: true);
        x = Normal(1, 1, Shape.P, Shape.C);
        w = Normal(2, Shape.C);
        b = Normal(3, Shape.C);
        dy = Normal(4, 1, Shape.P, Shape.C);
        y = Empty(1, Shape.P, Shape.C);
        dx = Empty(1, Shape.P, Shape.C);
        stats = Empty(1, Groups, 2);
    }

    /// <inheritdoc/>
    protected override void Verify()
    {
        Forward();
        Backward();
        float[] xs = x.ToArray(), ws = w.ToArray(), bs = b.ToArray(), dys = dy.ToArray();
        int c = Shape.C, width = c / Groups;

        // Normalisation is the same for both norms: a group's elements are a list, with weight, bias and gradient by channel.
        long[] Members(long i) =>
        [
            .. Enumerable.Range(0, Shape.P).SelectMany(p =>
                Enumerable.Range((int)(i % c / width * width), width).Select(channel => (long)p * c + channel)),
        ];
        Expect("y", y, 1e-4, i =>
        {
            double z = NormReference.Normalised(xs, Members(i), i, Eps) * ws[i % c] + bs[i % c];
            return z / (1 + Math.Exp(-z));
        }, 6);
        Expect("dx", dx, 1e-3, i => NormReference.BackwardData(xs, Members(i), i, Eps, (j, xhat) =>
        {
            double z = xhat * ws[j % c] + bs[j % c], sigmoid = 1 / (1 + Math.Exp(-z));
            return dys[j] * sigmoid * (1 + z * (1 - sigmoid)) * ws[j % c];
        }), 6);
    }
}

/// <summary>Rarely needed sizes.</summary>
[BenchmarkCategory(BenchConfig.Deep)]
public class GroupNormDeepBenchmarks : GroupNormBenchmarks
{
    /// <inheritdoc/>
    public override IEnumerable<GroupNormShapeCase> Shapes => Sd15Shapes.GroupNormDeep;
}
