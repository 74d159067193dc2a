using System.Text.RegularExpressions;
using SeLoRA.Engine;
using Xunit;

namespace SeLoRA.Tests;

/// <summary>
/// The gradient of a convolution's weight on tensor cores: its PTX, executed on the host, against double precision of the operands as they
/// are multiplied; and on a CUDA device where there is one.
/// </summary>
public class TensorCoreConvWeightPtxTests
{
    private const int Guard = 64;

    /// <summary>Tile and type.</summary>
    public static TheoryData<string> Kernels => [.. Names];

    public static TheoryData<string, string> OnDevices => TestDevices.Rows(Names, ["cuda"]);

    private static IEnumerable<string> Names =>
        from row in TensorCoreTable.Rows
        from dtype in new[] { DType.BF16, DType.F16, DType.F32 }
        select $"{row.Tile} {dtype}";

    [Theory]
    [MemberData(nameof(Kernels))]
    public void Gradient_agrees_with_double_precision(string kernel)
    {
        int run = 0;
        foreach (Problem problem in Problems(kernel))
        {
            problem.Check(TensorCoreEmulation.Run(problem.Launch, new PtxOrder((run & 1) != 0, (run & 2) != 0)).Result);
            run++;
        }
    }

    [Theory]
    [MemberData(nameof(OnDevices))]
    public void Gradient_on_a_device_agrees_with_double_precision(string kernel, string deviceName)
    {
        var backend = (GpuBackend)Backend.Get(TestDevices.Require(deviceName));
        if (!backend.HasTensorCores) Assert.Skip($"{backend.Name}: older than compute capability 8.0");
        foreach (Problem problem in Problems(kernel))
        {
            using var scope = new TensorScope();
            TensorCoreLaunch launch = problem.Launch;
            Tensor dw = Upload(launch.C);
            backend.Conv2dBackwardWeightTensorCore(Within(Upload(launch.B)), Within(Upload(launch.A)), Within(dw), problem.Shape, launch.Plan);
            var bytes = new byte[dw.Count * dw.DType.SizeInBytes()];
            backend.Download(dw, bytes);
            problem.Check(bytes);
        }

        static Tensor Within(Tensor whole) => whole.Alias(new Shape((int)whole.Count - 2 * Guard), Guard);

        Tensor Upload(Tensor x)
        {
            Tensor y = Tensor.Empty(x.Shape, backend.Device, x.DType);
            backend.Upload(TensorCoreProblem.BytesOf(x), y);
            return y;
        }
    }

    [Fact]
    public void Emulation_sees_padding_that_is_read()
    {
        Problem problem = Problems($"{TensorCoreTile.Tile64x64} {DType.BF16}").First();
        Assert.ThrowsAny<Exception>(() => problem.Check(TensorCoreEmulation.Run(problem.Launch, default, ptx =>
        {
            string broken = Regex.Replace(ptx, @"(\[to\], \[[^\]]+\], 16), [^;]+;", "$1, 16;");
            Assert.NotEqual(ptx, broken);
            return broken;
        }).Result));
    }

    /// <summary>
    /// As of the other products, and for each of a thread's two chunks the place of its pixel. The bound is what the products take of a
    /// scheduler's time on sm_80, 32 mma of 8 clocks: beyond it, index arithmetic would be what the kernel waits for.
    /// </summary>
    [Fact]
    public void Slice_is_mostly_products()
    {
        long Executed(int images) => TensorCoreEmulation.Run(new Problem(TensorCoreTile.Tile128x128, DType.BF16,
            new Conv2dShape(images, 8, 20, 128, 128, 1, 1, 1, 0, 0, 8, 20), 1).Launch, default).Product.Executed / 256;
        Assert.InRange((Executed(2) - Executed(1)) / 5, 48, 256);
    }

