namespace SeLoRA.Engine;

/// <summary>Activations of a product's epilogue, in place on one row of a tile: the element-wise operations' own formulas.</summary>
internal static unsafe class GemmActivation
{
    public static void Apply<T>(Activation activation, float* x, int count) where T : struct, IVectorLane<T>
    {
        switch (activation)
        {
            case Activation.Silu: Apply<T, SiluOp>(x, count); break;
            case Activation.Gelu: Apply<T, GeluOp>(x, count); break;
            case Activation.QuickGelu: Apply<T, QuickGeluOp>(x, count); break;
        }
    }

    private static void Apply<T, TOp>(float* x, int count) where T : struct, IVectorLane<T> where TOp : struct, IUnaryOp
    {
        int i = 0;
        for (; i + T.Width <= count; i += T.Width) T.Store(x + i, TOp.Value(T.Load(x + i)));
        int rest = count - i;
        if (rest > 0) VectorMath.StorePart(x + i, TOp.Value(VectorMath.LoadPart<T>(x + i, rest)), rest);
    }
}
