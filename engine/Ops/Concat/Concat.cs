namespace SeLoRA.Engine;

public static partial class Ops
{
    /// <summary>Joins two tensors on the last axis; all other axes are equal.</summary>
    public static Tensor Concat(Tensor a, Tensor b)
    {
        Check.SameDevice("Concat", a, b);
        if (a.DType != b.DType || a.Shape.Rank == 0 || a.Shape.Rank != b.Shape.Rank || a.Shape.With(-1, 1) != b.Shape.With(-1, 1))
            Check.Fail($"Concat: {a.DType} {a.Shape} and {b.DType} {b.Shape} may differ in the last axis only");
        int ca = a.Shape[-1], cb = b.Shape[-1];
        long rows = a.Shape.Rows;
        Tensor y = Tensor.Empty(a.Shape.With(-1, ca + cb), a.Backend, a.DType);
        a.Backend.CopyColumns(a, 0, ca, y, 0, ca + cb, rows, ca);
        a.Backend.CopyColumns(b, 0, cb, y, ca, ca + cb, rows, cb);
        return Autograd.Record("Concat", y, [a, b], [], (ca, cb), static (ctx, s) =>
        {
            if (ctx.Needs(0)) ctx.Give(0, Columns(ctx.Dy, 0, s.ca));
            if (ctx.Needs(1)) ctx.Give(1, Columns(ctx.Dy, s.ca, s.cb));
        });
    }

    /// <summary><paramref name="count"/> entries of the last axis from <paramref name="start"/> on, copied.</summary>
    public static Tensor Slice(Tensor x, int start, int count)
    {
        if (x.Shape.Rank == 0 || start < 0 || count < 1 || start + count > x.Shape[-1])
            Check.Fail($"Slice: {start}..{start + count} is outside the last axis of {x.Shape}");
        return Autograd.Record("Slice", Columns(x, start, count), [x], [], (x.Shape, start), static (ctx, s) =>
        {
            Tensor dx = Tensor.Empty(s.Shape, ctx.Dy.Backend, ctx.Dy.DType);
            int count = ctx.Dy.Shape[-1];
            dx.Backend.Zero(dx);
            dx.Backend.CopyColumns(ctx.Dy, 0, count, dx, s.start, s.Shape[-1], s.Shape.Rows, count);
            ctx.Give(0, dx);
        });
    }

    private static Tensor Columns(Tensor x, int start, int count)
    {
        Tensor y = Tensor.Empty(x.Shape.With(-1, count), x.Backend, x.DType);
        x.Backend.CopyColumns(x, start, x.Shape[-1], y, 0, count, x.Shape.Rows, count);
        return y;
    }
}

public sealed partial class Tensor
{
    /// <summary>The same elements under another shape of the same count; a view, no copy.</summary>
    public Tensor Reshape(params ReadOnlySpan<int> dims) => Reshape(new Shape(dims));

    /// <summary>The same elements under another shape of the same count; a view, no copy.</summary>
    public Tensor Reshape(Shape shape)
    {
        if (shape.Count != Count) Check.Fail($"Reshape: {Shape} has {Count} elements, {shape} has {shape.Count}");
        return Autograd.Record("Reshape", Alias(shape, Offset), [this], [], Shape,
            static (ctx, before) => ctx.Give(0, ctx.Dy.Alias(before, ctx.Dy.Offset)));
    }

    /// <summary>Entries <paramref name="start"/> to start + count - 1 of the first axis; a view, no copy.</summary>
    public Tensor Narrow(int start, int count)
    {
        if (Shape.Rank == 0 || start < 0 || count < 1 || start + count > Shape[0])
            Check.Fail($"Narrow: {start}..{start + count} is outside the first axis of {Shape}");
        long row = Count / Shape[0];
        Tensor y = Alias(Shape.With(0, count), Offset + start * row);
        return Autograd.Record("Narrow", y, [this], [], (Shape, start * row), static (ctx, s) =>
        {
            (Shape before, long first) = s;
            Tensor dx = Tensor.Empty(before, ctx.Dy.Backend, ctx.Dy.DType);
            dx.Backend.Zero(dx);
            dx.Backend.CopyColumns(ctx.Dy, 0, ctx.Dy.Count, dx, first, ctx.Dy.Count, 1, ctx.Dy.Count);
            ctx.Give(0, dx);
        });
    }
}
