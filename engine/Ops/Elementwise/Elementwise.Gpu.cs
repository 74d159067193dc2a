using ILGPU;

namespace SeLoRA.Engine;

public sealed partial class GpuBackend
{
    /// <inheritdoc/>
    public void Unary<TOp>(Tensor x, Tensor y) where TOp : struct, IUnaryOp
    {
        using Turn turn = Enter();
        ElementwiseKernels.UnaryOf<TOp>.Value.For(x).RunFlat(this, Octets(y.Count), MapArgs(x, x, y));
    }

    /// <inheritdoc/>
    public void UnaryBackward<TOp>(Tensor x, Tensor dy, Tensor dx) where TOp : struct, IUnaryOp
    {
        using Turn turn = Enter();
        ElementwiseKernels.UnaryOf<TOp>.Grad.For(x).RunFlat(this, Octets(dx.Count), MapArgs(x, dy, dx));
    }

    /// <inheritdoc/>
    public void Binary<TOp>(Tensor a, Tensor b, Tensor y, in BroadcastShape shape) where TOp : struct, IBinaryOp
    {
        using Turn turn = Enter();
        ElementwiseKernels.BinaryOf<TOp>.Value.For(a).RunFlat(this, Octets(y.Count), new ElementwiseKernels.BinaryArgs
        {
            A = Words(a), B = Words(b), Y = Words(y), Count = y.Count, Middle = shape.Middle, Inner = shape.Inner,
            Whole = Whole(a, y), WholeB = shape.Middle > 1 && shape.Inner % Octet.Size != 0 ? 0 : Whole(b),
        });
    }

    /// <inheritdoc/>
    public void Scale(Tensor x, float alpha, Tensor y)
    {
        using Turn turn = Enter();
        ElementwiseKernels.Scale.For(x).RunFlat(this, Octets(y.Count), MapArgs(x, x, y) with { Alpha = alpha });
    }

    /// <inheritdoc/>
    public void AddScaled(Tensor x, float alpha, Tensor y)
    {
        using Turn turn = Enter();
        ElementwiseKernels.AddScaled.For(x).RunFlat(this, Octets(y.Count), MapArgs(x, x, y) with { Alpha = alpha });
    }

    /// <inheritdoc/>
    public void Glu<TOp>(Tensor x, Tensor y) where TOp : struct, IUnaryOp
    {
        using Turn turn = Enter();
        ElementwiseKernels.GluOf<TOp>.Value.For(x).RunFlat(this, GluThreads(y), GluArgs(x, y, y));
    }

    /// <inheritdoc/>
    public void GluBackward<TOp>(Tensor x, Tensor dy, Tensor dx) where TOp : struct, IUnaryOp
    {
        using Turn turn = Enter();
        ElementwiseKernels.GluOf<TOp>.Grad.For(x).RunFlat(this, GluThreads(dy), GluArgs(x, dy, dx));
    }

    private ElementwiseKernels.MapArgs MapArgs(Tensor x, Tensor dy, Tensor y) =>
        new() { X = Words(x), Dy = Words(dy), Y = Words(y), Count = y.Count, Whole = Whole(x, dy, y) };

    private ElementwiseKernels.GluArgs GluArgs(Tensor x, Tensor dy, Tensor y)
    {
        int columns = x.Shape[-1] / 2;
        return new()
        {
            X = Words(x), Dy = Words(dy), Y = Words(y), Rows = x.Shape.Rows, Columns = columns, Octets = (int)Octets(columns),
            Whole = columns % Octet.Size == 0 ? Whole(x, dy, y) : 0,
        };
    }

    private static long GluThreads(Tensor half) => half.Shape.Rows * Octets(half.Shape[-1]);
}

/// <summary>
/// Element-wise maps, one thread eight neighbouring elements: bound by memory, so they are moved 16 bytes at a time where the arrays allow it.
/// </summary>
internal static class ElementwiseKernels
{
    public static readonly FloatKernels<MapArgs> Scale = new(ScaleKernel<StoredF32>, ScaleKernel<StoredBF16>, ScaleKernel<StoredF16>),
        AddScaled = new(AddScaledKernel<StoredF32>, AddScaledKernel<StoredBF16>, AddScaledKernel<StoredF16>);

