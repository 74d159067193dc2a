namespace SeLoRA.Engine;

// The only element-wise traversals of the host: formulas are structs, widths are lanes, and both are inlined into these loops.
public sealed unsafe partial class HostBackend
{
    // Elements that are worth a second thread: some 10 us of exponentials, or of memory traffic for cheap formulas.
    private const long ElementGrain = 16 * 1024;

    // Inner sizes below this repeat b on the stack, so that the vector loop gets long rows.
    private const int ShortInner = 128;

    /// <inheritdoc/>
    public void Unary<TOp>(Tensor x, Tensor y) where TOp : struct, IUnaryOp
    {
        using Operands.Scope operands = Enter();
        VectorFor.Range(y.Count, ElementGrain, new UnaryBody<TOp>(Ptr(x), Ptr(y)));
    }

    /// <inheritdoc/>
    public void UnaryBackward<TOp>(Tensor x, Tensor dy, Tensor dx) where TOp : struct, IUnaryOp
    {
        using Operands.Scope operands = Enter();
        VectorFor.Range(dx.Count, ElementGrain, new UnaryBackwardBody<TOp>(Ptr(x), Ptr(dy), Ptr(dx)));
    }

    /// <inheritdoc/>
    public void Binary<TOp>(Tensor a, Tensor b, Tensor y, in BroadcastShape shape) where TOp : struct, IBinaryOp
    {
        using Operands.Scope operands = Enter();
        float* pa = Ptr(a), pb = Ptr(b), py = Ptr(y);
        if (shape.Middle == 1)
        {
            VectorFor.Range(shape.Outer * shape.Inner, ElementGrain, new BinaryBody<TOp>(pa, pb, py));
        }
        else if (shape.Inner == 1)
        {
            VectorFor.Range(shape.Outer * shape.Middle, ElementGrain, new BinarySplatBody<TOp>(pa, pb, py, shape.Middle));
        }
        else
        {
            VectorFor.Range(shape.Outer * shape.Middle, ParallelFor.Grain(ElementGrain, shape.Inner),
                new BinaryRowsBody<TOp>(pa, pb, py, shape.Middle, shape.Inner));
        }
    }

    /// <inheritdoc/>
    public void Scale(Tensor x, float alpha, Tensor y)
    {
        using Operands.Scope operands = Enter();
        VectorFor.Range(y.Count, ElementGrain, new ScaleBody(Ptr(x), alpha, Ptr(y)));
    }

    /// <inheritdoc/>
    public void AddScaled(Tensor x, float alpha, Tensor y)
    {
        using Operands.Scope operands = Enter();
        VectorFor.Range(y.Count, ElementGrain, new AddScaledBody(Ptr(x), alpha, Ptr(y)));
    }

    /// <inheritdoc/>
    public void Glu<TOp>(Tensor x, Tensor y) where TOp : struct, IUnaryOp
    {
        using Operands.Scope operands = Enter();
        int c = y.Shape[-1];
        VectorFor.Range(y.Shape.Rows, ParallelFor.Grain(ElementGrain, c), new GluBody<TOp>(Ptr(x), Ptr(y), c));
    }

    /// <inheritdoc/>
    public void GluBackward<TOp>(Tensor x, Tensor dy, Tensor dx) where TOp : struct, IUnaryOp
    {
        using Operands.Scope operands = Enter();
        int c = dy.Shape[-1];
        VectorFor.Range(dy.Shape.Rows, ParallelFor.Grain(ElementGrain, c), new GluBackwardBody<TOp>(Ptr(x), Ptr(dy), Ptr(dx), c));
    }

