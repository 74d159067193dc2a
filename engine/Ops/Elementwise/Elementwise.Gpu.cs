using ILGPU;

namespace SeLoRA.Engine;

public sealed partial class GpuBackend
{
    /// <inheritdoc/>
    public void Unary<TOp>(Tensor x, Tensor y) where TOp : struct, IUnaryOp
    {
        using Lock.Scope turn = Enter();
        ElementwiseKernels.UnaryOf<TOp>.Value.RunFlat(this, y.Count,
            new ElementwiseKernels.UnaryArgs { X = Floats(x), Dy = Floats(x), Y = Floats(y), Count = y.Count });
    }

    /// <inheritdoc/>
    public void UnaryBackward<TOp>(Tensor x, Tensor dy, Tensor dx) where TOp : struct, IUnaryOp
    {
        using Lock.Scope turn = Enter();
        ElementwiseKernels.UnaryOf<TOp>.Grad.RunFlat(this, dx.Count,
            new ElementwiseKernels.UnaryArgs { X = Floats(x), Dy = Floats(dy), Y = Floats(dx), Count = dx.Count });
    }

    /// <inheritdoc/>
    public void Binary<TOp>(Tensor a, Tensor b, Tensor y, in BroadcastShape shape) where TOp : struct, IBinaryOp
    {
        using Lock.Scope turn = Enter();
        ElementwiseKernels.BinaryOf<TOp>.Value.RunFlat(this, y.Count, new ElementwiseKernels.BinaryArgs
        {
            A = Floats(a), B = Floats(b), Y = Floats(y), Count = y.Count, Middle = shape.Middle, Inner = shape.Inner,
        });
    }

    /// <inheritdoc/>
    public void Scale(Tensor x, float alpha, Tensor y)
    {
        using Lock.Scope turn = Enter();
        ElementwiseKernels.Scale.RunFlat(this, y.Count,
            new ElementwiseKernels.ScaleArgs { X = Floats(x), Y = Floats(y), Alpha = alpha, Count = y.Count });
    }

    /// <inheritdoc/>
    public void AddScaled(Tensor x, float alpha, Tensor y)
    {
        using Lock.Scope turn = Enter();
        ElementwiseKernels.AddScaled.RunFlat(this, y.Count,
            new ElementwiseKernels.ScaleArgs { X = Floats(x), Y = Floats(y), Alpha = alpha, Count = y.Count });
    }

    /// <inheritdoc/>
    public void Glu<TOp>(Tensor x, Tensor y) where TOp : struct, IUnaryOp
    {
        using Lock.Scope turn = Enter();
        ElementwiseKernels.GluOf<TOp>.Value.RunFlat(this, y.Count,
            new ElementwiseKernels.GluArgs { X = Floats(x), Dy = Floats(y), Y = Floats(y), Count = y.Count, Columns = y.Shape[-1] });
    }

    /// <inheritdoc/>
    public void GluBackward<TOp>(Tensor x, Tensor dy, Tensor dx) where TOp : struct, IUnaryOp
    {
        using Lock.Scope turn = Enter();
        ElementwiseKernels.GluOf<TOp>.Grad.RunFlat(this, dy.Count,
            new ElementwiseKernels.GluArgs { X = Floats(x), Dy = Floats(dy), Y = Floats(dx), Count = dy.Count, Columns = dy.Shape[-1] });
    }
}

/// <summary>Element-wise maps, one thread an element: bound by memory, so threads of a group touch neighbouring elements and nothing else.</summary>
internal static class ElementwiseKernels
{
    public static readonly Kernel<ScaleArgs> Scale = new(ScaleKernel), AddScaled = new(AddScaledKernel);

    public static class UnaryOf<TOp> where TOp : struct, IUnaryOp
    {
        public static readonly Kernel<UnaryArgs> Value = new(UnaryKernel<TOp>), Grad = new(UnaryBackwardKernel<TOp>);
    }

    public static class BinaryOf<TOp> where TOp : struct, IBinaryOp
    {
        public static readonly Kernel<BinaryArgs> Value = new(BinaryKernel<TOp>);
    }

    public static class GluOf<TOp> where TOp : struct, IUnaryOp
    {
        public static readonly Kernel<GluArgs> Value = new(GluKernel<TOp>), Grad = new(GluBackwardKernel<TOp>);
    }

    public struct UnaryArgs
    {
        public ArrayView<float> X, Dy, Y;
        public long Count;
    }

    public struct BinaryArgs
    {
        public ArrayView<float> A, B, Y;
        public long Count, Middle, Inner;
    }

    public struct ScaleArgs
    {
        public ArrayView<float> X, Y;
        public float Alpha;
        public long Count;
    }

    public struct GluArgs
    {
        public ArrayView<float> X, Dy, Y;
        public long Count;
        public int Columns;
    }

    [Kernel]
    private static void UnaryKernel<TOp>(UnaryArgs p) where TOp : struct, IUnaryOp
    {
        long i = Flat.Index;
        if (i < p.Count) p.Y[i] = TOp.Value(new F32(p.X[i])).Value;
    }

    [Kernel]
    private static void UnaryBackwardKernel<TOp>(UnaryArgs p) where TOp : struct, IUnaryOp
    {
        long i = Flat.Index;
        if (i < p.Count) p.Y[i] = TOp.Grad(new F32(p.X[i]), new F32(p.Dy[i])).Value;
    }

    [Kernel]
    private static void BinaryKernel<TOp>(BinaryArgs p) where TOp : struct, IBinaryOp
    {
        long i = Flat.Index;
        if (i >= p.Count) return;
        long at = i;
        if (p.Middle > 1)
        {
            long row = Flat.Divide(i, p.Inner);
            at = Flat.Divide(row, p.Middle) * p.Inner + (i - row * p.Inner);
        }
        p.Y[i] = TOp.Value(new F32(p.A[i]), new F32(p.B[at])).Value;
    }

    [Kernel]
    private static void ScaleKernel(ScaleArgs p)
    {
        long i = Flat.Index;
        if (i < p.Count) p.Y[i] = p.Alpha * p.X[i];
    }

    [Kernel]
    private static void AddScaledKernel(ScaleArgs p)
    {
        long i = Flat.Index;
        if (i < p.Count) p.Y[i] += p.Alpha * p.X[i];
    }

    [Kernel]
    private static void GluKernel<TOp>(GluArgs p) where TOp : struct, IUnaryOp
    {
        long i = Flat.Index;
        if (i >= p.Count) return;
        long a = i + Flat.Divide(i, p.Columns) * p.Columns;
        p.Y[i] = p.X[a] * TOp.Value(new F32(p.X[a + p.Columns])).Value;
    }

    [Kernel]
    private static void GluBackwardKernel<TOp>(GluArgs p) where TOp : struct, IUnaryOp
    {
        long i = Flat.Index;
        if (i >= p.Count) return;
        long a = i + Flat.Divide(i, p.Columns) * p.Columns;
        var gate = new F32(p.X[a + p.Columns]);
        float dy = p.Dy[i];
        p.Y[a] = dy * TOp.Value(gate).Value;
        p.Y[a + p.Columns] = TOp.Grad(gate, new F32(dy * p.X[a])).Value;
    }
}