    public static class UnaryOf<TOp> where TOp : struct, IUnaryOp
    {
        public static readonly FloatKernels<MapArgs>
            Value = new(UnaryKernel<TOp, StoredF32>, UnaryKernel<TOp, StoredBF16>, UnaryKernel<TOp, StoredF16>),
            Grad = new(UnaryBackwardKernel<TOp, StoredF32>, UnaryBackwardKernel<TOp, StoredBF16>, UnaryBackwardKernel<TOp, StoredF16>);
    }

    public static class BinaryOf<TOp> where TOp : struct, IBinaryOp
    {
        public static readonly FloatKernels<BinaryArgs>
            Value = new(BinaryKernel<TOp, StoredF32>, BinaryKernel<TOp, StoredBF16>, BinaryKernel<TOp, StoredF16>);
    }

    public static class GluOf<TOp> where TOp : struct, IUnaryOp
    {
        public static readonly FloatKernels<GluArgs>
            Value = new(GluKernel<TOp, StoredF32>, GluKernel<TOp, StoredBF16>, GluKernel<TOp, StoredF16>),
            Grad = new(GluBackwardKernel<TOp, StoredF32>, GluBackwardKernel<TOp, StoredBF16>, GluBackwardKernel<TOp, StoredF16>);
    }

    /// <summary>Whole: see <see cref="Octet"/>.</summary>
    public struct MapArgs
    {
        public ArrayView<ushort> X, Dy, Y;
        public long Count;
        public float Alpha;
        public int Whole;
    }

    public struct BinaryArgs
    {
        public ArrayView<ushort> A, B, Y;
        public long Count, Middle, Inner;
        public int Whole, WholeB;
    }

    /// <summary>Octets: threads of a row.</summary>
    public struct GluArgs
    {
        public ArrayView<ushort> X, Dy, Y;
        public long Rows;
        public int Columns, Octets, Whole;
    }

    [Kernel]
    private static void UnaryKernel<TOp, T>(MapArgs p) where TOp : struct, IUnaryOp where T : struct, IStoredFloat
    {
        long i = Flat.Index * Octet.Size;
        if (i >= p.Count) return;
        F8 x = Octet.Load<T>(p.X, i, p.Count, p.Whole != 0);
        Octet.Store<T>(p.Y, i, new F8(Value<TOp>(x.Low), Value<TOp>(x.High)), p.Count, p.Whole != 0);
    }

    [Kernel]
    private static void UnaryBackwardKernel<TOp, T>(MapArgs p) where TOp : struct, IUnaryOp where T : struct, IStoredFloat
    {
        long i = Flat.Index * Octet.Size;
        if (i >= p.Count) return;
        F8 x = Octet.Load<T>(p.X, i, p.Count, p.Whole != 0), dy = Octet.Load<T>(p.Dy, i, p.Count, p.Whole != 0);
        Octet.Store<T>(p.Y, i, new F8(Grad<TOp>(x.Low, dy.Low), Grad<TOp>(x.High, dy.High)), p.Count, p.Whole != 0);
    }

    [Kernel]
    private static void BinaryKernel<TOp, T>(BinaryArgs p) where TOp : struct, IBinaryOp where T : struct, IStoredFloat
    {
        long i = Flat.Index * Octet.Size;
        if (i >= p.Count) return;
        F8 a = Octet.Load<T>(p.A, i, p.Count, p.Whole != 0), b;
        if (p.Middle == 1) b = Octet.Load<T>(p.B, i, p.Count, p.WholeB != 0);
        // Eight elements of one row: b has whole octets too.
        else if (p.WholeB != 0) b = T.LoadOctet(p.B, Spread(p, i) >> 3);
        else
        {
            b = new F8(new F4(T.Load(p.B, Spread(p, i)), T.Load(p.B, Spread(p, i + 1)), T.Load(p.B, Spread(p, i + 2)), T.Load(p.B, Spread(p, i + 3))),
                new F4(T.Load(p.B, Spread(p, i + 4)), T.Load(p.B, Spread(p, i + 5)), T.Load(p.B, Spread(p, i + 6)), T.Load(p.B, Spread(p, i + 7))));
        }
        Octet.Store<T>(p.Y, i, new F8(Value<TOp>(a.Low, b.Low), Value<TOp>(a.High, b.High)), p.Count, p.Whole != 0);
    }

    /// <summary>Index in b of element i of a; of the last element beyond it.</summary>
    private static long Spread(BinaryArgs p, long i)
    {
        i = IntrinsicMath.Min(i, p.Count - 1);
        long row = Flat.Divide(i, p.Inner);
        return Flat.Divide(row, p.Middle) * p.Inner + (i - row * p.Inner);
    }