    /// <summary>y = f(a, b) over n contiguous elements; y may be a.</summary>
    private static void BinaryRow<T, TOp>(float* a, float* b, float* y, long n)
        where T : struct, IVectorLane<T> where TOp : struct, IBinaryOp
    {
        long i = 0;
        for (; i <= n - T.Width; i += T.Width) T.Store(y + i, TOp.Value(T.Load(a + i), T.Load(b + i)));
        if (i == n) return;
        int rest = (int)(n - i);
        VectorMath.StorePart(y + i, TOp.Value(VectorMath.LoadPart<T>(a + i, rest), VectorMath.LoadPart<T>(b + i, rest, 1f)), rest);
    }

    private readonly struct UnaryBody<TOp>(float* x, float* y) : IVectorBody where TOp : struct, IUnaryOp
    {
        private readonly float* x = x, y = y;

        public void Run<T>(long begin, long end) where T : struct, IVectorLane<T>
        {
            float* px = x, py = y;
            long i = begin;
            for (; i <= end - T.Width; i += T.Width) T.Store(py + i, TOp.Value(T.Load(px + i)));
            int rest = (int)(end - i);
            if (rest > 0) VectorMath.StorePart(py + i, TOp.Value(VectorMath.LoadPart<T>(px + i, rest)), rest);
        }
    }

    private readonly struct UnaryBackwardBody<TOp>(float* x, float* dy, float* dx) : IVectorBody where TOp : struct, IUnaryOp
    {
        private readonly float* x = x, dy = dy, dx = dx;

        public void Run<T>(long begin, long end) where T : struct, IVectorLane<T>
        {
            float* px = x, pdy = dy, pdx = dx;
            long i = begin;
            for (; i <= end - T.Width; i += T.Width) T.Store(pdx + i, TOp.Grad(T.Load(px + i), T.Load(pdy + i)));
            int rest = (int)(end - i);
            if (rest == 0) return;
            T part = TOp.Grad(VectorMath.LoadPart<T>(px + i, rest, 1f), VectorMath.LoadPart<T>(pdy + i, rest));
            VectorMath.StorePart(pdx + i, part, rest);
        }
    }

    private readonly struct BinaryBody<TOp>(float* a, float* b, float* y) : IVectorBody where TOp : struct, IBinaryOp
    {
        private readonly float* a = a, b = b, y = y;

        public void Run<T>(long begin, long end) where T : struct, IVectorLane<T> =>
            BinaryRow<T, TOp>(a + begin, b + begin, y + begin, end - begin);
    }

    /// <summary>One b for every <c>middle</c> elements of a.</summary>
    private readonly struct BinarySplatBody<TOp>(float* a, float* b, float* y, long middle) : IVectorBody where TOp : struct, IBinaryOp
    {
        private readonly float* a = a, b = b, y = y;
        private readonly long middle = middle;

        public void Run<T>(long begin, long end) where T : struct, IVectorLane<T>
        {
            for (long i = begin; i < end;)
            {
                long o = i / middle, stop = Math.Min(end, (o + 1) * middle);
                T splat = T.Of(b[o]);
                for (; i <= stop - T.Width; i += T.Width) T.Store(y + i, TOp.Value(T.Load(a + i), splat));
                int rest = (int)(stop - i);
                if (rest > 0) VectorMath.StorePart(y + i, TOp.Value(VectorMath.LoadPart<T>(a + i, rest), splat), rest);
                i = stop;
            }
        }
    }

    /// <summary>Rows of <c>inner</c> elements; b has one row for every <c>middle</c> rows of a.</summary>
    private readonly struct BinaryRowsBody<TOp>(float* a, float* b, float* y, long middle, long inner) : IVectorBody
        where TOp : struct, IBinaryOp
    {
        private readonly float* a = a, b = b, y = y;
        private readonly long middle = middle, inner = inner;

        public void Run<T>(long begin, long end) where T : struct, IVectorLane<T>
        {
            const int Capacity = 1024;
            float* repeated = stackalloc float[Capacity];
            for (long row = begin; row < end;)
            {
                long o = row / middle, stop = Math.Min(end, (o + 1) * middle);
                float* source = b + o * inner;
                long rows = 1;
                if (inner < ShortInner)
                {
                    rows = Math.Min(Capacity / inner, stop - row);
                    for (long r = 0; r < rows; r++) Buffer.MemoryCopy(source, repeated + r * inner, inner * 4, inner * 4);
                    source = repeated;
                }
                for (; row < stop; row += rows)
                {
                    long n = Math.Min(rows, stop - row) * inner;
                    BinaryRow<T, TOp>(a + row * inner, source, y + row * inner, n);
                }
                row = stop;
            }
        }
    }

