using ILGPU;

namespace SeLoRA.Engine;

/// <summary>
/// Four neighbouring elements in memory: moved at once where the caller knows that all exist and are aligned, else those that are valid
/// one by one, zeros for the others.
/// </summary>
internal static class Quad
{
    public static F4 LoadF32(ArrayView<float> x, long at, int valid, bool whole)
    {
        if (whole) return x.Cast<F4>()[at >> 2];
        return new F4(x[at], valid > 1 ? x[at + 1] : 0f, valid > 2 ? x[at + 2] : 0f, valid > 3 ? x[at + 3] : 0f);
    }

    public static void StoreF32(ArrayView<float> y, long at, F4 value, int valid, bool whole)
    {
        if (whole)
        {
            y.Cast<F4>()[at >> 2] = value;
            return;
        }
        y[at] = value.X;
        if (valid > 1) y[at + 1] = value.Y;
        if (valid > 2) y[at + 2] = value.Z;
        if (valid > 3) y[at + 3] = value.W;
    }

    public static F4 Load16<TElement>(ArrayView<ushort> x, long at, int valid, bool whole) where TElement : struct, ITensorCoreElement =>
        whole ? TElement.LoadQuad(x, at) : new F4(TElement.Load(x, at), valid > 1 ? TElement.Load(x, at + 1) : 0f,
            valid > 2 ? TElement.Load(x, at + 2) : 0f, valid > 3 ? TElement.Load(x, at + 3) : 0f);

    public static void Store16<TElement>(ArrayView<ushort> y, long address, long at, F4 value, int valid, bool whole)
        where TElement : struct, ITensorCoreElement
    {
        if (whole)
        {
            TElement.StoreQuad(address + (at << TElement.Log2Bytes), value);
            return;
        }
        TElement.Store(y, at, value.X);
        if (valid > 1) TElement.Store(y, at + 1, value.Y);
        if (valid > 2) TElement.Store(y, at + 2, value.Z);
        if (valid > 3) TElement.Store(y, at + 3, value.W);
    }
}