    [Kernel]
    private static void ScaleKernel<T>(MapArgs p) where T : struct, IStoredFloat
    {
        long i = Flat.Index * Octet.Size;
        if (i >= p.Count) return;
        F8 x = Octet.Load<T>(p.X, i, p.Count, p.Whole != 0);
        Octet.Store<T>(p.Y, i, new F8(F4.Scale(x.Low, p.Alpha), F4.Scale(x.High, p.Alpha)), p.Count, p.Whole != 0);
    }

    [Kernel]
    private static void AddScaledKernel<T>(MapArgs p) where T : struct, IStoredFloat
    {
        long i = Flat.Index * Octet.Size;
        if (i >= p.Count) return;
        F8 x = Octet.Load<T>(p.X, i, p.Count, p.Whole != 0), y = Octet.Load<T>(p.Y, i, p.Count, p.Whole != 0);
        Octet.Store<T>(p.Y, i, new F8(F4.MulAdd(y.Low, p.Alpha, x.Low), F4.MulAdd(y.High, p.Alpha, x.High)), p.Count, p.Whole != 0);
    }

    [Kernel]
    private static void GluKernel<TOp, T>(GluArgs p) where TOp : struct, IUnaryOp where T : struct, IStoredFloat
    {
        long row = Flat.Divide(Flat.Index, p.Octets);
        if (row >= p.Rows) return;
        long column = (Flat.Index - row * p.Octets) * Octet.Size;
        bool whole = p.Whole != 0;
        long half = row * p.Columns;
        F8 a = Octet.Load<T>(p.X, 2 * half, column, p.Columns, whole), g = Octet.Load<T>(p.X, 2 * half + p.Columns, column, p.Columns, whole);
        Octet.Store<T>(p.Y, half, column, new F8(F4.Multiply(a.Low, Value<TOp>(g.Low)), F4.Multiply(a.High, Value<TOp>(g.High))), p.Columns, whole);
    }

    [Kernel]
    private static void GluBackwardKernel<TOp, T>(GluArgs p) where TOp : struct, IUnaryOp where T : struct, IStoredFloat
    {
        long row = Flat.Divide(Flat.Index, p.Octets);
        if (row >= p.Rows) return;
        long column = (Flat.Index - row * p.Octets) * Octet.Size, half = row * p.Columns;
        bool whole = p.Whole != 0;
        F8 a = Octet.Load<T>(p.X, 2 * half, column, p.Columns, whole), g = Octet.Load<T>(p.X, 2 * half + p.Columns, column, p.Columns, whole);
        F8 dy = Octet.Load<T>(p.Dy, half, column, p.Columns, whole);
        Octet.Store<T>(p.Y, 2 * half, column,
            new F8(F4.Multiply(dy.Low, Value<TOp>(g.Low)), F4.Multiply(dy.High, Value<TOp>(g.High))), p.Columns, whole);
        Octet.Store<T>(p.Y, 2 * half + p.Columns, column,
            new F8(Grad<TOp>(g.Low, F4.Multiply(dy.Low, a.Low)), Grad<TOp>(g.High, F4.Multiply(dy.High, a.High))), p.Columns, whole);
    }

    private static F4 Value<TOp>(F4 x) where TOp : struct, IUnaryOp => new(TOp.Value(new F32(x.X)).Value, TOp.Value(new F32(x.Y)).Value,
        TOp.Value(new F32(x.Z)).Value, TOp.Value(new F32(x.W)).Value);

    private static F4 Grad<TOp>(F4 x, F4 dy) where TOp : struct, IUnaryOp => new(
        TOp.Grad(new F32(x.X), new F32(dy.X)).Value, TOp.Grad(new F32(x.Y), new F32(dy.Y)).Value,
        TOp.Grad(new F32(x.Z), new F32(dy.Z)).Value, TOp.Grad(new F32(x.W), new F32(dy.W)).Value);

    private static F4 Value<TOp>(F4 a, F4 b) where TOp : struct, IBinaryOp => new(
        TOp.Value(new F32(a.X), new F32(b.X)).Value, TOp.Value(new F32(a.Y), new F32(b.Y)).Value,
        TOp.Value(new F32(a.Z), new F32(b.Z)).Value, TOp.Value(new F32(a.W), new F32(b.W)).Value);
}
