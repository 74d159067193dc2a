namespace SeLoRA.Engine;

/// <summary>
/// A convolution as a product: C is (pixels, channels), K runs over taps and, within a tap, over channels. Forward, the rows are output
/// pixels and A is x; of the input's gradient, the rows are input pixels and A is dy.
/// </summary>
internal readonly record struct TensorCoreConv2d(Conv2dShape Shape, bool Backward)
{
    /// <summary>Rows of C.</summary>
    public int Rows => checked(Shape.N * (Backward ? Shape.H * Shape.W : Shape.OutH * Shape.OutW));

    /// <summary>Columns of C.</summary>
    public int Columns => Backward ? Shape.C : Shape.O;

    /// <summary>Channels of the image that the windows look into.</summary>
    public int Channels => Backward ? Shape.O : Shape.C;

    /// <summary>C as the epilogue sees it; its K is not that of the slices.</summary>
    public GemmShape Product => new(Rows, Columns, Channels, TransB: !Backward);

    /// <summary>What its kernel for operands of a type is launched with, all but the addresses and views.</summary>
    public TensorCoreArgs Args(in TensorCorePlan plan, DType type, Tensor c, in GemmEpilogue epilogue)
    {
        var args = TensorCoreArgs.For(plan, c, Product, epilogue);
        args.First.Ldb = Shape.KH * Shape.KW * Shape.C;
        args.Windows = new TensorCoreWindows(this, type);
        return args;
    }

    /// <summary>The gradient of its weight as a product: dy^T, of output pixels and channels, times the windows of x.</summary>
    public static GemmShape WeightProduct(in Conv2dShape s) => new(s.O, s.KH * s.KW * s.C, checked(s.N * s.OutH * s.OutW), TransA: true);

    /// <summary>What its kernel is launched with, all but the addresses and views.</summary>
    public static TensorCoreArgs WeightArgs(in Conv2dShape shape, in TensorCorePlan plan, Tensor dw)
    {
        var args = TensorCoreArgs.For(plan, dw, WeightProduct(shape), new GemmEpilogue());
        args.Pixels = new TensorCorePixels(shape);
        return args;
    }
}
