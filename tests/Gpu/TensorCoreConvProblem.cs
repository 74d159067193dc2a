using SeLoRA.Engine;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>The tensors of a case on the host, with NaN around each, and what the convolution should be.</summary>
internal sealed class TensorCoreConvProblem
{
    private const int Guard = 64;
    private readonly TensorCoreConvCase test;
    private readonly Conv2dShape shape;
    private readonly float[] image, weight;
    private readonly float[]? bias, residual;

    public TensorCoreConvProblem(TensorCoreConvCase test)
    {
        this.test = test;
        TensorCoreConv2d conv = test.Conv;
        shape = conv.Shape;
        int k = shape.KH * shape.KW * conv.Channels, results = conv.Rows * conv.Columns;
        Tensor a = Guarded((test.Backward ? shape.OutH * shape.OutW : shape.H * shape.W) * shape.N * conv.Channels, 1f, test.DType, 1, Guard, out image);
        Tensor b = Guarded(shape.O * shape.KH * shape.KW * shape.C, 1f / MathF.Sqrt(k), test.DType, 2, Guard, out weight);
        Tensor c = Guarded(results, float.NaN, test.Stores16 ? test.DType : DType.F32, 3, Guard, out _);
        var epilogue = new GemmEpilogue
        {
            Bias = test.Bias ? TensorCoreProblem.Of(bias = GuardedTensor.Random(conv.Columns, 4), new Shape(conv.Columns), DType.F32) : null,
            Residual = test.Residual is { } type ? TensorCoreProblem.Of(GuardedTensor.Random(results, 5), new Shape(results), type) : null,
        };
        residual = epilogue.Residual is { } r ? TensorCoreProblem.Values(r) : null;
        Assert.Null(TensorCoreContract.Violation(a, b, c, conv, epilogue));
        TensorCorePlan plan = TensorCorePlan.For(conv, test.DType, TensorCoreTable.Of(test.Tile), 1).Split(test.Splits);
        Launch = new TensorCoreLaunch(TensorCoreKernels.FindConv2d(plan.Tile, test.DType, test.Backward),
            conv.Args(plan, test.DType, c, epilogue), plan, a, b, c, epilogue) { Guard = Guard };
    }

    public TensorCoreLaunch Launch { get; }

    /// <summary>The result in double precision from the stored operands.</summary>
    public double[] Expected()
    {
        var result = new double[test.Conv.Rows * test.Conv.Columns];
        int columns = test.Conv.Columns;
        for (int i = 0; i < result.Length; i++) result[i] = (bias?[i % columns] ?? 0) + (residual?[i] ?? 0);
        // Every pair of an output and an input pixel that a tap joins.
        for (int output = 0; output < shape.N * shape.OutH * shape.OutW; output++)
        {
            int n = output / (shape.OutH * shape.OutW), outY = output / shape.OutW % shape.OutH, outX = output % shape.OutW;
            for (int tap = 0; tap < shape.KH * shape.KW; tap++)
            {
                int y = outY * shape.Stride - shape.PadTop + tap / shape.KW, x = outX * shape.Stride - shape.PadLeft + tap % shape.KW;
                if (y < 0 || y >= shape.H || x < 0 || x >= shape.W) continue;
                int input = (n * shape.H + y) * shape.W + x;
                for (int o = 0; o < shape.O; o++)
                {
                    int of = (o * shape.KH * shape.KW + tap) * shape.C;
                    for (int c = 0; c < shape.C; c++)
                    {
                        if (test.Backward) result[input * shape.C + c] += (double)image[output * shape.O + o] * weight[of + c];
                        else result[output * shape.O + o] += (double)image[input * shape.C + c] * weight[of + c];
                    }
                }
            }
        }
        return result;
    }

    /// <summary>Holds the result's bytes, guards included, against the reference.</summary>
    public void Check(ReadOnlySpan<byte> result, double[] expected) =>
        TensorCoreProblem.Check(test.ToString(), Launch.C, Guard, test.Conv.Rows, test.Conv.Columns, test.Conv.Columns, result, expected);

    /// <summary>NaN around random values, or everywhere; the values as they are multiplied.</summary>
    public static Tensor Guarded(int count, float scale, DType dtype, int seed, int guard, out float[] values)
    {
        var all = new float[count + 2 * guard];
        Array.Fill(all, float.NaN);
        float[] random = GuardedTensor.Random(count, seed);
        for (int i = 0; i < count; i++) all[guard + i] = random[i] * scale;
        Tensor whole = TensorCoreProblem.Of(all, new Shape(all.Length), dtype);
        values = TensorCoreProblem.Multiplied(whole)[guard..^guard];
        return whole;
    }
}