    private readonly struct ScaleBody(float* x, float alpha, float* y) : IVectorBody
    {
        private readonly float* x = x, y = y;
        private readonly float alpha = alpha;

        public void Run<T>(long begin, long end) where T : struct, IVectorLane<T>
        {
            T factor = T.Of(alpha);
            long i = begin;
            for (; i <= end - T.Width; i += T.Width) T.Store(y + i, factor * T.Load(x + i));
            for (; i < end; i++) y[i] = alpha * x[i];
        }
    }

    private readonly struct AddScaledBody(float* x, float alpha, float* y) : IVectorBody
    {
        private readonly float* x = x, y = y;
        private readonly float alpha = alpha;

        public void Run<T>(long begin, long end) where T : struct, IVectorLane<T>
        {
            T factor = T.Of(alpha);
            long i = begin;
            for (; i <= end - T.Width; i += T.Width) T.Store(y + i, T.MulAdd(factor, T.Load(x + i), T.Load(y + i)));
            int rest = (int)(end - i);
            if (rest == 0) return;
            T part = T.MulAdd(factor, VectorMath.LoadPart<T>(x + i, rest), VectorMath.LoadPart<T>(y + i, rest));
            VectorMath.StorePart(y + i, part, rest);
        }
    }

    private readonly struct GluBody<TOp>(float* x, float* y, int c) : IVectorBody where TOp : struct, IUnaryOp
    {
        private readonly float* x = x, y = y;
        private readonly int c = c;

        public void Run<T>(long begin, long end) where T : struct, IVectorLane<T>
        {
            for (long r = begin; r < end; r++)
            {
                float* value = x + r * 2 * c, gate = value + c, py = y + r * c;
                int i = 0;
                for (; i <= c - T.Width; i += T.Width) T.Store(py + i, T.Load(value + i) * TOp.Value(T.Load(gate + i)));
                if (i == c) continue;
                T part = VectorMath.LoadPart<T>(value + i, c - i) * TOp.Value(VectorMath.LoadPart<T>(gate + i, c - i));
                VectorMath.StorePart(py + i, part, c - i);
            }
        }
    }

    private readonly struct GluBackwardBody<TOp>(float* x, float* dy, float* dx, int c) : IVectorBody where TOp : struct, IUnaryOp
    {
        private readonly float* x = x, dy = dy, dx = dx;
        private readonly int c = c;

        public void Run<T>(long begin, long end) where T : struct, IVectorLane<T>
        {
            for (long r = begin; r < end; r++)
            {
                float* value = x + r * 2 * c, gate = value + c, pdy = dy + r * c, dvalue = dx + r * 2 * c, dgate = dvalue + c;
                int i = 0;
                for (; i <= c - T.Width; i += T.Width)
                {
                    T d = T.Load(pdy + i), g = T.Load(gate + i);
                    T.Store(dvalue + i, d * TOp.Value(g));
                    T.Store(dgate + i, TOp.Grad(g, d * T.Load(value + i)));
                }
                if (i == c) continue;
                int rest = c - i;
                T dPart = VectorMath.LoadPart<T>(pdy + i, rest), gPart = VectorMath.LoadPart<T>(gate + i, rest);
                VectorMath.StorePart(dvalue + i, dPart * TOp.Value(gPart), rest);
                VectorMath.StorePart(dgate + i, TOp.Grad(gPart, dPart * VectorMath.LoadPart<T>(value + i, rest)), rest);
            }
        }
    }
}
