using ILGPU;

namespace SeLoRA.Engine;

public sealed partial class GpuBackend
{
    /// <inheritdoc/>
    public void Conv2d(Tensor x, Tensor w, Tensor? bias, Tensor? residual, Tensor y, in Conv2dShape shape)
    {
        using Turn turn = Enter();
        var epilogue = new GemmEpilogue { Bias = bias, Residual = residual };
        if (UsesTensorCores(x, w, y, new TensorCoreConv2d(shape, Backward: false), epilogue))
        {
            Conv2dTensorCore(x, w, y, new TensorCoreConv2d(shape, Backward: false), epilogue);
            return;
        }
        int pixels = checked(shape.N * shape.OutH * shape.OutW), k = shape.KH * shape.KW * shape.C;
        var product = new ConvProduct { Window = new ConvWindow(Words(x), shape), Weight = new Matrix(Words(w), k, false, 0) };
        RunProduct(x.DType, product, Output(y, pixels, shape.O, shape.O, 1, 0, epilogue), k);
    }

    /// <inheritdoc/>
    public void Conv2dBackwardData(Tensor dy, Tensor w, Tensor dx, in Conv2dShape shape)
    {
        using Turn turn = Enter();
        if (UsesTensorCores(dy, w, dx, new TensorCoreConv2d(shape, Backward: true), new GemmEpilogue()))
        {
            Conv2dTensorCore(dy, w, dx, new TensorCoreConv2d(shape, Backward: true), new GemmEpilogue());
            return;
        }
        int pixels = checked(shape.N * shape.H * shape.W);
        var product = new ConvDataProduct { Dy = Words(dy), W = Words(w), Shape = new ConvSizes(shape) };
        RunProduct(dy.DType, product, Output(dx, pixels, shape.C, shape.C, 1, 0, new GemmEpilogue()), shape.KH * shape.KW * shape.O);
    }

    /// <inheritdoc/>
    public void Conv2dBackwardWeight(Tensor x, Tensor dy, Tensor dw, in Conv2dShape shape)
    {
        using Turn turn = Enter();
        if (UsesTensorCores(dy, x, dw, shape))
        {
            Conv2dBackwardWeightTensorCore(x, dy, dw, shape);
            return;
        }
        int pixels = checked(shape.N * shape.OutH * shape.OutW), columns = shape.KH * shape.KW * shape.C;
        var product = new ConvWeightProduct { Dy = new Matrix(Words(dy), shape.O, true, 0), Window = new ConvWindow(Words(x), shape) };
        RunProduct(x.DType, product, Output(dw, shape.O, columns, columns, 1, 0, new GemmEpilogue()), pixels);
    }
}

/// <summary><see cref="Conv2dShape"/> as kernels see it.</summary>
internal struct ConvSizes(in Conv2dShape s)
{
    public int H = s.H, W = s.W, C = s.C, O = s.O, KH = s.KH, KW = s.KW, Stride = s.Stride, PadTop = s.PadTop, PadLeft = s.PadLeft,
        OutH = s.OutH, OutW = s.OutW;
}

/// <summary>
/// The input of a convolution seen as a matrix of (output pixel, kernel tap and channel) that is never stored. A pixel's place is its
/// window's upper left corner and its image; a tap's place is its offset in the window and its channel.
/// </summary>
internal struct ConvWindow(ArrayView<ushort> x, in Conv2dShape shape)
{
    public ArrayView<ushort> View = x;
    public ConvSizes S = new(shape);

    public readonly Place Pixel(int pixel)
    {
        int line = pixel / S.OutW, n = line / S.OutH;
        return new()
        {
            Y = (line - n * S.OutH) * S.Stride - S.PadTop, X = (pixel - line * S.OutW) * S.Stride - S.PadLeft,
            Base = (long)n * S.H * S.W * S.C,
        };
    }

    public readonly Place Tap(int k)
    {
        int tap = k / S.C, ky = tap / S.KW;
        return new() { Y = ky, X = tap - ky * S.KW, Base = k - tap * S.C };
    }

