using BenchmarkDotNet.Attributes;
using SeLoRA.Engine;

namespace SeLoRA.Bench;

/// <summary>Convolutions, channels last: forward with bias, and the gradient of the input.</summary>
public class Conv2dBenchmarks : OpBenchmarks<Conv2dShapeCase>
{
    private Tensor x = null!, w = null!, bias = null!, y = null!, dy = null!, dx = null!;
    private Conv2dShape shape;

    /// <inheritdoc/>
    public override IEnumerable<Conv2dShapeCase> Shapes => Sd15Shapes.Conv2d;

    /// <summary>y = x * w + bias.</summary>
    [Benchmark]
    public void Forward()
    {
        Backend.Conv2d(x, w, bias, null, y, shape);
        Backend.Synchronize();
    }

    /// <summary>dx of the convolution.</summary>
    [Benchmark]
    public void BackwardData()
    {
        Backend.Conv2dBackwardData(dy, w, dx, shape);
        Backend.Synchronize();
    }

    /// <inheritdoc/>
    protected override void Prepare()
    {
        Conv2dShapeCase s = Shape;
        int pad = s.Kernel / 2;
        shape = new Conv2dShape(1, s.H, s.W, s.C, s.O, s.Kernel, s.Kernel, s.Stride, pad, pad, s.OutH, s.OutW);
        x = Normal(1, 1, s.H, s.W, s.C);
        w = Normal(2, s.O, s.Kernel, s.Kernel, s.C);
        bias = Normal(3, s.O);
        dy = Normal(4, 1, s.OutH, s.OutW, s.O);
        y = Empty(1, s.OutH, s.OutW, s.O);
        dx = Empty(1, s.H, s.W, s.C);
    }

    /// <inheritdoc/>
    protected override void Verify()
    {
        Forward();
        BackwardData();
        float[] xs = x.ToArray(), ws = w.ToArray(), bs = bias.ToArray(), dys = dy.ToArray();
        Expect("y", y, 1e-5, i => ReferenceForward(xs, ws, bs, i));
        Expect("dx", dx, 1e-5, i => ReferenceBackward(dys, ws, i));
    }

    private double ReferenceForward(float[] xs, float[] ws, float[] bs, long i)
    {
        Conv2dShape s = shape;
        int o = (int)(i % s.O), ox = (int)(i / s.O % s.OutW), oy = (int)(i / s.O / s.OutW);
        double sum = bs[o];
        for (int ky = 0; ky < s.KH; ky++)
            for (int kx = 0; kx < s.KW; kx++)
            {
                int iy = oy * s.Stride + ky - s.PadTop, ix = ox * s.Stride + kx - s.PadLeft;
                if (iy < 0 || iy >= s.H || ix < 0 || ix >= s.W) continue;
                for (int c = 0; c < s.C; c++)
                    sum += (double)xs[(iy * s.W + ix) * s.C + c] * ws[((o * s.KH + ky) * s.KW + kx) * s.C + c];
            }
        return sum;
    }

    private double ReferenceBackward(float[] dys, float[] ws, long i)
    {
        Conv2dShape s = shape;
        int c = (int)(i % s.C), ix = (int)(i / s.C % s.W), iy = (int)(i / s.C / s.W);
        double sum = 0;
        for (int ky = 0; ky < s.KH; ky++)
            for (int kx = 0; kx < s.KW; kx++)
            {
                int y0 = iy + s.PadTop - ky, x0 = ix + s.PadLeft - kx;
                if (y0 < 0 || x0 < 0 || y0 % s.Stride != 0 || x0 % s.Stride != 0) continue;
                int oy = y0 / s.Stride, ox = x0 / s.Stride;
                if (oy >= s.OutH || ox >= s.OutW) continue;
                for (int o = 0; o < s.O; o++)
                    sum += (double)dys[(oy * s.OutW + ox) * s.O + o] * ws[((o * s.KH + ky) * s.KW + kx) * s.C + c];
            }
        return sum;
    }
}

/// <summary>Rarely needed sizes.</summary>
[BenchmarkCategory(BenchConfig.Deep)]
public class Conv2dDeepBenchmarks : Conv2dBenchmarks
{
    /// <inheritdoc/>
    public override IEnumerable<Conv2dShapeCase> Shapes => Sd15Shapes.Conv2dDeep;
}