    [Fact]
    public void Contract_names_what_stands_against_it()
    {
        using var scope = new TensorScope();
        Tensor x = Tensor.Zeros(new Shape(8), dtype: DType.BF16), dw = Tensor.Zeros(new Shape(8));
        var shape = new Conv2dShape(8, 64, 64, 320, 320, 3, 3, 1, 1, 1, 64, 64);
        Assert.Null(TensorCoreContract.Violation(x, x, dw, shape));
        Assert.Contains("4 and 320 channels", TensorCoreContract.Violation(x, x, dw, shape with { C = 4 }), StringComparison.Ordinal);
        Assert.Contains("of one type", TensorCoreContract.Violation(x, dw, dw, shape), StringComparison.Ordinal);
        Assert.Contains("too many pixels", TensorCoreContract.Violation(x, x, dw, shape with { N = 1 << 15 }), StringComparison.Ordinal);
    }

    // Sizes around a tile's, several images, padding that differs from side to side, strides, K split.
    private static IEnumerable<Problem> Problems(string kernel)
    {
        string[] words = kernel.Split(' ');
        (TensorCoreTile tile, DType type) = (Enum.Parse<TensorCoreTile>(words[0]), Enum.Parse<DType>(words[1]));
        int rows = TensorCoreTable.Of(tile).Rows;
        yield return new(tile, type, new Conv2dShape(2, 7, 9, 16, rows - 8, 3, 3, 1, 1, 1, 7, 9), 1);
        yield return new(tile, type, new Conv2dShape(3, 9, 10, 24, rows, 3, 3, 2, 0, 1, 4, 5), 2);
        yield return new(tile, type, new Conv2dShape(5, 3, 2, 8, rows + 8, 2, 3, 1, 1, 2, 4, 4), 1);
        yield return new(tile, type, new Conv2dShape(1, 1, 1, 8, 8, 3, 3, 1, 1, 1, 1, 1), 1);
    }

    private sealed class Problem
    {
        private readonly float[] dy, x;

        public Problem(TensorCoreTile tile, DType type, Conv2dShape shape, int splits)
        {
            Shape = shape;
            GemmShape product = TensorCoreConv2d.WeightProduct(shape);
            Tensor a = TensorCoreConvProblem.Guarded(product.K * product.M, 1f, type, 1, Guard, out dy);
            Tensor b = TensorCoreConvProblem.Guarded(shape.N * shape.H * shape.W * shape.C, 1f / MathF.Sqrt(product.K), type, 2, Guard, out x);
            Tensor c = TensorCoreConvProblem.Guarded(product.M * product.N, float.NaN, DType.F32, 3, Guard, out _);
            Assert.Null(TensorCoreContract.Violation(a, b, c, shape));
            TensorCorePlan plan = TensorCorePlan.For(product, 0, type, TensorCoreTable.Of(tile), 1).Split(splits);
            Launch = new TensorCoreLaunch(TensorCoreKernels.FindConv2dWeight(tile, type), TensorCoreConv2d.WeightArgs(shape, plan, c), plan, a, b, c, new GemmEpilogue())
            {
                Guard = Guard,
            };
        }

        public Conv2dShape Shape { get; }

        public TensorCoreLaunch Launch { get; }

        public void Check(ReadOnlySpan<byte> result)
        {
            Conv2dShape s = Shape;
            int columns = s.KH * s.KW * s.C;
            var expected = new double[s.O * columns];
            for (int pixel = 0; pixel < s.N * s.OutH * s.OutW; pixel++)
            {
                int n = pixel / (s.OutH * s.OutW), outY = pixel / s.OutW % s.OutH, outX = pixel % s.OutW;
                for (int tap = 0; tap < s.KH * s.KW; tap++)
                {
                    int y = outY * s.Stride - s.PadTop + tap / s.KW, column = outX * s.Stride - s.PadLeft + tap % s.KW;
                    if (y < 0 || y >= s.H || column < 0 || column >= s.W) continue;
                    int at = ((n * s.H + y) * s.W + column) * s.C;
                    for (int o = 0; o < s.O; o++)
                        for (int c = 0; c < s.C; c++) expected[o * columns + tap * s.C + c] += (double)dy[pixel * s.O + o] * x[at + c];
                }
            }
            TensorCoreProblem.Check($"{Launch.Plan.Tile} {Shape}", Launch.C, Guard, s.O, columns, columns, result, expected);
        }
    }
}