    public readonly float At<T>(Place pixel, Place tap) where T : struct, IStoredFloat
    {
        int y = pixel.Y + tap.Y, x = pixel.X + tap.X;
        // One unsigned comparison a side: negative coordinates are padding too.
        if ((uint)y >= (uint)S.H || (uint)x >= (uint)S.W) return 0f;
        return T.Load(View, pixel.Base + (long)(y * S.W + x) * S.C + tap.Base);
    }
}

/// <summary>Forward: rows are output pixels, columns output channels, k runs over taps and input channels.</summary>
internal struct ConvProduct : IProduct<ConvProduct>
{
    public ConvWindow Window;
    public Matrix Weight;

    public static bool Tabled => true;

    public readonly bool AlongKOfA => true;

    public readonly bool AlongKOfB => true;

    public readonly ConvProduct ForBatch(int batch) => this;

    public readonly Place RowOfA(int m) => Window.Pixel(m);

    public readonly Place DepthOfA(int k) => Window.Tap(k);

    public readonly float A<T>(Place row, Place k) where T : struct, IStoredFloat => Window.At<T>(row, k);

    public readonly Place RowOfB(int n) => Weight.Row(n);

    public readonly Place DepthOfB(int k) => Weight.Depth(k);

    public readonly float B<T>(Place row, Place k) where T : struct, IStoredFloat => Weight.At<T>(row, k);
}

/// <summary>
/// Gradient of the input: rows are input pixels, columns input channels, k runs over taps and output channels. A tap that no output
/// pixel has at this place (stride, border) counts zero.
/// </summary>
internal struct ConvDataProduct : IProduct<ConvDataProduct>
{
    public ArrayView<ushort> Dy, W;
    public ConvSizes Shape;

    public static bool Tabled => true;

    public readonly bool AlongKOfA => true;

    public readonly bool AlongKOfB => false;

    public readonly ConvDataProduct ForBatch(int batch) => this;

    public readonly Place RowOfA(int m)
    {
        int line = m / Shape.W, n = line / Shape.H;
        return new()
        {
            Y = line - n * Shape.H + Shape.PadTop, X = m - line * Shape.W + Shape.PadLeft,
            Base = (long)n * Shape.OutH * Shape.OutW * Shape.O,
        };
    }

    public readonly Place DepthOfA(int k)
    {
        int tap = k / Shape.O, ky = tap / Shape.KW;
        return new() { Y = ky, X = tap - ky * Shape.KW, Base = k - tap * Shape.O };
    }

    public readonly float A<T>(Place row, Place k) where T : struct, IStoredFloat
    {
        int y = row.Y - k.Y, x = row.X - k.X;
        if (y < 0 || x < 0) return 0f;
        int outY = y / Shape.Stride, outX = x / Shape.Stride;
        if (outY * Shape.Stride != y || outX * Shape.Stride != x || outY >= Shape.OutH || outX >= Shape.OutW) return 0f;
        return T.Load(Dy, row.Base + (long)(outY * Shape.OutW + outX) * Shape.O + k.Base);
    }

    public readonly Place RowOfB(int n) => new() { Base = n };

    public readonly Place DepthOfB(int k)
    {
        int tap = k / Shape.O;
        return new() { Base = (long)(k - tap * Shape.O) * Shape.KH * Shape.KW * Shape.C + (long)tap * Shape.C };
    }

    public readonly float B<T>(Place row, Place k) where T : struct, IStoredFloat => T.Load(W, row.Base + k.Base);
}

/// <summary>Gradient of the weight: rows are output channels, columns taps and input channels, k runs over output pixels.</summary>
internal struct ConvWeightProduct : IProduct<ConvWeightProduct>
{
    public Matrix Dy;
    public ConvWindow Window;

    public static bool Tabled => true;

    public readonly bool AlongKOfA => false;

    public readonly bool AlongKOfB => false;

    public readonly ConvWeightProduct ForBatch(int batch) => this;

    public readonly Place RowOfA(int m) => Dy.Row(m);

    public readonly Place DepthOfA(int k) => Dy.Depth(k);

    public readonly float A<T>(Place row, Place k) where T : struct, IStoredFloat => Dy.At<T>(row, k);

    public readonly Place RowOfB(int n) => Window.Tap(n);

    public readonly Place DepthOfB(int k) => Window.Pixel(k);

    public readonly float B<T>(Place row, Place k) where T : struct, IStoredFloat => Window.At<T>(k, row);
}
