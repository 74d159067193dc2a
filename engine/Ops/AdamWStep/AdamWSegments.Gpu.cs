using ILGPU;

namespace SeLoRA.Engine;

/// <summary>The driver's allocations that a launch reaches: kernels take views by name only, no array of them. Those not needed repeat the first.</summary>
internal struct AdamWSegments(ReadOnlySpan<ArrayView<float>> views)
{
    private ArrayView<float> s0 = At(views, 0), s1 = At(views, 1), s2 = At(views, 2), s3 = At(views, 3), s4 = At(views, 4), s5 = At(views, 5),
        s6 = At(views, 6), s7 = At(views, 7), s8 = At(views, 8), s9 = At(views, 9), s10 = At(views, 10), s11 = At(views, 11),
        s12 = At(views, 12), s13 = At(views, 13), s14 = At(views, 14), s15 = At(views, 15);

    /// <summary>Segment i, by four selections.</summary>
    public readonly ArrayView<float> Of(int i) => (i & 8) == 0
        ? (i & 4) == 0 ? Of(s0, s1, s2, s3, i) : Of(s4, s5, s6, s7, i)
        : (i & 4) == 0 ? Of(s8, s9, s10, s11, i) : Of(s12, s13, s14, s15, i);

    private static ArrayView<float> Of(ArrayView<float> a, ArrayView<float> b, ArrayView<float> c, ArrayView<float> d, int i) =>
        (i & 2) == 0 ? (i & 1) == 0 ? a : b : (i & 1) == 0 ? c : d;

    private static ArrayView<float> At(ReadOnlySpan<ArrayView<float>> views, int i) => views[i < views.Length ? i : 0];
}
